//! Rule ids: each defined once in `docs/spec`, none used that is not defined, every rule for vectors covered by one.
//!
//! A definition is a line or table row that begins with the id in bold, followed by how it is checked:
//!
//! ```text
//! * **ENV-06** [vector] Opening less than 64 bytes ...
//! | **MSG-10** [vector] | any member order | accept |
//! ```

use crate::check::{LoadError, vector_files};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Rules for vectors that no vector tests yet, one a line: id, then the reason. An entry that is no longer needed is a fault.
pub const PENDING: &str = "vectors/coverage-pending.txt";

/// Words that look like ids and are none: names of standards.
const NO_FAMILIES: [&str; 10] = ["AES", "CRC", "CVE", "EN", "FIPS", "ISO", "RFC", "RSA", "SHA", "UTF"];

/// Families of which every rule for vectors needs one that accepts and one that refuses: each row of the decision table, both ways.
const BOTH_WAYS: [&str; 3] = ["DEF", "EX", "RIGHT"];

/// How a rule is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// By formal vectors.
    Vector,
    /// By tests of this code.
    Test,
    /// By nobody.
    Doc,
}

/// What the check of the ids has shown.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Every rule with its class.
    pub defined: BTreeMap<String, Class>,
    /// How many vectors test a rule: those that accept, those that refuse.
    pub covered: BTreeMap<String, (u64, u64)>,
    /// How many rules wait for vectors.
    pub pending: usize,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |class| self.defined.values().filter(|&&defined| defined == class).count();
        let (vector, test, doc) = (of(Class::Vector), of(Class::Test), of(Class::Doc));
        writeln!(f, "{} rules: {vector} vector, {test} test, {doc} doc", self.defined.len())?;
        let both = self.covered.values().filter(|(accepting, refusing)| *accepting > 0 && *refusing > 0).count();
        writeln!(f, "{} covered by vectors, {both} of them both ways; {} pending", self.covered.len(), self.pending)?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "problem: {problem}"))
    }
}

/// Whether `text` has the form of a rule id: capitals and digits, a hyphen, two or three digits.
pub(crate) fn is_id(text: &str) -> bool {
    matches!(id_at(text), Some((_, "")))
}

/// Checks the repository at `root`.
///
/// # Errors
/// [`LoadError`] when a file cannot be read. What is wrong with ids stands in the report.
pub fn check(root: &Path) -> Result<Report, LoadError> {
    let mut report = Report::default();
    let mut documents = files(&root.join("docs/spec"), "md")?;
    documents.sort();
    for path in documents {
        define(&shown(root, &path), &read(&path)?, &mut report);
    }
    if report.defined.is_empty() {
        report.problems.push("docs/spec defines no rule".to_owned());
    }
    let mut sources = files(&root.join("crates"), "rs")?;
    sources.sort();
    for path in sources {
        let used = ids_in(&read(&path)?);
        report.undefined(&shown(root, &path), used);
    }
    for path in vector_files(&root.join("vectors"))? {
        let vectors: Rules = serde_json::from_str(&read(&path)?)
            .map_err(|error| LoadError::Invalid { file: shown(root, &path), why: error.to_string() })?;
        let references = vectors.notes.values().flat_map(|note| note.refs.iter().filter(|text| is_id(text)).cloned());
        let used = vectors.tests.iter().map(|test| test.rule.clone()).chain(references).collect();
        report.undefined(&shown(root, &path), used);
        for test in vectors.tests {
            let (accepting, refusing) = report.covered.entry(test.rule).or_default();
            *if test.result == "invalid" { refusing } else { accepting } += 1;
        }
    }
    let pending = root.join(PENDING);
    report.check_coverage(&if pending.exists() { read(&pending)? } else { String::new() });
    Ok(report)
}

impl Report {
    fn undefined(&mut self, file: &str, used: BTreeSet<String>) {
        for id in used {
            if !self.defined.contains_key(&id) {
                self.problems.push(format!("{file} uses {id}, which docs/spec does not define"));
            }
        }
    }

    fn check_coverage(&mut self, pending: &str) {
        let mut waiting = BTreeSet::new();
        for line in pending.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let (id, reason) = line.split_once(' ').unwrap_or((line, ""));
            if reason.trim().is_empty() {
                self.problems.push(format!("{PENDING}: {id} has no reason"));
            }
            if self.defined.get(id) != Some(&Class::Vector) {
                self.problems.push(format!("{PENDING}: {id} is no rule for vectors"));
            } else if self.covered.contains_key(id) {
                self.problems.push(format!("{PENDING}: {id} is covered now, remove it"));
            }
            if !waiting.insert(id) {
                self.problems.push(format!("{PENDING}: {id} stands there twice"));
            }
        }
        self.pending = waiting.len();
        for (id, class) in &self.defined {
            if *class == Class::Vector && !self.covered.contains_key(id) && !waiting.contains(id.as_str()) {
                self.problems.push(format!("{id} is marked [vector], but no vector tests it"));
            }
            let one_way = matches!(self.covered.get(id), Some((0, _) | (_, 0)));
            if *class == Class::Vector && one_way && BOTH_WAYS.contains(&family(id)) {
                self.problems.push(format!("{id} needs a vector that accepts and one that refuses"));
            }
        }
    }
}

/// The part of a vector file that matters here, whatever its kind.
#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    notes: BTreeMap<String, References>,
    tests: Vec<Rule>,
}

#[derive(Deserialize)]
struct References {
    refs: Vec<String>,
}

#[derive(Deserialize)]
struct Rule {
    rule: String,
    result: String,
}

/// Takes the definitions of one document.
fn define(file: &str, text: &str, report: &mut Report) {
    for (number, line) in text.lines().enumerate() {
        let at = format!("{file}:{}", number + 1);
        // An example of a definition is quoted.
        if line.starts_with('>') {
            continue;
        }
        let begin = line.trim_start_matches([' ', '*', '-', '|']);
        let begin_at = line.len() - begin.len();
        for (place, _) in line.match_indices("**") {
            let Some((id, rest)) =
                id_at(&line[place + 2..]).and_then(|(id, rest)| Some((id, rest.strip_prefix("**")?)))
            else {
                continue;
            };
            if place + 2 != begin_at {
                report.problems.push(format!("{at}: {id} is bold, but does not begin a line or row"));
                continue;
            }
            let class = match rest.trim_start() {
                rest if rest.starts_with("[vector]") => Class::Vector,
                rest if rest.starts_with("[test]") => Class::Test,
                rest if rest.starts_with("[doc]") => Class::Doc,
                _ => {
                    report.problems.push(format!("{at}: {id} is not followed by [vector], [test] or [doc]"));
                    continue;
                }
            };
            if report.defined.insert(id.to_owned(), class).is_some() {
                report.problems.push(format!("{at}: {id} is defined twice"));
            }
        }
    }
}

/// An id at the beginning of `text`, and what follows it.
fn id_at(text: &str) -> Option<(&str, &str)> {
    let family = text.bytes().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
    let digits = text.get(family..)?.strip_prefix('-')?.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let number = text.get(family + 1..family + 1 + digits)?;
    let shaped = (2..=3).contains(&digits) && number.bytes().all(|byte| byte.is_ascii_digit());
    (shaped && family >= 2 && text.starts_with(|first: char| first.is_ascii_uppercase()))
        .then(|| text.split_at(family + 1 + digits))
}

/// What stands before the number.
fn family(id: &str) -> &str {
    id.split('-').next().unwrap_or_default()
}

/// Every id that a source text names.
fn ids_in(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut before = None;
    for (place, character) in text.char_indices() {
        let begins_word = before.is_none_or(|before: char| !before.is_alphanumeric() && before != '-' && before != '_');
        before = Some(character);
        if !begins_word || !character.is_ascii_uppercase() {
            continue;
        }
        if let Some((id, rest)) = id_at(&text[place..])
            && !rest.starts_with('-')
            && !NO_FAMILIES.contains(&family(id))
        {
            found.insert(id.to_owned());
        }
    }
    found
}

fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, LoadError> {
    let mut found = Vec::new();
    let read = std::fs::read_dir(directory).map_err(|error| LoadError::io(directory, error))?;
    for entry in read {
        let path = entry.map_err(|error| LoadError::io(directory, error))?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<String, LoadError> {
    std::fs::read_to_string(path).map_err(|error| LoadError::io(path, error))
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_and_look_alikes_are_not() {
        // Built from parts: this file is searched for ids too.
        let id = |family: &str, number: &str| format!("{family}-{number}");
        let text = format!(
            "// {}..10, ({}) \"{}\" UTF-16 CRC-32 SHA-256 x{} {}33 {}-4 {}x A-01 9X-01",
            id("AB", "07"),
            id("B64", "01"),
            id("CD", "99"),
            id("EF", "01"),
            id("EF", "02"),
            id("EF", "03"),
            id("EF", "04"),
        );
        let found: Vec<_> = ids_in(&text).into_iter().collect();
        assert_eq!(found, [id("AB", "07"), id("B64", "01"), id("CD", "99")]);
        assert!(
            is_id(&id("AB", "07"))
                && is_id(&id("AB", "077"))
                && !is_id("AB-7")
                && !is_id("AB-0777")
                && !is_id("")
                && !is_id("ab-07")
        );
    }

    fn tree(spec: &str, source: &str, rule: &str, pending: &str) -> Report {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("docs/spec/A.md", spec);
        put("crates/a/src/lib.rs", source);
        let test = format!(r#"{{"rule":"{rule}","result":"invalid"}}"#);
        put("vectors/a/a.json", &format!(r#"{{"tests":[{}]}}"#, if rule.is_empty() { "" } else { &test }));
        put(PENDING, pending);
        check(root.path()).unwrap()
    }

    /// Definitions of `vector` and `doc` rules, written so that this file names no id.
    fn spec() -> String {
        "> **?-09** [vector] quoted\n* **?-01** [vector] one\n| **?-02** [doc] | two |\n".replace('?', "AB")
    }

    fn ab(number: &str) -> String {
        format!("AB-{number}")
    }

    #[test]
    fn a_tree_in_order_has_no_problem() {
        let report = tree(&spec(), &format!("// {}", ab("02")), &ab("01"), "# nothing\n");
        assert_eq!(report.problems, [""; 0]);
        assert_eq!((report.defined.len(), report.covered[&ab("01")]), (2, (0, 1)));
        assert_eq!(tree(&spec(), "", "", &format!("{} later\n", ab("01"))).problems, [""; 0]);
    }

    #[test]
    fn every_fault_is_a_problem() {
        let (one, two, three) = (ab("01"), ab("02"), ab("03"));
        for (spec, source, rule, pending, expected) in [
            (spec() + &spec(), "", one.as_str(), String::new(), "is defined twice"),
            (format!("{}* **{three}** three\n", spec()), "", &one, String::new(), "is not followed by"),
            (format!("{}text **{three}** [doc]\n", spec()), "", &one, String::new(), "does not begin a line"),
            (spec(), three.as_str(), &one, String::new(), "lib.rs uses"),
            (spec(), "", &three, format!("{one} later"), "a.json uses"),
            (spec(), "", "", String::new(), "no vector tests it"),
            (spec(), "", &one, format!("{one} later"), "is covered now"),
            (spec(), "", &one, format!("{two} later"), "is no rule for vectors"),
            (spec(), "", "", one.clone(), "has no reason"),
            (spec(), "", "", format!("{one} x\n{one} y"), "stands there twice"),
            (
                spec().replace("AB", BOTH_WAYS[0]),
                "",
                &ab("01").replace("AB", BOTH_WAYS[0]),
                String::new(),
                "and one that",
            ),
            (String::new(), "", "", String::new(), "defines no rule"),
        ] {
            let report = tree(&spec, source, rule, &pending);
            assert!(report.problems.iter().any(|problem| problem.contains(expected)), "{expected}: {report}");
        }
    }
}
