//! Records and archives of an egress: bytes that are no message stay as they are, and an archive holds what another reader finds in it.

use crate::Input;
use crate::sealing::{IV, key, session};
use sealwright_egress::{Fields, RecordFormat, members, rewrite_records};
use sealwright_envelope::hazmat::seal_message_with_iv;
use sealwright_session::{Keyring, Policy, Records, Resolver};
use std::io::{self, Read};

/// The text of the messages, which needs quotes wherever it stands.
const CLEAR: &str = "clear \"text\",\r\n;|\t end";

/// CSV in which `@` stands for a message in quotes (EGR-28, EGR-53).
pub(crate) fn csv_records(input: &[u8]) -> Input {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let (replaced, records) = rewritten(RecordFormat::Csv, input, &quoted);
    // A message that is a field of its own is opened.
    let is_plain = input.iter().all(|byte| matches!(byte, b'a'..=b'z' | b',' | b'\n' | b'@'));
    if is_plain {
        let own = |field: &&[u8]| *field == b"@";
        let fields = input.split(|byte| matches!(byte, b',' | b'\n'));
        let other = fields.clone().any(|field| field.len() > 1 && field.contains(&b'@'));
        assert!(other || replaced == fields.filter(own).count(), "a message stayed closed (EGR-13)");
    }
    assert!(records <= input.len() as u64, "more records than bytes");
    Input::Useful
}

/// JSON Lines in which `@` stands for the text of a message (EGR-13, EGR-28).
pub(crate) fn json_records(input: &[u8]) -> Input {
    let quoted = |text: &str| serde_json::to_string(text).expect("text");
    let (replaced, records) = rewritten(RecordFormat::JsonLines, input, &quoted);
    let lines = input.split(|&byte| byte == b'\n');
    let own = lines.clone().filter(|line| *line == b"{\"m\":@}").count();
    assert!(replaced >= own, "a message stayed closed (EGR-13)");
    assert!(records <= lines.count() as u64, "more records than lines");
    Input::Useful
}

/// How many messages were opened and how many records counted; everything else has to be as it was.
fn rewritten(format: RecordFormat, input: &[u8], quoted: &dyn Fn(&str) -> String) -> (usize, u64) {
    let message = seal_message_with_iv(&key(), session(), &IV, CLEAR).expect("a message");
    let (sealed, clear) = (quoted(&message), quoted(CLEAR));
    let around: Vec<_> = input.split(|&byte| byte == b'@').collect();
    let records = around.join(sealed.as_bytes());
    let mut known = Records::default();
    known.add_known(session(), &key());
    let resolver = Resolver::new(Keyring::default(), known, Policy::default());
    let mut output = Vec::new();
    let rows = rewrite_records(format, &records[..], &mut output, &resolver, &Fields::default()).expect("memory");
    let mut left = &output[..];
    let mut replaced = 0;
    for (number, bytes) in around.iter().enumerate() {
        if number > 0 {
            left = match left.strip_prefix(clear.as_bytes()) {
                Some(rest) => {
                    replaced += 1;
                    rest
                }
                None => left.strip_prefix(sealed.as_bytes()).expect("a message or its text (EGR-28)"),
            };
        }
        left = left.strip_prefix(*bytes).expect("what is no message stays as it is (EGR-28)");
    }
    assert!(left.is_empty(), "nothing comes out of nowhere");
    let untold = rows.converted + rows.closed + rows.rejected + rows.malformed == 0;
    assert!(replaced == 0 || !untold, "what was opened is counted (EGR-41)");
    (replaced, rows.records)
}

/// An archive of any kind; a first byte `z` has gzip put around what follows (EGR-14, EGR-18).
pub(crate) fn members_of_archives(input: &[u8]) -> Input {
    let (is_packed, archive) = input.strip_prefix(b"z").map_or((false, input), |rest| (true, rest));
    let found = listed(archive);
    if is_packed {
        let mut packed = flate2::read::GzEncoder::new(archive, flate2::Compression::fast());
        let mut bytes = Vec::new();
        packed.read_to_end(&mut bytes).expect("memory");
        if is_tar(archive) {
            assert_eq!(listed(&bytes), found, "compression changes nothing (EGR-14)");
        }
        return Input::Useful;
    }
    let (files, error) = found;
    if is_tar(archive) && error.is_none() {
        let others = files_by_the_crate(archive);
        // What stands in an archive inside is listed instead of it.
        let is_archive = |content: &&Vec<u8>| is_tar(content) || is_compressed(content);
        if !others.iter().any(|content| is_archive(&content)) {
            let contents: Vec<_> = files.into_iter().map(|(_, content)| content).collect();
            assert_eq!(contents, others, "another reader finds the same (EGR-14)");
        }
    }
    Input::Useful
}

fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Whether it is read as one: what begins like something compressed is that, whatever else it looks like.
fn is_tar(archive: &[u8]) -> bool {
    !is_compressed(archive)
        && archive.get(257..262) == Some(b"ustar")
        && archive.iter().take(257).any(|&byte| byte == 0)
}

fn listed(archive: &[u8]) -> (Vec<(String, Vec<u8>)>, Option<&'static str>) {
    let mut files = Vec::new();
    let mut take = |name: &str, content: &mut dyn Read| -> io::Result<()> {
        assert!(files.iter().all(|(other, _)| other != name), "every member has a source of its own (EGR-14)");
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        files.push((name.to_owned(), bytes));
        Ok(())
    };
    let error = members(archive, &mut take).expect("memory does not fail");
    (files, error)
}

fn files_by_the_crate(archive: &[u8]) -> Vec<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let mut files = Vec::new();
    for entry in archive.entries().expect("memory") {
        let mut entry = entry.expect("what we read to its end, everybody does");
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        let is_file = kind.is_file() || kind == tar::EntryType::Continuous;
        if is_file && (entry.size() > 0 || !name.ends_with('/')) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("memory");
            files.push(content);
        }
    }
    files
}
