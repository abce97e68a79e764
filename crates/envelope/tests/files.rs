//! The peers' file containers, good and damaged, and our writer against theirs (FILE-01 to FILE-31, TAR-01 to TAR-03).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{Failure, bytes, open_everywhere, open_file_everywhere, pattern, peer, peer_json, withhold_files};
use sealwright_envelope::file::{self, Entries, FileError, Kind, SealFileError, SingleEntry};
use sealwright_envelope::hazmat::seal_file_with_iv;
use sealwright_envelope::name::safe;
use sealwright_envelope::{SealError, SymKey};
use sealwright_types::{Coded, SessionId, b64};
use serde_json::Value;
use std::io::{Cursor, Read, Seek};

struct Peer {
    manifest: Value,
    key: SymKey,
    session: SessionId,
}

fn manifest() -> Peer {
    let manifest = peer_json("files/manifest.json");
    let key = SymKey::from_bytes(&bytes(&manifest["key"])).unwrap();
    let session = manifest["sessionId"].as_str().unwrap().parse().unwrap();
    Peer { manifest, key, session }
}

fn read(path: &Value) -> Vec<u8> {
    std::fs::read(peer(path.as_str().unwrap())).unwrap()
}

#[test]
fn every_good_file_opens() {
    let Peer { manifest, key, session } = manifest();
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 50);
    for entry in files {
        let container = read(&entry["file"]);
        let header = file::inspect(&mut Cursor::new(&container)).unwrap();
        assert_eq!((header.kind, header.session, header.version.as_deref()), (Kind::Binary, session, Some("1")));
        header.expect_session(session).unwrap();
        for single in [SingleEntry::Only, SingleEntry::First] {
            let opened = open_file_everywhere(&key, &container, single).unwrap();
            assert_eq!(opened.content, pattern(entry["clearLength"].as_u64().unwrap() as usize));
            let name = opened.name.unwrap();
            assert_eq!(name.raw, entry["filename"].as_str().unwrap());
            assert_eq!(name.safe, safe(&name.raw));
            assert!(!name.safe.contains(['/', '\\', '\n']) && name.safe != "..");
        }
        // The same as base64 text (FILE-30), with line breaks too.
        let text = b64::encode(&container);
        for text in
            [text.clone(), text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + "\r\n").collect()]
        {
            assert_eq!(file::inspect(&mut Cursor::new(&text)).unwrap().kind, Kind::Base64);
            let opened = open_file_everywhere(&key, text.as_bytes(), SingleEntry::Only).unwrap();
            assert_eq!(opened.content.len() as u64, entry["clearLength"].as_u64().unwrap());
        }
    }
}

#[test]
fn our_writer_gives_the_bytes_of_go() {
    let Peer { manifest, key, session } = manifest();
    let mut compared = 0;
    for entry in manifest["files"].as_array().unwrap() {
        let name = entry["filename"].as_str().unwrap();
        let content = pattern(entry["clearLength"].as_u64().unwrap() as usize);
        let length = content.len() as u64;
        let iv = bytes(&entry["iv"]).try_into().unwrap();
        let mut container = Vec::new();
        seal_file_with_iv(&key, session, &iv, name, length, &content[..], &mut container).unwrap();
        assert_eq!(Some(container.len() as u64), file::sealed_length(name, length), "{name}");
        if entry["by"] == "go" && name.is_ascii() && name.len() <= 100 {
            compared += 1;
            assert_eq!(container, read(&entry["file"]), "{name}");
        }
        if name.len() <= 100 || !name.contains('/') {
            assert_eq!(container.len() as u64, entry["encryptedLength"].as_u64().unwrap(), "{name}");
        }
        let opened = open_file_everywhere(&key, &container, SingleEntry::Only).unwrap();
        assert_eq!((opened.name.unwrap().raw.as_str(), opened.content), (name, content));
    }
    assert!(compared >= 15, "{compared}");
}

#[test]
fn raw_files_and_text_input() {
    let Peer { manifest, key, session } = manifest();
    assert_eq!(open_everywhere(&key, &read(&manifest["raw"]["file"])).unwrap(), pattern(100));
    let text = manifest["stringInput"]["encryptedBase64"].as_str().unwrap();
    assert_eq!(file::inspect(&mut Cursor::new(text)).unwrap().session, session);
    let opened = open_file_everywhere(&key, text.as_bytes(), SingleEntry::Only).unwrap();
    assert_eq!(opened.content, manifest["stringInput"]["clear"].as_str().unwrap().as_bytes());
    assert_eq!(opened.name.unwrap().raw, "s.txt");
}

/// The content opens, or code and rule of the refusal.
type Verdict = Result<(), (&'static str, Option<&'static str>)>;

const NEGATIVES: [(&str, Verdict); 33] = [
    ("empty-file", Err(("malformed", Some("FILE-20")))),
    ("magic-only", Err(("malformed", Some("FILE-20")))),
    ("magic-cut", Err(("malformed", Some("FILE-20")))),
    ("magic-wrong", Err(("malformed", Some("HTML-02")))),
    ("header-length-cut", Err(("malformed", Some("FILE-20")))),
    ("header-cut", Err(("malformed", Some("FILE-20")))),
    ("header-only", Err(("malformed", Some("ENV-06")))),
    ("header-length-too-big-by-5", Err(("malformed", Some("FILE-16")))),
    ("header-length-huge", Err(("malformed", Some("FILE-18")))),
    ("header-length-zero", Err(("malformed", Some("FILE-17")))),
    ("other-session-id", Err(("wrong-session", None))),
    ("mid-with-non-zero-spare-bits-in-its-last-character-decodes-to-the-same-UUID-", Ok(())),
    ("mid-with-padding-", Ok(())),
    ("mid-missing", Err(("malformed", Some("FILE-15")))),
    ("mid-as-full-UUID", Err(("malformed", Some("FILE-14")))),
    ("version-2-in-header", Ok(())),
    ("version-missing", Ok(())),
    ("extra-header-field", Ok(())),
    ("field-order-swapped", Ok(())),
    ("last-mac-byte-flipped", Err(("rejected", None))),
    ("content-byte-flipped", Err(("rejected", None))),
    ("cut-by-1-byte", Err(("malformed", Some("ENV-06")))),
    ("cut-by-512-bytes", Err(("rejected", None))),
    ("one-byte-appended", Err(("malformed", Some("ENV-06")))),
    ("tar-with-two-files", Err(("several-entries", None))),
    ("tar-with-directory-only", Err(("not-a-file", None))),
    ("tar-with-symlink", Err(("not-a-file", None))),
    ("tar-empty-archive", Err(("empty-archive", None))),
    ("tar-zero-length", Err(("empty-archive", None))),
    ("tar-garbage", Err(("malformed", Some("TAR-18")))),
    ("tar-cut-inside-the-content", Err(("malformed", Some("TAR-18")))),
    ("tar-without-the-two-end-blocks-JS-tolerates-", Ok(())),
    ("tar-header-checksum-wrong", Err(("malformed", Some("TAR-18")))),
];

#[test]
fn every_odd_file_gets_our_verdict() {
    let Peer { manifest, key, session } = manifest();
    let negatives = manifest["negatives"].as_array().unwrap();
    assert_eq!(negatives.len(), NEGATIVES.len());
    for (negative, (name, expected)) in negatives.iter().zip(NEGATIVES) {
        assert_eq!(negative["file"], format!("files/neg_{name}.seald"));
        let container = read(&negative["file"]);
        let belongs = file::inspect(&mut Cursor::new(&container)).and_then(|header| header.expect_session(session));
        let got = match belongs {
            Err(error @ FileError::WrongSession { .. }) => Err(error.into()),
            _ => open_file_everywhere(&key, &container, SingleEntry::Only),
        };
        match (expected, got) {
            (Ok(()), Ok(opened)) if name.starts_with("tar-without") => assert_eq!(opened.content, [b'a'; 600]),
            (Ok(()), Ok(opened)) => assert_eq!(opened.content, pattern(2000), "{name}"),
            (Err((code, rule)), Err(failure)) => assert_eq!((failure.code, failure.rule), (code, rule), "{name}"),
            (expected, got) => panic!("{name}: {expected:?} but {got:?}"),
        }
    }
}

#[test]
fn the_versions_that_headers_report() {
    for (name, expected) in
        [("version-2-in-header", Some("2")), ("version-missing", None), ("extra-header-field", Some("1"))]
    {
        let container = std::fs::read(peer(&format!("files/neg_{name}.seald"))).unwrap();
        assert_eq!(file::inspect(&mut Cursor::new(&container)).unwrap().version.as_deref(), expected, "FILE-10");
    }
}

#[test]
fn two_files_by_the_other_options() {
    let Peer { key, .. } = manifest();
    let container = std::fs::read(peer("files/neg_tar-with-two-files.seald")).unwrap();
    let first = open_file_everywhere(&key, &container, SingleEntry::First).unwrap();
    let all = withhold_files(&key, Cursor::new(&container), Entries::List).unwrap();
    assert_eq!((all.len(), &all[0]), (2, &first), "TAR-15");
}

#[test]
fn the_file_that_a_peer_takes_for_good_is_rejected() {
    let Peer { key, .. } = manifest();
    let container = std::fs::read(peer("files/tampered_js_accepts_15000.seald")).unwrap();
    let rejected = Failure { code: "rejected", rule: None, at: None };
    assert_eq!(open_file_everywhere(&key, &container, SingleEntry::Only), Err(rejected.clone()));
    assert_eq!(open_file_everywhere(&key, &container, SingleEntry::First), Err(rejected));
}

#[test]
fn headers_of_other_shapes() {
    let mid = |kind: u8, value: &[u8]| [&[kind], &b"mid\0"[..], value].concat();
    let string = |text: &str| [&(text.len() as u32 + 1).to_le_bytes()[..], text.as_bytes(), &[0]].concat();
    let document = |elements: &[Vec<u8>]| {
        let body = elements.concat();
        [&(body.len() as u32 + 5).to_le_bytes()[..], &body, &[0]].concat()
    };
    let container = |document: Vec<u8>| [file::MAGIC, &(document.len() as u32).to_le_bytes()[..], &document].concat();
    let id = "AAAAAAAAEACgAH6jAAAAGA";
    let good = mid(2, &string(id));
    let version = |value: &[u8]| [&b"\x10v\0"[..], value].concat();
    for (elements, expected) in [
        (vec![good.clone()], Ok(None)),
        (vec![good.clone(), version(&1_u32.to_le_bytes())], Ok(Some("1"))),
        (vec![version(&9_u32.to_le_bytes()), good.clone()], Ok(Some("9"))),
        (vec![mid(2, &string("AAAAAAAAEACgAH6jAAAAGA=="))], Ok(None)),
        (vec![mid(2, &string("AAAAAAAAEACgAH6jAAAAGD"))], Ok(None)),
        (vec![mid(2, &string("00000000-0000-1000-a000-7ea300000018"))], Err("FILE-14")),
        (vec![mid(2, &string("00000000-0000-1000-A000-7EA300000018"))], Err("FILE-14")),
        (vec![mid(2, &string(""))], Err("FILE-14")),
        (vec![good.clone(), good.clone()], Err("FILE-15")),
        (vec![mid(5, &[16, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 16, 0, 160, 0, 126, 163, 0, 0, 0, 24])], Err("FILE-15")),
        (vec![mid(0x0e, &string(id))], Err("FILE-15")),
        (vec![mid(10, &[])], Err("FILE-15")),
        (vec![], Err("FILE-15")),
        (vec![good.clone(), b"\x20x\0".to_vec()], Err("FILE-16")),
        (vec![mid(2, &[0xff; 30])], Err("FILE-16")),
    ] {
        let got = file::inspect(&mut Cursor::new(container(document(&elements))));
        let got = got.map(|header| header.version).map_err(|error| Failure::from(error).rule.unwrap());
        assert_eq!(got.as_ref().map(|version| version.as_deref()).map_err(|rule| *rule), expected, "{elements:?}");
    }
    // 45 bytes beside the binary: the first document has 65,536 bytes, the second one more.
    for (binary, expected) in [(65_491_u32, None), (65_492, Some("FILE-18"))] {
        let filler = [&b"\x05x\0"[..], &binary.to_le_bytes(), &vec![0; binary as usize + 1]].concat();
        let bytes = document(&[good.clone(), filler]);
        assert_eq!(bytes.len(), 45 + binary as usize);
        let got =
            file::inspect(&mut Cursor::new(container(bytes))).err().map(|error| Failure::from(error).rule.unwrap());
        assert_eq!(got, expected);
    }
}

/// A header length that lies must not make anybody reserve or read what is not there.
#[test]
fn a_header_length_is_bounded_before_anything_is_reserved() {
    let mut container = [&file::MAGIC[..], &u32::MAX.to_le_bytes()].concat();
    container.resize(200, 0);
    let mut source = Cursor::new(container);
    assert_eq!(Failure::from(file::inspect(&mut source).unwrap_err()).rule, Some("FILE-18"));
    assert!(source.stream_position().unwrap() <= 23);
}

#[test]
fn what_cannot_be_written_says_why() {
    let Peer { key, session, .. } = manifest();
    let seal = |key: &SymKey, name: &str, length: u64, content: &[u8]| {
        file::seal(key, session, name, length, content, std::io::sink()).unwrap_err()
    };
    for name in ["", "a\0b", &"x".repeat(257), &"\u{1f600}".repeat(129)] {
        assert!(matches!(seal(&key, name, 1, b"x"), SealFileError::Name), "TAR-03");
    }
    assert!(matches!(seal(&key, "n", 0o100_000_000_000, b"x"), SealFileError::TooLarge), "TAR-03");
    assert!(matches!(seal(&key, "n", 2, b"x"), SealFileError::Length(2)));
    assert!(matches!(seal(&key, "n", 0, b"x"), SealFileError::Length(0)));
    let short = SymKey::from_bytes(&[1; 32]).unwrap();
    let error = seal(&short, "n", 1, b"x");
    assert!(matches!(error, SealFileError::Seal(SealError::ShortKey)) && error.code() == "key-length", "ENV-02");
    for name in ["x".repeat(256), "\u{1f600}".repeat(128)] {
        let mut container = Vec::new();
        file::seal(&key, session, &name, 0, &b""[..], &mut container).unwrap();
        assert_eq!(open_file_everywhere(&key, &container, SingleEntry::Only).unwrap().name.unwrap().raw, name);
    }
}

#[test]
fn the_table_of_sizes() {
    for (name, length, expected) in [
        ("a", 0, 1_659),
        ("a", 1, 2_171),
        ("a", 512, 2_171),
        ("a", 513, 2_683),
        ("é", 10, 3_195),
        ("a", 1 << 20, 1_050_235),
    ] {
        assert_eq!(file::sealed_length(name, length), Some(expected), "{name} {length}");
    }
    assert_eq!(file::sealed_length("a", u64::MAX), None);
}

#[test]
fn a_container_that_changes_between_the_passes_never_ends_cleanly() {
    let Peer { key, session, .. } = manifest();
    let container = |fill: u8, iv: [u8; 16]| {
        let mut container = Vec::new();
        seal_file_with_iv(&key, session, &iv, "n", 200_000, &vec![fill; 200_000][..], &mut container).unwrap();
        container
    };
    let (first, second) = (container(1, [1; 16]), container(2, [2; 16]));
    let header = file::inspect(&mut Cursor::new(&first)).unwrap();
    let mut damaged = first.clone();
    damaged[100_000] ^= 1;
    for (after, clean) in [(first.clone(), true), (second, false), (damaged, false), (first[..150_000].to_vec(), false)]
    {
        let source = Swapped { now: Cursor::new(first.clone()), after: Some(after), seeks: 0 };
        let mut content = Vec::new();
        let ended = file::open(&key, &header, source, SingleEntry::Only).map_err(std::io::Error::other);
        let ended = ended.and_then(|mut opened| {
            let first_end = opened.read_to_end(&mut content).map(drop);
            assert_eq!(opened.read_to_end(&mut Vec::new()).is_ok(), first_end.is_ok(), "an error stays");
            first_end
        });
        assert_eq!(ended.is_ok(), clean, "{ended:?}");
    }
}

/// A source that becomes another one when it is read the second time.
struct Swapped {
    now: Cursor<Vec<u8>>,
    after: Option<Vec<u8>>,
    seeks: usize,
}

impl Read for Swapped {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.now.read(buffer)
    }
}

impl Seek for Swapped {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.seeks += 1;
        if self.seeks == 2 {
            self.now = Cursor::new(self.after.take().unwrap());
        }
        self.now.seek(to)
    }
}
