//! Databases of the JavaScript packages: every line that opens counts, every other one is reported, and nothing else changes anything.

use crate::Input;
use crate::keyring::{BACKUP, with_keys};
use crate::recovered::{Contents, written_is_read_again};
use crate::sealing::{KEY, base64, key, next, sealed, with_envelope};
use sealwright_identity::localdb::exported::Exported;
use sealwright_identity::localdb::{LineFault, RecoverError, Recovered, Source, nedb};
use sealwright_types::b64;
use serde_json::Value;
use std::collections::BTreeMap;

/// Input: the JSON of a line, which is sealed as it is.
pub(crate) fn database_line(input: &[u8]) -> Input {
    let key = key();
    assert!(nedb::check_line(input, &key).is_err_and(is_closed), "a line opened that was never sealed");

    let json = with_keys(input);
    let line = b64::encode(sealed(&json));
    let verdict = nedb::check_line(line.as_bytes(), &key);
    assert_eq!(nedb::check_line(line.trim_end_matches('=').as_bytes(), &key), verdict, "B64-02: padding");
    if let Some(value) = obvious(&json) {
        if verdict.is_ok() {
            assert_eq!(expected(&value), verdict, "DB-02: another JSON reader");
        }
        // Written by somebody else it has no member twice, and there is no doubt.
        let plain = b64::encode(sealed(value.to_string().as_bytes()));
        assert_eq!(nedb::check_line(plain.as_bytes(), &key), expected(&value), "DB-02");
    }
    let cut = &line[..line.len() - 24];
    assert!(nedb::check_line(cut.as_bytes(), &key).is_err_and(is_closed), "DB-04: a line that was cut opened");
    Input::Useful
}

/// What a line is, by the words of DB-02.
fn expected(line: &Value) -> Result<(), LineFault> {
    let Some(members) = line.as_object() else { return Err(LineFault::NotJson) };
    let has = |name| members.get(name).is_some_and(|value| !value.is_null());
    let has_id = members.get("_id").and_then(Value::as_str).is_some_and(|id| !id.is_empty());
    if has_id || has("$$indexCreated") || has("$$indexRemoved") { Ok(()) } else { Err(LineFault::NotADocument) }
}

/// What another reader makes of JSON, unless it refuses what a skipped member may hold, or finds a name that it has a use of its own for.
fn obvious(json: &[u8]) -> Option<Value> {
    let own: &[u8] = b"$serde_json";
    if json.windows(own.len()).any(|window| window == own) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Whether a line did not even open.
fn is_closed(fault: LineFault) -> bool {
    !matches!(fault, LineFault::NotJson | LineFault::NotADocument)
}

/// Input: what the key backup is and under which name the users stand; lines. Those that look like JSON are sealed, the others are as they
/// are. `>` before a line puts it into the other file.
pub(crate) fn database(mut input: &[u8]) -> Input {
    let how = next(&mut input);
    let damaged = sealed(b"no identity");
    let backup = match how % 4 {
        0 => None,
        1 => Some(&BACKUP[..]),
        2 => Some(&damaged[..]),
        _ => Some(&b"nobody sealed this"[..]),
    };
    let is_temporary = how & 4 != 0;
    let text = with_keys(input);
    let (unregistered, users): (Vec<_>, Vec<_>) =
        text.split(|&byte| byte == b'\n').partition(|it| it.starts_with(b">"));
    let users = Journal::of(users.into_iter());
    let unregistered = Journal::of(unregistered.into_iter().map(|line| &line[1..]));

    let recovered = recover(&users.file, &unregistered.file, backup, is_temporary);
    let is_open = users.opens() || unregistered.opens() || matches!(how % 4, 1 | 2);
    let is_closed = users.is_closed() || unregistered.is_closed() || how % 4 == 3;
    let recovered = match recovered {
        Ok(recovered) => recovered,
        Err(error) => {
            assert_eq!(error, RecoverError::Rejected);
            assert!(is_closed && !is_open, "something opens");
            return Input::Useful;
        }
    };
    assert!(is_open || !is_closed, "DB-20: nothing opens");

    let (source, other_source) = match is_temporary {
        true => (Source::UsersTemporary, Source::UnregisteredTemporary),
        false => (Source::Users, Source::Unregistered),
    };
    let expected: Vec<_> = users.damaged().collect();
    assert_eq!(damaged_lines(&recovered, source).collect::<Vec<_>>(), expected, "DB-04");
    let other: Vec<_> = damaged_lines(&recovered, other_source).collect();
    assert!(other.is_sorted_by_key(|(number, _)| *number));
    let closed = unregistered.damaged().filter(|(_, fault)| self::is_closed(*fault));
    assert_eq!(
        other.iter().copied().filter(|(_, fault)| self::is_closed(*fault)).collect::<Vec<_>>(),
        closed.collect::<Vec<_>>(),
        "DB-04"
    );
    for (source, journal) in [(source, &users), (other_source, &unregistered)] {
        let report = recovered.sources.iter().find(|report| report.source == source).expect("a report for each file");
        assert_eq!(report.total, journal.lines.len(), "lines");
        assert_eq!(report.readable, report.total - damaged_lines(&recovered, source).count(), "readable lines");
    }

    // What does not open has no effect, and what was already said has none.
    let again = recover(&users.compacted(), &unregistered.compacted(), backup, is_temporary);
    match again {
        Ok(again) => assert_eq!(Contents::of(&again), Contents::of(&recovered), "damaged and repeated lines"),
        Err(error) => panic!("without its damaged lines: {error}"),
    }
    written_is_read_again(&recovered);
    Input::Useful
}

fn recover(
    users: &[u8],
    unregistered: &[u8],
    key_backup: Option<&[u8]>,
    is_temporary: bool,
) -> Result<Recovered, RecoverError> {
    let (users, unregistered) = (Some(users), Some(unregistered));
    let files = if is_temporary {
        nedb::Files { users_temporary: users, unregistered_temporary: unregistered, key_backup, ..Default::default() }
    } else {
        nedb::Files { users, unregistered, key_backup, ..Default::default() }
    };
    nedb::recover(files, &key())
}

fn damaged_lines(recovered: &Recovered, source: Source) -> impl Iterator<Item = (usize, LineFault)> {
    recovered.damaged_lines.iter().filter(move |line| line.source == source).map(|line| (line.number, line.fault))
}

/// A file, and what each of its lines is that is not empty.
struct Journal {
    file: Vec<u8>,
    lines: Vec<(usize, Vec<u8>, Result<(), LineFault>)>,
}

impl Journal {
    fn of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut journal = Self { file: Vec::new(), lines: Vec::new() };
        for (index, line) in lines.enumerate() {
            let line = match line.first() {
                Some(b'{' | b'[' | b'"' | b' ') => b64::encode(sealed(line)).into_bytes(),
                _ => line.to_vec(),
            };
            journal.file.extend_from_slice(&line);
            journal.file.push(b'\n');
            let content = line.strip_suffix(b"\r").unwrap_or(&line);
            if !content.is_empty() {
                let verdict = nedb::check_line(content, &key());
                journal.lines.push((index + 1, content.to_vec(), verdict));
            }
        }
        journal
    }

    fn damaged(&self) -> impl Iterator<Item = (usize, LineFault)> {
        self.lines.iter().filter_map(|(number, _, verdict)| Some((*number, verdict.err()?)))
    }

    fn opens(&self) -> bool {
        self.lines.iter().any(|(_, _, verdict)| !verdict.is_err_and(is_closed))
    }

    fn is_closed(&self) -> bool {
        !self.lines.is_empty() && !self.opens()
    }

    /// The lines that open, twice.
    fn compacted(&self) -> Vec<u8> {
        let open = self.lines.iter().filter(|(_, _, verdict)| !verdict.is_err_and(is_closed));
        let lines: Vec<_> = open.map(|(_, line, _)| &line[..]).collect();
        [lines.join(&b'\n'), lines.join(&b'\n')].join(&b'\n')
    }
}

/// Input: an exported form. Lines of journals that look like JSON are sealed; a key backup `backup` is a right one; `@` in an entry of the
/// session cache is a sealed key.
pub(crate) fn exported_database(input: &[u8]) -> Input {
    let parsed = Exported::parse(input);
    let Some(value) = obvious(input) else {
        // What it refuses is still read without a panic.
        for database in parsed.iter().flat_map(|exported| exported.paths().filter_map(|path| exported.database(path))) {
            assert!(database.recover(&key()).ok().is_none_or(|it| it.identity.is_err()), "nobody sealed this");
        }
        return Input::Useful;
    };
    let Value::Object(members) = value else {
        assert!(parsed.is_err(), "DB-30: not an object");
        return Input::Useful;
    };
    let texts: BTreeMap<&str, &str> =
        members.iter().filter_map(|(name, text)| Some((&name[..], text.as_str()?))).collect();
    assert!(parsed.is_ok(), "DB-30");

    let filled: BTreeMap<&str, String> = texts.iter().map(|(name, text)| (*name, filled(name, text))).collect();
    let json = serde_json::to_vec(&filled).expect("texts");
    let exported = Exported::parse(&json).expect("an object with texts");
    for path in exported.paths() {
        let file = |name: &str| filled.get(&format!("{path}/{name}")[..]).map(String::as_bytes);
        let key_backup = file("SealdKeyBackup").map(|text| b64::decode_tolerant(text).unwrap_or_default());
        let files = nedb::Files {
            users: file("User.fdb"),
            users_temporary: file("User.fdb~"),
            unregistered: file("HairlessUser.fdb"),
            unregistered_temporary: file("HairlessUser.fdb~"),
            key_backup: key_backup.as_deref(),
        };
        let database = exported.database(path).expect("a path of its own");
        compare(database.recover(&key()), nedb::recover(files, &key()));
    }
    Input::Useful
}

fn filled(name: &str, text: &str) -> String {
    if name.ends_with(".fdb") || name.ends_with(".fdb~") {
        let text = with_keys(text.as_bytes());
        let file = Journal::of(text.split(|&byte| byte == b'\n')).file;
        String::from_utf8(file).expect("made of texts")
    } else if name.ends_with("/SealdKeyBackup") && text == "backup" {
        b64::encode(&*BACKUP)
    } else {
        String::from_utf8(with_envelope(text.as_bytes(), b"@", &KEY, base64)).expect("made of texts")
    }
}

/// The files and the session cache of one database, beside the files alone.
fn compare(recovered: Result<Recovered, RecoverError>, files_alone: Result<Recovered, RecoverError>) {
    let recovered = match recovered {
        Ok(recovered) => recovered,
        Err(error) => {
            // Entries of the cache alone, of which none opens, are a wrong key where no file at all is none.
            let without_files = |files: &Recovered| files.sources.iter().all(|report| report.total == 0);
            let expected = files_alone.as_ref().map_or_else(|error| *error, |_| RecoverError::Rejected);
            assert_eq!(error, expected, "DB-30");
            return assert!(files_alone.as_ref().map_or(true, without_files), "DB-31");
        }
    };
    let cache = recovered.sources.iter().find(|report| report.source == Source::SessionCache);
    let (total, readable) = cache.map_or((0, 0), |report| (report.total, report.readable));
    assert!(readable == recovered.sessions.len() && readable <= total, "DB-31");
    assert!(recovered.sessions.iter().all(|session| session.key.expose() == KEY), "another key than was sealed");
    let mut contents = Contents::of(&recovered);
    contents.sessions.clear();
    match files_alone {
        Ok(files) => assert_eq!(contents, Contents::of(&files), "DB-30"),
        Err(error) => {
            assert!(error == RecoverError::Rejected && readable > 0, "DB-20: nothing opens");
            // The cache proves the key: what does not open is damage, and is told.
            let files = recovered.sources.iter().filter(|report| report.source != Source::SessionCache);
            let (mut total, mut warned) = (0, recovered.warnings.len());
            for report in files {
                assert_eq!(report.readable, 0, "DB-04");
                total += report.total;
                warned -= usize::from(report.total > 0);
            }
            assert!(total > 0 && warned == 0, "DB-04, DB-25: {:?}", recovered.warnings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"_id":"u","id":"5a221722-36c4-41ee-be56-0242ac120002","isDefault":true,"devices":[{"id":
        "5a221722-36c4-41ee-be56-0242ac120003","type":"PRIVATE","serializedEncryptionKey":"@","serializedSigningKey":"@@"}]}"#;

    #[test]
    fn hand_picked_lines_hold() {
        for line in [
            "",
            "{}",
            "[]",
            r#"["a",true,null,null]"#,
            r#"[null,null,{},null]"#,
            USER,
            r#"{"_id":"a","$$deleted":true}"#,
            r#"{"_id":"a","_id":"b"}"#,
            r#"{"_id":"a","n":1e999}"#,
            r#"{"_id":"\ud800"}"#,
            r#"{"$$indexRemoved":"id"}"#,
            r#"{"$$indexRemoved":null}"#,
        ] {
            assert_eq!(database_line(line.as_bytes()), Input::Useful, "{line}");
        }
    }

    #[test]
    fn hand_picked_databases_hold() {
        let user = USER.replace('\n', " ");
        let lines =
            format!("{user}\r\n\n!\n\r\n[]\n{user}\n>{{}}\n>{{\"_id\":\"h\",\"type\":\"EM\",\"value\":\"a@b.c\"}}\n>x");
        for how in 0..8 {
            for lines in ["", "!", ">!", ">{}", "[]", &lines] {
                assert_eq!(database(&[&[how], lines.as_bytes()].concat()), Input::Useful);
            }
        }
    }

    #[test]
    fn hand_picked_exported_forms_hold() {
        let cache = format!("seald-cache-{0}-db:{0}", "12345678-1234-4abc-8def-1234567890ab");
        let cached = r#"{"encryptedSymKey":"@"}"#;
        let form =
            serde_json::json!({ "db/User.fdb": USER.replace('\n', " "), "db/SealdKeyBackup": "backup", cache: cached });
        for form in
            ["", "[]", "{}", r#"{"a/SealdKeyBackup":"!"}"#, r#"{"a/User.fdb":"!","n":1e999}"#, &form.to_string()]
        {
            assert_eq!(exported_database(form.as_bytes()), Input::Useful, "{form}");
        }
        let form = serde_json::json!({ "db/User.fdb": "", "db/SealdKeyBackup": filled("/SealdKeyBackup", "backup") });
        let exported = Exported::parse(form.to_string().as_bytes()).unwrap();
        assert!(exported.database("db").unwrap().recover(&key()).unwrap().identity.is_ok());
    }

    #[test]
    fn a_line_of_ours_counts_as_forged() {
        let line = b64::encode(sealed(b"{}"));
        let result = std::panic::catch_unwind(|| database_line(line.as_bytes()));
        assert!(result.is_err(), "the oracle must notice a line that opens");
    }
}
