//! `seal`, `open`, `commit`.

use super::reference::{blob, commit};
use super::{Draft, Files, GenerateError, OWN, STATED, TXID, binary, counting, json, process};
use crate::kinds::process::sealing::{Blob, Commit, CommitIn, Committed, Encoded, Open, OpenIn, Seal, SealIn};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    seal().finish(files)?;
    open().finish(files)?;
    commitments().finish(files)
}

const KEY: [u8; 32] = {
    let mut key = [0; 32];
    let mut place = 0;
    while place < 32 {
        key[place] = place as u8;
        place += 1;
    }
    key
};

fn hello() -> Vec<u8> {
    binary("text/plain", b"hello")
}

fn seal() -> Draft<Seal> {
    let mut draft = Draft::ours("process/seal", "proc-seal");
    for (encoded, comment) in [
        (hello(), "the worked example"),
        (json("null"), "null"),
        (vec![], "nothing at all"),
        (binary("", &[0; 1000]), "a thousand bytes"),
    ] {
        let input =
            SealIn { key: hex::encode(KEY), nonce: hex::encode(counting::<12>()), encoded: hex::encode(&encoded) };
        let output = Blob { blob: hex::encode(blob(&KEY, counting(), &encoded)) };
        draft.accepts("PROC-10", OWN, comment, input, output, 0);
    }
    let with = |key: String| SealIn { key, nonce: hex::encode([0; 12]), encoded: String::new() };
    let upper = hex::encode(KEY).to_uppercase();
    draft.accepts(
        "PROC-12",
        OWN,
        "a key in upper case",
        with(upper),
        Blob { blob: hex::encode(blob(&KEY, [0; 12], &[])) },
        0,
    );
    for length in [0, 62, 63, 65, 66, 128] {
        draft.refuses("PROC-12", OWN, format!("a key of {length} digits"), with("a".repeat(length)), "bad-value");
    }
    for odd in ["g", " ", "é"] {
        let key = format!("{odd}{}", "a".repeat(64 - odd.len()));
        draft.refuses("PROC-12", OWN, "a character that is no digit", with(key), "bad-value");
    }
    draft
}

fn open() -> Draft<Open> {
    let mut draft = Draft::ours("process/open", "proc-open");
    let salt = [0xff; 32];
    let (encoded, key) = (hello(), hex::encode(KEY));
    let of =
        |label: &str, encoded: &[u8], salt: Option<&[u8; 32]>| hex::encode(commit(&process(), label, encoded, salt));
    let sealed = blob(&KEY, counting(), &encoded);
    let right = OpenIn {
        process: process(),
        attribute: "doc".into(),
        commitment: of("doc", &encoded, None),
        key: key.clone(),
        salt: None,
        blob: hex::encode(&sealed),
    };
    let blinded =
        OpenIn { commitment: of("doc", &encoded, Some(&salt)), salt: Some(hex::encode(salt)), ..right.clone() };
    let output = |encoded: &[u8]| Encoded { encoded: hex::encode(encoded) };
    draft.accepts("PROC-23", STATED, "the worked example", right.clone(), output(&encoded), encoded.len());
    draft.accepts("PROC-23", OWN, "blinded", blinded.clone(), output(&encoded), encoded.len());
    draft.accepts(
        "PROC-12",
        OWN,
        "key in upper case",
        OpenIn { key: key.to_uppercase(), ..right.clone() },
        output(&encoded),
        encoded.len(),
    );
    for value in [json("null"), json("\"é\""), binary("", &[0; 300])] {
        let input = OpenIn {
            commitment: of("doc", &value, None),
            blob: hex::encode(blob(&KEY, [9; 12], &value)),
            ..right.clone()
        };
        draft.accepts("PROC-11", OWN, format!("a value of {} bytes", value.len()), input, output(&value), value.len());
    }
    for place in 0..sealed.len() * 8 {
        let mut wrong = sealed.clone();
        wrong[place / 8] ^= 1 << (place % 8);
        let input = OpenIn { blob: hex::encode(wrong), ..right.clone() };
        draft.refuses("PROC-11", STATED, format!("bit {place} of the blob flipped"), input, "rejected");
    }
    for length in [0, 1, 11, 12, 27] {
        let input = OpenIn { blob: hex::encode(&sealed[..length]), ..right.clone() };
        draft.refuses("PROC-11", OWN, format!("cut to {length} bytes"), input, "malformed");
    }
    for length in [28, 29, sealed.len() - 1] {
        let input = OpenIn { blob: hex::encode(&sealed[..length]), ..right.clone() };
        draft.refuses("PROC-11", OWN, format!("cut to {length} bytes"), input, "rejected");
    }
    let longer = OpenIn { blob: hex::encode([sealed.as_slice(), &[0]].concat()), ..right.clone() };
    draft.refuses("PROC-11", OWN, "one byte more", longer, "rejected");
    let empty =
        OpenIn { blob: hex::encode(blob(&KEY, [0; 12], &[])), commitment: of("doc", &[], None), ..right.clone() };
    draft.refuses("PROC-11", OWN, "28 bytes, a blob of nothing, which is no value", empty, "undecodable");
    for (flipped, comment) in [(0, "first"), (31, "last")] {
        let mut wrong = KEY;
        wrong[flipped] ^= 1;
        let input = OpenIn { key: hex::encode(wrong), ..right.clone() };
        draft.refuses("PROC-11", STATED, format!("another key, {comment} byte"), input, "rejected");
    }
    for length in [62, 63, 66] {
        let input = OpenIn { key: "a".repeat(length), ..right.clone() };
        draft.refuses("PROC-12", OWN, format!("a key of {length} digits"), input, "bad-value");
    }
    let short_salt = OpenIn { salt: Some("f".repeat(63)), ..blinded.clone() };
    draft.refuses("PROC-12", OWN, "a salt of 63 digits", short_salt, "bad-value");
    let no_value = [&[2, 0], b"null".as_slice()].concat();
    let input = OpenIn {
        commitment: of("doc", &no_value, None),
        blob: hex::encode(blob(&KEY, [1; 12], &no_value)),
        ..right.clone()
    };
    draft.refuses("PROC-23", OWN, "what was sealed is no value, and is committed to", input, "undecodable");
    let other = json("\"other\"");
    for (input, comment) in [
        (OpenIn { attribute: "other".into(), ..right.clone() }, "blob and key of another attribute: the tag passes"),
        (OpenIn { attribute: "#roles".into(), ..right.clone() }, "as the roles document"),
        (OpenIn { process: format!("{TXID}:2"), ..right.clone() }, "of another process"),
        (OpenIn { commitment: of("doc", &other, None), ..right.clone() }, "the commitment to another value"),
        (
            OpenIn { blob: hex::encode(blob(&KEY, [1; 12], &other)), ..right.clone() },
            "another value under the same key",
        ),
        (OpenIn { salt: Some(hex::encode(salt)), ..right.clone() }, "a salt where none belongs"),
        (OpenIn { salt: None, ..blinded.clone() }, "the salt left out"),
        (OpenIn { salt: Some(hex::encode([0xfe; 32])), ..blinded.clone() }, "another salt"),
        (OpenIn { attribute: "other".into(), ..blinded }, "blinded, of another attribute"),
    ] {
        draft.refuses("PROC-23", OWN, comment, input, "commitment-mismatch");
    }
    draft
}

fn commitments() -> Draft<Commit> {
    let mut draft = Draft::ours("process/commit", "proc-commit");
    let reversed: String = TXID.as_bytes().chunks(2).rev().map(String::from_utf8_lossy).collect();
    for (rule, process, label, encoded, salt, comment) in [
        ("PROC-20", process(), "doc", hello(), None, "the worked example"),
        ("PROC-22", process(), "doc", hello(), Some([0xff; 32]), "the worked example, blinded"),
        ("PROC-22", process(), "doc", hello(), Some([0; 32]), "another salt"),
        ("PROC-20", process(), "title", json("\"é\""), None, "the worked example, title"),
        ("PROC-20", process(), "doc", json("null"), None, "another value"),
        ("PROC-20", process(), "ab", b"c".to_vec(), None, "ab and c"),
        ("PROC-20", process(), "a", b"bc".to_vec(), None, "a and bc"),
        ("PROC-20", process(), "#roles", json("{}"), None, "the roles document"),
        ("PROC-20", format!("{TXID}:0"), "doc", hello(), None, "another output"),
        ("PROC-20", format!("{TXID}:16777216"), "doc", hello(), None, "the output's number in the other byte order"),
        ("PROC-20", format!("{reversed}:1"), "doc", hello(), None, "the transaction's id in the other byte order"),
        ("PROC-20", format!("{TXID}:4294967295"), "doc", vec![], None, "the greatest number, no value"),
        ("PROC-20", process(), &"x".repeat(255), hello(), None, "the longest label"),
    ] {
        let committed = hex::encode(commit(&process, label, &encoded, salt.as_ref()));
        let input =
            CommitIn { process, label: label.into(), encoded: hex::encode(encoded), salt: salt.map(hex::encode) };
        draft.accepts(rule, OWN, comment, input, Committed { commitment: committed }, 0);
    }
    let input =
        |process: String, label: &str| CommitIn { process, label: label.into(), encoded: String::new(), salt: None };
    for (text, comment) in [
        (TXID.to_owned(), "no number"),
        (format!("{TXID}:"), "an empty number"),
        (format!("{TXID}:01"), "a leading zero"),
        (format!("{TXID}:+1"), "a sign"),
        (format!("{TXID}:4294967296"), "a number of 33 bits"),
        (format!("{}:1", TXID.to_uppercase()), "upper case"),
        (format!("{}:1", &TXID[..62]), "31 bytes"),
        (format!("{TXID}:1 "), "a space behind it"),
    ] {
        draft.refuses("PROC-01", OWN, format!("the process: {comment}"), input(text, "doc"), "bad-value");
    }
    draft.accepts(
        "PROC-01",
        OWN,
        "a process",
        input(process(), "a"),
        Committed { commitment: hex::encode(commit(&process(), "a", &[], None)) },
        0,
    );
    draft.refuses("PROC-20", OWN, "a label that is no name", input(process(), "#role"), "bad-name");
    draft
}
