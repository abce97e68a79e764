//! What is told of the progress: a large file moves it while it is being read, and nothing counts twice.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use made::Made;
use sealwright_egress::{Progress, Stage, run};
use sealwright_envelope::{SymKey, message};
use std::num::NonZero;
use std::sync::Mutex;
use support::confirmed;
use tempfile::tempdir;

const MIB: usize = 1024 * 1024;

/// What there is to decrypt, and the steps in which it was done.
#[derive(Default)]
struct Steps(Mutex<(Option<u64>, Vec<u64>)>);

impl Progress for Steps {
    fn stage(&self, stage: Stage, total: u64) {
        let mut steps = self.0.lock().unwrap();
        steps.0 = (stage == Stage::Convert).then_some(total).or(steps.0);
    }

    fn advance(&self, done: u64) {
        let mut steps = self.0.lock().unwrap();
        if steps.0.is_some() {
            steps.1.push(done);
        }
    }

    fn note(&self, _: &str) {}
}

#[test]
fn a_large_file_moves_the_progress_and_nothing_counts_twice() {
    let content: Vec<u8> = (0..10 * MIB).map(|at| (at * 31) as u8).collect();
    let row = |made: &Made| serde_json::json!({ "body": message::seal(&made.key, made.session, "text").unwrap() });
    let archive = |made: &Made| {
        let mut archive = tar::Builder::new(Vec::new());
        let member = made.container("member", &content);
        let mut header = tar::Header::new_ustar();
        header.set_size(member.len() as u64);
        archive.append_data(&mut header, "member.seald", &member[..]).unwrap();
        archive.into_inner().unwrap()
    };
    type Source<'a> = (&'a str, &'a dyn Fn(&Made) -> Vec<u8>);
    let sources: [Source<'_>; 5] = [
        ("data/large.seald", &|made| made.container("large", &content)),
        // Read to its end, in vain.
        ("data/rejected.seald", &|made| {
            let other = Made { session: made.session, key: SymKey::generate().unwrap(), ..Made::new() };
            other.container("rejected", &content)
        }),
        ("data/archive.tar", &archive),
        ("messages/rows.jsonl", &|made| format!("{}\n", row(made)).repeat(40_000).into_bytes()),
        ("data/empty", &|_| Vec::new()),
    ];
    for (name, source) in sources {
        for threads in [1, 3] {
            let (made, output, steps) = (Made::new(), tempdir().unwrap(), Steps::default());
            let source = source(&made);
            let length = source.len();
            made.add(name, source);
            let mut options = confirmed();
            options.threads = NonZero::new(threads);
            run(made.directory.path(), output.path(), &options, &steps).unwrap();
            let (total, steps) = steps.0.into_inner().unwrap();
            assert_eq!((total, steps.iter().sum()), (Some(length as u64), length as u64), "{name}");
            let largest = steps.iter().copied().max().unwrap();
            assert!(largest <= (2 * MIB) as u64, "{name} with {threads} threads: a step of {largest} bytes");
        }
    }
}
