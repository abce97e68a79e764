//! What stands before the envelope: BSON headers of every shape, and the legacy form.

use super::super::archive::{end, regular};
use super::super::envelope::sealed;
use super::super::message::{OTHER, SESSION, SESSION_S64};
use super::super::{Draft, GenerateError, pattern};
use super::{Ours, container_header, document, element, file, file_flag, mid, string, version};
use crate::binary::Binary;
use crate::kinds::file_open::{self, Container, FileOpen, OneFile, Wanted};

pub(super) fn headers() -> Result<Draft<FileOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/file-open-headers", "file-head");
    let ours = Ours::new();
    let content = b"content";
    let archive = end(&[regular("n", content)]);
    let envelope = sealed(&ours.key, "headers", &archive)?;
    let with = |document: &[u8]| [container_header(document), envelope.clone()].concat();
    let good = || vec![file("n", "n", content)];
    let int32 = |value: u32| element(0x10, "v", &value.to_le_bytes());
    let deep = |depth: usize| {
        let mut inner = document(&[]);
        for _ in 1..depth {
            inner = document(&[element(3, "d", &inner)]);
        }
        document(&[mid(SESSION_S64), element(3, "d", &inner)])
    };
    for (rule, comment, bson, version_read) in [
        ("FILE-01", "as written", document(&[version("1"), mid(SESSION_S64)]), Some("1")),
        ("FILE-10", "version missing", document(&[mid(SESSION_S64)]), None),
        ("FILE-10", "version 9", document(&[version("9"), mid(SESSION_S64)]), Some("9")),
        ("FILE-10", "version empty", document(&[version(""), mid(SESSION_S64)]), Some("")),
        ("FILE-11", "version as int32", document(&[int32(1), mid(SESSION_S64)]), Some("1")),
        ("FILE-12", "the other order", document(&[mid(SESSION_S64), version("1")]), Some("1")),
        (
            "FILE-12",
            "extra fields of many types",
            document(&[
                element(1, "a", &1.5_f64.to_le_bytes()),
                element(8, "b", &[1]),
                mid(SESSION_S64),
                element(10, "c", &[]),
                version("1"),
                element(4, "d", &document(&[element(2, "0", &string("x"))])),
            ]),
            Some("1"),
        ),
        ("FILE-13", "mid padded", document(&[version("1"), mid("WiIXIjbEQe6+VgJCrBIAAg==")]), Some("1")),
        ("FILE-13", "mid with spare bits", document(&[version("1"), mid("WiIXIjbEQe6+VgJCrBIAAv")]), Some("1")),
        ("FILE-03", "nested fifteen deep inside", deep(15), None),
    ] {
        let input = ours.input(&mut draft, Wanted::One, &with(&bson));
        draft.valid(rule, comment, input, ours.output(version_read, good()), content.len() as u64);
    }
    let hyphenated = document(&[version("1"), mid(SESSION)]);
    let wrong = |change: fn(u32) -> u32| {
        let bson = document(&[version("1"), mid(SESSION_S64)]);
        let length = change(bson.len() as u32);
        [b"SEALD.IO_", &length.to_le_bytes()[..], &bson, &envelope].concat()
    };
    let inner_length = |change: u8| {
        let mut bson = document(&[version("1"), mid(SESSION_S64)]);
        if let Some(byte) = bson.first_mut() {
            *byte = byte.wrapping_add(change);
        }
        with(&bson)
    };
    let filler = |length: usize| {
        let bytes = [&(length as u32).to_le_bytes()[..], &vec![0; length + 1]].concat();
        document(&[mid(SESSION_S64), element(5, "x", &bytes)])
    };
    for (rule, comment, container) in [
        ("FILE-14", "mid hyphenated", with(&hyphenated)),
        ("FILE-14", "mid hyphenated in upper case", with(&document(&[mid(&SESSION.to_uppercase())]))),
        ("FILE-14", "mid empty", with(&document(&[mid("")]))),
        ("FILE-14", "mid of 21 characters", with(&document(&[mid(&SESSION_S64[..21])]))),
        ("FILE-14", "mid in the url alphabet", with(&document(&[mid(&SESSION_S64.replace('+', "-"))]))),
        ("FILE-14", "mid the nil UUID", with(&document(&[mid(&"A".repeat(22))]))),
        ("FILE-15", "mid missing", with(&document(&[version("1")]))),
        ("FILE-15", "an empty document", with(&document(&[]))),
        ("FILE-15", "mid twice", with(&document(&[mid(SESSION_S64), mid(SESSION_S64)]))),
        ("FILE-15", "mid twice, of two sessions", with(&document(&[mid(SESSION_S64), mid("AAAAAAAAEACgAH6jAAAAGA")]))),
        (
            "FILE-15",
            "mid binary",
            with(&document(&[element(5, "mid", &[&[16, 0, 0, 0, 4][..], &[0x11; 16]].concat())])),
        ),
        ("FILE-15", "mid a symbol", with(&document(&[element(14, "mid", &string(SESSION_S64))]))),
        ("FILE-15", "mid null", with(&document(&[element(10, "mid", &[])]))),
        ("FILE-15", "mid in another case", with(&document(&[element(2, "MID", &string(SESSION_S64))]))),
        ("FILE-03", "an unknown element type", with(&document(&[mid(SESSION_S64), element(0x20, "x", &[])]))),
        (
            "FILE-03",
            "a string that is not UTF-8",
            with(&document(&[mid(SESSION_S64), element(2, "x", &[2, 0, 0, 0, 0xff, 0])])),
        ),
        (
            "FILE-03",
            "a string longer than the document",
            with(&document(&[element(2, "mid", &[0xff, 0, 0, 0, b'x', 0])])),
        ),
        ("FILE-03", "a negative length", with(&document(&[element(2, "mid", &[0xff, 0xff, 0xff, 0xff, b'x', 0])]))),
        ("FILE-03", "a string without its NUL", with(&document(&[element(2, "mid", &[1, 0, 0, 0, b'x'])]))),
        ("FILE-03", "nested sixteen deep inside", with(&deep(16))),
        ("FILE-16", "length one more", wrong(|length| length + 1)),
        ("FILE-16", "length one less", wrong(|length| length - 1)),
        ("FILE-16", "length in big-endian order, small enough", wrong(|_| 0x2e00)),
        ("FILE-16", "the document says one more", inner_length(1)),
        ("FILE-16", "the document says one less", inner_length(255)),
        ("FILE-16", "length four", [b"SEALD.IO_", &4_u32.to_le_bytes()[..], &envelope].concat()),
        ("FILE-17", "length zero", wrong(|_| 0)),
        ("FILE-18", "length 65537", with(&filler(65_537 - 45))),
        ("FILE-18", "length 2^31", wrong(|_| 1 << 31)),
        ("FILE-18", "length 2^32 - 1", wrong(|_| u32::MAX)),
        ("FILE-20", "nothing", Vec::new()),
        ("FILE-20", "one byte", b"S".to_vec()),
        ("FILE-20", "eight bytes", b"SEALD.IO".to_vec()),
        ("FILE-20", "nine bytes", b"SEALD.IO_".to_vec()),
        ("FILE-20", "twelve bytes", b"SEALD.IO_\x2e\0\0".to_vec()),
        ("FILE-20", "half a document", with(&hyphenated)[..40].to_vec()),
        ("ENV-06", "no envelope", container_header(&document(&[version("1"), mid(SESSION_S64)]))),
        ("HTML-02", "another magic", with(&hyphenated).iter().map(|&byte| byte ^ 0x20).collect()),
        ("HTML-02", "a byte in front of the magic", [b" ", &with(&document(&[mid(SESSION_S64)]))[..]].concat()),
    ] {
        let input = ours.input(&mut draft, Wanted::One, &container);
        draft.invalid(rule, comment, input, "malformed", &[file_flag(rule)]);
    }
    // A document of 65,536 bytes is read.
    let longest = with(&filler(65_536 - 45));
    let input = ours.input(&mut draft, Wanted::One, &longest);
    draft.valid("FILE-18", "length 65536", input, ours.output(None, good()), content.len() as u64);
    let container = with(&document(&[version("1"), mid(SESSION_S64)]));
    let other = file_open::Input { session: Some(OTHER.to_owned()), ..ours.input(&mut draft, Wanted::One, &container) };
    draft.invalid("FILE-19", "another session is expected", other, "wrong-session", &["HeaderTrick"]);
    let any = file_open::Input { session: None, ..ours.input(&mut draft, Wanted::One, &container) };
    draft.valid("FILE-19", "no session is expected", any, ours.output(Some("1"), good()), content.len() as u64);
    legacy(&mut draft, &ours)?;
    Ok(draft)
}

fn legacy(draft: &mut Draft<FileOpen>, ours: &Ours) -> Result<(), GenerateError> {
    for length in [0, 1, 16, 1_000] {
        let clear = pattern(length);
        let envelope = sealed(&ours.key, "legacy file", &clear)?;
        let container = [b"SEALD.IO_Encrypted_File", SESSION_S64.as_bytes(), &envelope].concat();
        let output = file_open::Output {
            kind: Container::Legacy,
            ..ours.output(None, vec![OneFile { name: None, content: Binary::of(&clear) }])
        };
        let input = ours.input(draft, Wanted::One, &container);
        draft.valid("OLD-05", format!("legacy form, {length} bytes"), input, output, length as u64);
        let mut damaged = container;
        if let Some(byte) = damaged.last_mut() {
            *byte ^= 1;
        }
        let input = ours.input(draft, Wanted::One, &damaged);
        let comment = format!("legacy form, {length} bytes, MAC damaged");
        draft.invalid("OLD-05", comment, input, "rejected", &["EarlyRelease"]);
    }
    for (comment, tail) in [
        ("no id", &b""[..]),
        ("half an id", b"WiIXIjbEQe6"),
        ("a hyphenated id", &SESSION.as_bytes()[..22]),
        ("an id that is none", &[b'A'; 22]),
        ("an id that is not text", &[0xff; 22]),
    ] {
        let container = [b"SEALD.IO_Encrypted_File", tail].concat();
        let input = ours.input(draft, Wanted::One, &container);
        draft.invalid("OLD-05", format!("legacy form, {comment}"), input, "malformed", &["HeaderTrick"]);
    }
    Ok(())
}
