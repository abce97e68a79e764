//! Archives of every kind inside good envelopes (TAR-10 to TAR-22).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{Failure, File, open_file_everywhere, withhold_files};
use sealwright_envelope::file::{self, Entries, SingleEntry};
use sealwright_envelope::{SymKey, seal};
use sealwright_types::SessionId;
use std::io::Cursor;
use tar::{EntryType, Header};

fn key() -> SymKey {
    SymKey::from_bytes(&[7; 64]).unwrap()
}

/// The archive in a container.
fn container(archive: &[u8]) -> Vec<u8> {
    let session: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse().unwrap();
    let mut container = Vec::new();
    file::seal(&key(), session, "n", 0, &b""[..], &mut container).unwrap();
    container.truncate(59);
    container.extend(seal(&key(), archive).unwrap());
    container
}

fn one(archive: &[u8]) -> Result<File, Failure> {
    open_file_everywhere(&key(), &container(archive), SingleEntry::Only)
}

fn first(archive: &[u8]) -> Result<File, Failure> {
    open_file_everywhere(&key(), &container(archive), SingleEntry::First)
}

fn list(archive: &[u8]) -> Result<Vec<File>, Failure> {
    withhold_files(&key(), Cursor::new(container(archive)), Entries::List)
}

fn opens(archive: &[u8], name: &str, content: &[u8]) {
    let file = one(archive).unwrap_or_else(|failure| panic!("{name:?}: {failure:?}"));
    assert_eq!((file.name.unwrap().raw.as_str(), &file.content[..]), (name, content));
}

fn fails(archive: &[u8], code: &str, rule: Option<&str>) {
    let failure = one(archive).unwrap_err();
    assert_eq!((failure.code, failure.rule), (code, rule));
}

/// A header block with a right checksum.
fn header(mut header: Header, kind: EntryType, name: &[u8], size: u64) -> Vec<u8> {
    let field = &mut header.as_old_mut().name;
    field[..name.len()].copy_from_slice(name);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// Changes a header block and mends its checksum.
fn changed(mut block: Vec<u8>, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    change(&mut block);
    let mut header = Header::from_byte_slice(&block).clone();
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn padded(body: &[u8]) -> Vec<u8> {
    let mut padded = body.to_vec();
    padded.resize(body.len().next_multiple_of(512), 0);
    padded
}

fn entry(kind: EntryType, name: &str, content: &[u8]) -> Vec<u8> {
    [header(Header::new_ustar(), kind, name.as_bytes(), content.len() as u64), padded(content)].concat()
}

fn regular(name: &str, content: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, name, content)
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|length: &usize| *length == length.to_string().len() + rest.len()).unwrap();
    format!("{length}{rest}")
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let body: String = records.iter().map(|(key, value)| record(key, value)).collect();
    entry(EntryType::XHeader, "PaxHeader", body.as_bytes())
}

fn global(body: &[u8]) -> Vec<u8> {
    entry(EntryType::XGlobalHeader, "g", body)
}

fn end(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}

#[test]
fn extended_names_open() {
    let long = "d/".repeat(80) + "long";
    opens(&end(&[pax(&[("path", &long)]), regular("short", b"x")]), &long, b"x");
    opens(&end(&[pax(&[("path", "line\nfeed=é")]), regular("short", b"x")]), "line\nfeed=é", b"x");
    opens(&end(&[pax(&[("mtime", "1.5"), ("path", "a"), ("path", "b"), ("x", "")]), regular("c", b"x")]), "b", b"x");
    opens(&end(&[pax(&[("path", "")]), regular("kept", b"x")]), "kept", b"x");
    let gnu = |name: &str| entry(EntryType::GNULongName, "././@LongLink", format!("{name}\0").as_bytes());
    opens(&end(&[gnu(&long), regular("short", b"x")]), &long, b"x");
    opens(&end(&[gnu("one"), pax(&[("path", "two")]), regular("three", b"x")]), "two", b"x");
    let split = changed(header(Header::new_ustar(), EntryType::Regular, b"name", 1), |block| {
        block[345..348].copy_from_slice(b"pre");
    });
    opens(&end(&[split, padded(b"x")]), "pre/name", b"x");
    // 100 bytes without NUL.
    opens(&end(&[regular(&"n".repeat(100), b"x")]), &"n".repeat(100), b"x");
}

#[test]
fn a_size_in_an_extended_header_counts() {
    let block = header(Header::new_ustar(), EntryType::Regular, b"n", 3);
    let content = [b'y'; 700];
    opens(&end(&[pax(&[("size", "700")]), block.clone(), padded(&content)]), "n", &content);
    opens(&end(&[pax(&[("size", "")]), block.clone(), padded(b"abc")]), "n", b"abc");
    opens(&end(&[pax(&[("size", "0")]), block.clone()]), "n", b"");
    for lie in ["-1", "0x10", "18446744073709551616", "1 ", "٣"] {
        fails(&end(&[pax(&[("size", lie)]), block.clone(), padded(&content)]), "malformed", Some("TAR-20"));
    }
    for lie in ["18446744073709551615", "3000"] {
        fails(&end(&[pax(&[("size", lie)]), block.clone(), padded(&content)]), "malformed", Some("TAR-18"));
    }
}

#[test]
fn records_of_another_shape_are_malformed() {
    for body in [
        "x",
        "10 path=a",
        "8 path=a\n",
        "11 path=a\n",
        "0 \n",
        "3 \n",
        "5 ab\n",
        " path=a\n",
        "99999999999999999999 a=b\n",
        "10 path=a\nx",
    ] {
        let archive = end(&[entry(EntryType::XHeader, "x", body.as_bytes()), regular("n", b"x")]);
        fails(&archive, "malformed", Some("TAR-20"));
    }
    opens(&end(&[entry(EntryType::XHeader, "x", b""), regular("n", b"x")]), "n", b"x");
}

#[test]
fn old_headers_open() {
    let block = header(Header::new_old(), EntryType::Regular, b"v7", 1);
    opens(&end(&[block, padded(b"x")]), "v7", b"x");
    let block = header(Header::new_old(), EntryType::new(0), b"v7", 1);
    opens(&end(&[block, padded(b"x")]), "v7", b"x");
    let block = header(Header::new_gnu(), EntryType::Regular, b"gnu", 1);
    opens(&end(&[block, padded(b"x")]), "gnu", b"x");
    // Type 7 is a file with advice for the disk: no writer of containers emits it.
    fails(&end(&[header(Header::new_ustar(), EntryType::Continuous, b"n", 0)]), "not-a-file", None);
}

#[test]
fn headers_that_do_not_matter_are_ignored() {
    let link = entry(EntryType::GNULongLink, "././@LongLink", b"somewhere\0");
    for archive in [
        end(&[global(record("path", "elsewhere").as_bytes()), regular("n", b"x")]),
        end(&[link.clone(), regular("n", b"x")]),
        end(&[link, global(b"garbage"), global(b""), regular("n", b"x")]),
    ] {
        opens(&archive, "n", b"x");
    }
}

#[test]
fn ends_of_every_kind() {
    let whole = end(&[regular("n", b"abc")]);
    for length in [515, 516, 1023, 1024, 1025, 1400, 1536, 1537, 2047, 2048] {
        opens(&whole[..length], "n", b"abc");
    }
    opens(&[whole.clone(), vec![0; 20_000]].concat(), "n", b"abc");
    opens(&end(&[regular("empty", b"")]), "empty", b"");
    opens(&regular("empty", b""), "empty", b"");
}

#[test]
fn every_truncation_that_loses_something_is_malformed() {
    let archive = [pax(&[("path", "é")]), regular("n", &[b'x'; 600])].concat();
    // PAX header, its record, its padding, file header, body.
    for length in (1..archive.len() - 424).filter(|length| length % 37 == 0 || length % 512 < 3 || length % 512 > 509) {
        fails(&archive[..length], "malformed", Some("TAR-18"));
    }
    opens(&archive[..archive.len() - 424], "é", &[b'x'; 600]);
    fails(&end(&[pax(&[("path", "é")])]), "malformed", Some("TAR-18"));
    fails(&end(&[regular("n", b"x"), pax(&[("path", "é")])]), "malformed", Some("TAR-18"));
}

#[test]
fn several_entries_by_option() {
    let archive = end(&[regular("a", b"one"), regular("b", b"two")]);
    fails(&archive, "several-entries", None);
    assert_eq!(first(&archive).unwrap().content, b"one");
    let all: Vec<_> = list(&archive).unwrap().into_iter().map(|file| (file.name.unwrap().raw, file.content)).collect();
    assert_eq!(all, [("a".to_owned(), b"one".to_vec()), ("b".to_owned(), b"two".to_vec())]);
    // A name for the second entry does not reach the first one.
    let archive = end(&[regular("a", b"one"), pax(&[("path", "z")]), regular("b", b"two")]);
    assert_eq!(list(&archive).unwrap()[1].name.as_ref().unwrap().raw, "z");
    assert_eq!(first(&archive).unwrap().name.unwrap().raw, "a");
    fails(&end(&[regular("a", b"one"), entry(EntryType::Directory, "d", b"")]), "several-entries", None);
}

#[test]
fn what_is_no_file() {
    for kind in [
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
        EntryType::new(b'V'),
    ] {
        let archive = end(&[entry(kind, "n", b"")]);
        fails(&archive, "not-a-file", None);
        assert_eq!(first(&archive).unwrap().content, b"");
        assert_eq!(list(&archive).unwrap_err().code, "not-a-file");
        let mixed = end(&[entry(kind, "n", b""), regular("f", b"x")]);
        let header = file::inspect(&mut Cursor::new(container(&mixed))).unwrap();
        let opened =
            file::open_withheld(&key(), &header, Cursor::new(container(&mixed)), Entries::List, |_| Ok(Vec::new()));
        let opened = opened.unwrap();
        assert_eq!((opened.files[0].1.as_slice(), opened.skipped[0].raw.as_str()), (&b"x"[..], "n"));
    }
}

#[test]
fn a_link_has_no_content_whatever_its_size_says() {
    let link = header(Header::new_ustar(), EntryType::Symlink, b"link", 5_000);
    fails(&end(std::slice::from_ref(&link)), "not-a-file", None);
    assert_eq!(list(&end(&[link.clone(), regular("f", b"x")])).unwrap()[0].content, b"x");
    assert_eq!(first(&end(&[link])).unwrap().content, b"");
    // Another unknown kind has one: it is no file, whether that is all there or not.
    fails(&header(Header::new_ustar(), EntryType::new(b'V'), b"v", 5_000), "not-a-file", None);
    let unknown = entry(EntryType::new(b'V'), "v", &[1; 700]);
    assert_eq!(list(&end(&[unknown, regular("f", b"x")])).unwrap()[0].content, b"x");
}

#[test]
fn data_after_the_end() {
    let mut archive = end(&[regular("n", b"x")]);
    archive.extend([0; 512]);
    archive.push(1);
    let failure = one(&archive).unwrap_err();
    assert_eq!((failure.code, failure.rule, failure.at), ("malformed", Some("TAR-17"), Some(archive.len() as u64 - 1)));
    assert_eq!(list(&archive).unwrap_err().rule, Some("TAR-17"));
    assert_eq!(first(&archive).unwrap().content, b"x");
    // An archive after the end of the first one is data too.
    fails(&[end(&[regular("n", b"x")]), end(&[regular("m", b"y")])].concat(), "malformed", Some("TAR-17"));
}

#[test]
fn nothing_inside() {
    for archive in [&[][..], &[0], &[0; 511], &[0; 512], &[0; 1024], &[0; 70_000], &end(&[global(b"g")])] {
        fails(archive, "empty-archive", None);
        assert_eq!(first(archive).unwrap_err().code, "empty-archive");
        assert_eq!(list(archive).unwrap_err().code, "empty-archive");
    }
}

#[test]
fn checksums_count_every_byte() {
    let good = end(&[regular("n", b"x")]);
    for place in 0..512 {
        let mut bad = good.clone();
        bad[place] ^= 0x40;
        fails(&bad, "malformed", Some("TAR-18"));
    }
    // Bytes above 127 are counted unsigned.
    opens(&end(&[regular("é", b"x")]), "é", b"x");
    let failure = one(&end(&[global(b"g"), vec![b'?'; 512]])).unwrap_err();
    assert_eq!((failure.rule, failure.at), (Some("TAR-18"), Some(1024)));
}

#[test]
fn sizes_that_lie() {
    let block = header(Header::new_ustar(), EntryType::Regular, b"n", 1);
    let sized = |field: &[u8; 12]| changed(block.clone(), |block| block[124..136].copy_from_slice(field));
    opens(&end(&[sized(b"1          \0"), padded(b"x")]), "n", b"x");
    opens(&end(&[sized(b"\x80\0\0\0\0\0\0\0\0\0\0\x01"), padded(b"x")]), "n", b"x");
    for field in [
        b"77777777777\0",
        b"777777777777",
        b"9          \0",
        b"-1         \0",
        b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\0\0\x01\0\0\0\0\0\0\0\x01",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        fails(&end(&[sized(field), padded(b"x")]), "malformed", Some("TAR-18"));
    }
}

#[test]
fn bounds_of_names_and_extended_headers() {
    let named = |length: usize| end(&[pax(&[("path", &"n".repeat(length))]), regular("n", b"x")]);
    opens(&named(4_096), &"n".repeat(4_096), b"x");
    fails(&named(4_097), "too-large", None);
    let gnu = |length: usize| {
        let body = [vec![b'n'; length], vec![0]].concat();
        end(&[entry(EntryType::GNULongName, "././@LongLink", &body), regular("n", b"x")])
    };
    opens(&gnu(4_096), &"n".repeat(4_096), b"x");
    fails(&gnu(4_097), "too-large", None);
    for kind in [EntryType::XHeader, EntryType::XGlobalHeader, EntryType::GNULongLink] {
        let comment = |length: usize| {
            let rest = length - " comment=\n".len() - 5;
            let body = record("comment", &"c".repeat(rest));
            assert_eq!(body.len(), length);
            end(&[entry(kind, "x", body.as_bytes()), regular("n", b"x")])
        };
        opens(&comment(65_536), "n", b"x");
        fails(&comment(65_537), "too-large", None);
    }
    // A length that lies is refused before anything is kept.
    let huge = header(Header::new_ustar(), EntryType::XHeader, b"x", 0o77_777_777_777);
    fails(&huge, "too-large", None);
}

#[test]
fn names_that_are_none() {
    for name in [&b"a\xff"[..], b"\xc3"] {
        let archive = end(&[header(Header::new_ustar(), EntryType::Regular, name, 0)]);
        fails(&archive, "malformed", Some("TAR-22"));
    }
    let nul = end(&[pax(&[("path", "a\0b")]), regular("n", b"x")]);
    let failure = one(&nul).unwrap_err();
    assert_eq!((failure.rule, failure.at), (Some("TAR-22"), Some(1024)));
    // TAR-21: an empty name is no error, and both forms are told.
    let file = one(&end(&[regular("", b"x")])).unwrap().name.unwrap();
    assert_eq!((file.raw.as_str(), file.safe.as_str()), ("", "unnamed"));
    let file = one(&end(&[regular("../../CON.txt", b"x")])).unwrap().name.unwrap();
    assert_eq!((file.raw.as_str(), file.safe.as_str()), ("../../CON.txt", "_CON.txt"));
}

/// Headers and bodies on both sides of the border between the pieces in which an envelope is opened.
#[test]
fn borders_of_pieces_do_not_show() {
    for filler in (64_000..65_000).step_by(512) {
        let archive = end(&[global(&vec![b'g'; filler]), pax(&[("path", "é")]), regular("n", &[b'x'; 70_000])]);
        opens(&archive, "é", &[b'x'; 70_000]);
        fails(&archive[..archive.len() - 3_000], "malformed", Some("TAR-18"));
    }
}
