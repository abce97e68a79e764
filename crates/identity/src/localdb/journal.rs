//! The journal of NeDB: sealed lines, folded in file order (DB-01, DB-02, DB-04).

use super::{Source, field};
use sealwright_envelope::{OpenError, SymKey, open};
use sealwright_types::{Coded, SecretVec, b64};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

/// Longer lines are not read. A user document with thousands of devices and blocks takes less.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// A line of a journal that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedLine {
    /// The file.
    pub source: Source,
    /// The number of the line in the file, from 1, empty lines counted.
    pub number: usize,
    /// Why.
    pub fault: LineFault,
}

impl std::fmt::Display for DamagedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} line {}: {}", self.source.file_name(), self.number, self.fault)
    }
}

/// Why a line could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Longer than anything that is written.
    #[error("too long")]
    TooLong,
    /// Not base64 (DB-01).
    #[error("not base64 (DB-01)")]
    NotBase64,
    /// A length that no envelope has: cut.
    #[error("not an envelope, perhaps cut")]
    NotAnEnvelope,
    /// Another key or damaged data.
    #[error("rejected: another key or damaged data")]
    Rejected,
    /// Opened, and not a JSON object.
    #[error("not a JSON object")]
    NotJson,
    /// A document without `_id`, or not what a document of this file is (DB-02).
    #[error("not a document (DB-02)")]
    NotADocument,
}

impl Coded for LineFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            _ => "malformed",
        }
    }
}

/// One opened line: what it says to do.
pub(super) enum Entry<T> {
    /// An index was made or removed: nothing to do.
    Index,
    /// The document of this `_id` is gone.
    Deleted(String),
    /// The document of this `_id` is now this one.
    Replaced(String, T),
}

/// What is left of a journal after its last line.
pub(super) struct Folded<T> {
    pub(super) documents: BTreeMap<String, T>,
    pub(super) total: usize,
    /// Lines whose MAC is right, whatever they hold: the key is the right one.
    pub(super) opened: usize,
    pub(super) damaged: Vec<DamagedLine>,
}

impl<T> Default for Folded<T> {
    fn default() -> Self {
        Self { documents: BTreeMap::new(), total: 0, opened: 0, damaged: Vec::new() }
    }
}

impl<T> Folded<T> {
    /// Whether there are lines and none opens; `None` without lines.
    pub(super) fn is_closed(&self) -> Option<bool> {
        (self.total > 0).then_some(self.opened == 0)
    }

    pub(super) fn readable(&self) -> usize {
        self.total.saturating_sub(self.damaged.len())
    }
}

/// The members that the journal itself reads.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "_id")]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "$$deleted")]
    deleted: Option<&'a RawValue>,
    #[serde(borrow, rename = "$$indexCreated")]
    index_created: Option<&'a RawValue>,
    #[serde(borrow, rename = "$$indexRemoved")]
    index_removed: Option<&'a RawValue>,
}

/// Folds a journal: each line that opens takes effect, each other one is reported. `document` reads a document out of its JSON.
pub(super) fn fold<T>(
    file: impl BufRead,
    source: Source,
    key: &SymKey,
    document: impl Fn(&str) -> Option<T>,
) -> io::Result<Folded<T>> {
    let mut folded = Folded::default();
    let mut lines = Lines { file, number: 0, line: Vec::new() };
    while let Some(Line { number, content }) = lines.next_line()? {
        folded.total = folded.total.saturating_add(1);
        let opened = content.ok_or(LineFault::TooLong).and_then(|line| open_line(line, key));
        folded.opened = folded.opened.saturating_add(usize::from(opened.is_ok()));
        match opened.and_then(|json| entry(&json, &document)) {
            Ok(Entry::Index) => {}
            Ok(Entry::Deleted(id)) => drop(folded.documents.remove(&id)),
            Ok(Entry::Replaced(id, document)) => drop(folded.documents.insert(id, document)),
            Err(fault) => folded.damaged.push(DamagedLine { source, number, fault }),
        }
    }
    Ok(folded)
}

/// The JSON inside a line.
pub(super) fn open_line(line: &[u8], key: &SymKey) -> Result<SecretVec, LineFault> {
    let sealed = b64::decode_tolerant(line).map_err(|_| LineFault::NotBase64)?;
    open(key, &sealed).map(SecretVec::from).map_err(|error| match error {
        OpenError::Malformed { .. } => LineFault::NotAnEnvelope,
        _ => LineFault::Rejected,
    })
}

/// What an opened line says (DB-02).
pub(super) fn entry<T>(json: &SecretVec, document: impl Fn(&str) -> Option<T>) -> Result<Entry<T>, LineFault> {
    let json = std::str::from_utf8(json.expose()).map_err(|_| LineFault::NotJson)?;
    // Deserialised into a struct, an array of as many elements would be taken for its members in order.
    if !json.trim_ascii_start().starts_with('{') {
        return Err(LineFault::NotJson);
    }
    let head: Head<'_> = serde_json::from_str(json).map_err(|_| LineFault::NotJson)?;
    let id = field::read::<Cow<'_, str>>(head.id).filter(|id| !id.is_empty());
    match id {
        Some(id) if field::is_true(head.deleted) => Ok(Entry::Deleted(id.into_owned())),
        Some(id) => document(json).map(|it| Entry::Replaced(id.into_owned(), it)).ok_or(LineFault::NotADocument),
        None if head.index_created.is_some() || head.index_removed.is_some() => Ok(Entry::Index),
        None => Err(LineFault::NotADocument),
    }
}

/// Lines split at LF, a CR before it dropped, empty ones skipped (DB-01). At most one line is in memory.
struct Lines<R> {
    file: R,
    number: usize,
    line: Vec<u8>,
}

/// A line: its number from 1, and what it holds unless it is too long.
struct Line<'a> {
    number: usize,
    content: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The next line that is not empty.
    fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let Some(fits) = self.fill()? else { return Ok(None) };
            self.number = self.number.saturating_add(1);
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if !fits {
                return Ok(Some(Line { number: self.number, content: None }));
            }
            if !self.line.is_empty() {
                break;
            }
        }
        Ok(Some(Line { number: self.number, content: Some(&self.line) }))
    }

    /// Reads up to the next LF: `None` at the end, else whether the line fits into the bound.
    fn fill(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let (mut any, mut fits) = (false, true);
        loop {
            let available = match self.file.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                return Ok(any.then_some(fits));
            }
            any = true;
            let end = available.iter().position(|&byte| byte == b'\n');
            let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            fits = fits && self.line.len().saturating_add(piece.len()) <= LONGEST_LINE;
            if fits {
                self.line.extend_from_slice(piece);
            }
            let used = piece.len().saturating_add(usize::from(end.is_some()));
            self.file.consume(used);
            if end.is_some() {
                return Ok(Some(fits));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sealwright_envelope::seal;
    use std::collections::BTreeMap;

    fn sealed(key: &SymKey, json: &str) -> String {
        b64::encode(seal(key, json.as_bytes()).unwrap())
    }

    fn folded(key: &SymKey, file: &str) -> Folded<String> {
        fold(file.as_bytes(), Source::Users, key, |json| Some(json.to_owned())).unwrap()
    }

    #[test]
    fn the_last_line_wins_and_deletions_and_index_lines_are_obeyed() {
        let key = SymKey::generate().unwrap();
        let lines = [
            r#"{"$$indexCreated":{"fieldName":"id","unique":true,"sparse":false}}"#,
            r#"{"_id":"a","n":1}"#,
            r#"{"_id":"b","n":1}"#,
            r#"{"n":2,"_id":"a"}"#,
            r#"{"_id":"b","$$deleted":true}"#,
            r#"{"$$indexRemoved":"id"}"#,
            r#"{"_id":"c","$$deleted":false}"#,
        ];
        let file = lines.map(|line| sealed(&key, line)).join("\r\n\n");
        let folded = folded(&key, &file);
        let left: Vec<_> = folded.documents.values().map(String::as_str).collect();
        assert_eq!(left, [lines[3], lines[6]]);
        assert_eq!((folded.total, folded.opened, folded.readable()), (7, 7, 7));
    }

    #[test]
    fn every_damaged_line_is_reported_with_its_number_and_the_others_count() {
        let key = SymKey::generate().unwrap();
        let good = sealed(&key, r#"{"_id":"a"}"#);
        let lines = [
            good.clone(),
            "!not base64".to_owned(),
            String::new(),
            good[..good.len() - 20].to_owned(),
            sealed(&SymKey::generate().unwrap(), r#"{"_id":"x"}"#),
            sealed(&key, "[]"),
            sealed(&key, "{"),
            sealed(&key, r#"{"a":1}"#),
            sealed(&key, r#"{"_id":""}"#),
            sealed(&key, r#"{"_id":7}"#),
            sealed(&key, r#"["a",true,null,null]"#),
            sealed(&key, r#" {"_id":"b"}"#),
        ];
        let folded = folded(&key, &lines.join("\n"));
        let damaged: Vec<_> = folded.damaged.iter().map(|line| (line.number, line.fault)).collect();
        let expected = [
            (2, LineFault::NotBase64),
            (4, LineFault::NotAnEnvelope),
            (5, LineFault::Rejected),
            (6, LineFault::NotJson),
            (7, LineFault::NotJson),
            (8, LineFault::NotADocument),
            (9, LineFault::NotADocument),
            (10, LineFault::NotADocument),
            (11, LineFault::NotJson),
        ];
        assert_eq!(damaged, expected);
        assert_eq!(folded.documents.len(), 2);
        assert_eq!((folded.total, folded.opened, folded.readable()), (11, 8, 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_fold_is_the_same_as_a_map(operations: Vec<(u8, Option<u8>)>) {
            let key = SymKey::generate().unwrap();
            let mut file = String::new();
            let mut expected = BTreeMap::new();
            for (id, value) in operations {
                let id = (id % 8).to_string();
                let line = match value {
                    Some(value) => format!(r#"{{"_id":"{id}","value":{value}}}"#),
                    None => format!(r#"{{"$$deleted":true,"_id":"{id}"}}"#),
                };
                file.push_str(&sealed(&key, &line));
                file.push('\n');
                match value {
                    Some(_) => drop(expected.insert(id, line)),
                    None => drop(expected.remove(&id)),
                }
            }
            prop_assert_eq!(folded(&key, &file).documents, expected);
        }

        #[test]
        fn arbitrary_files_never_panic(file: Vec<u8>) {
            let key = SymKey::generate().unwrap();
            let folded = fold(&file[..], Source::Users, &key, |json| Some(json.to_owned())).unwrap();
            prop_assert_eq!(folded.opened, 0);
        }
    }
}
