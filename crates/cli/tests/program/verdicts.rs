//! The program gives the verdict of the vectors: the same bytes, or the same code of an error and nothing written.
//!
//! Of each kind it is asked every invalid vector and a sample of the valid ones, `SEALWRIGHT_ALL_VECTORS=1` makes it all.

mod ask;
mod chains;
mod otherwise;
mod stores;

use crate::peer;
use crate::place::Place;
use otherwise::OTHERWISE;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What came out: the code of an error, or what the vector has in `output` as far as the program tells it.
pub(crate) type Verdict = Result<Value, String>;

/// How a vector is put to the program, and what is to be compared.
pub(crate) struct Way {
    pub(crate) kind: &'static str,
    /// The files of vectors.
    pub(crate) files: &'static [&'static str],
    /// Of how many valid vectors one is asked.
    pub(crate) sample: usize,
    /// Whether the program tells the code of the error, or only that it is one.
    pub(crate) codes: bool,
    /// Asks the program about a test; several ways in have to agree. An error is the reason why no command takes it.
    pub(crate) ask: fn(&Place, &Value) -> Result<Vec<Verdict>, &'static str>,
    /// The part of `output` that the program tells.
    pub(crate) told: fn(&Value) -> Value,
}

#[test]
fn the_program_gives_the_verdict_of_every_vector() {
    let all = std::env::var_os("SEALWRIGHT_ALL_VECTORS").is_some();
    let jobs: Vec<(&Way, Value)> = ask::WAYS.iter().flat_map(|way| chosen(way, all)).collect();
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(Seen::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((way, test)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    judge(way, test, &seen);
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    for (kind, (asked, left)) in &seen.counts {
        println!("{kind}: {asked} asked, {left} that no command takes");
        assert!(*asked > 10, "{kind}");
    }
    for reason in &seen.left {
        println!("left out: {reason}");
    }
    assert!(seen.wrong.is_empty(), "{} differ:\n{}", seen.wrong.len(), seen.wrong.join("\n"));
}

#[derive(Default)]
struct Seen {
    counts: BTreeMap<&'static str, (usize, usize)>,
    left: BTreeSet<&'static str>,
    wrong: Vec<String>,
}

/// Every invalid vector, every one that is known to differ, and some of the valid ones.
fn chosen(way: &'static Way, all: bool) -> Vec<(&'static Way, Value)> {
    let mut chosen = Vec::new();
    for file in way.files {
        let text = fs::read_to_string(peer::vectors(&format!("{file}.json"))).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["schema"], format!("sealwright-vectors/{}/1", way.kind));
        for (place, test) in file["tests"].as_array().unwrap().iter().enumerate() {
            let known = OTHERWISE.iter().any(|other| other.ids.contains(&test["id"].as_str().unwrap()));
            if all || known || test["result"] != "valid" || place.is_multiple_of(way.sample) {
                chosen.push((way, test.clone()));
            }
        }
    }
    chosen
}

fn judge(way: &Way, test: &Value, seen: &Mutex<Seen>) {
    let id = test["id"].as_str().unwrap();
    let place = Place::new();
    let answers = (way.ask)(&place, test);
    let mut seen = seen.lock().unwrap();
    let counts = seen.counts.entry(way.kind).or_default();
    let answers = match answers {
        Ok(answers) => answers,
        Err(reason) => {
            counts.1 += 1;
            seen.left.insert(reason);
            return;
        }
    };
    counts.0 += 1;
    assert!(!answers.is_empty(), "{id}: the program was not asked");
    let expected: Verdict = match test["result"].as_str() {
        Some("valid") => Ok((way.told)(&test["output"])),
        _ => Err(test["error"].as_str().unwrap().to_owned()),
    };
    let known = OTHERWISE.iter().find(|other| other.ids.contains(&id));
    for answer in answers {
        let differs = answer != expected && (way.codes || answer.is_ok() || expected.is_ok());
        let right = match known {
            None => !differs,
            // What is said to differ has to differ, and as it is said.
            Some(other) => differs && (other.says)(&answer),
        };
        if !right {
            let known = known.map_or(String::new(), |other| format!(" (listed as differing: {})", other.why));
            seen.wrong
                .push(format!("{id} {}{known}: expected {expected:?}, the program says {answer:?}", test["comment"]));
        }
    }
}
