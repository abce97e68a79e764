//! Writing: the containers that Go wrote, byte for byte, and names that need an extended header.

use super::super::archive::{end, padded, record};
use super::super::envelope::sealed;
use super::super::peer::{Peer, bytes, list, number, text};
use super::super::{Draft, GenerateError, iv, pattern};
use super::{container_header, document, mid, version};
use crate::binary::Binary;
use crate::kinds::file_seal::{self, FileSeal};
use sealwright_types::b64;

pub(super) fn seal(peer: &Peer<'_>) -> Result<Draft<FileSeal>, GenerateError> {
    let manifest = peer.json("files/manifest.json")?;
    let mut draft =
        Draft::peers("envelope/file-seal", "file-seal", "peer/files/manifest.json, the files that Go wrote");
    let input = |iv: &str, name: &str, announced: u64, content: Binary| -> Result<file_seal::Input, GenerateError> {
        Ok(file_seal::Input {
            key: text(&manifest, "key")?.to_owned(),
            iv: iv.to_owned(),
            session: text(&manifest, "sessionId")?.to_owned(),
            name: name.to_owned(),
            announced,
            content,
        })
    };
    for written in list(&manifest, "files")?.iter().filter(|written| written["by"] == "go") {
        let (raw, length) = (text(written, "filename")?, number(written, "clearLength")?);
        // Go names its extended headers differently; a mebibyte of content would show nothing more.
        if !raw.is_ascii() || raw.len() > 100 || length > 100_000 {
            continue;
        }
        let (container, _) = peer.file(text(written, "file")?)?;
        let content = pattern(length as usize);
        let content = draft.binary(&content);
        let rule = if length == 0 { "FILE-31" } else { "TAR-01" };
        let input = input(text(written, "iv")?, raw, length, content)?;
        draft.valid(rule, text(written, "file")?, input, file_seal::Output { container: Binary::of(&container) }, 0);
    }
    // Names that need an extended header: built here from the profile.
    let key = bytes(&manifest, "key")?;
    for name in ["é", &"n".repeat(101), &"n".repeat(256), &"\u{1f600}".repeat(128), &"日本語".repeat(30)] {
        let content = pattern(10);
        let archive = profile_archive(name, &content)?;
        let head = container_header(&document(&[version("1"), mid("AAAAAAAAEACgAH6jAAAAGA")]));
        let container = [head, sealed(&key, name, &archive)?].concat();
        let input = input(&b64::encode(iv(name)), name, 10, Binary::of(&content))?;
        let comment = format!("a name of {} bytes in an extended header", name.len());
        draft.valid("TAR-02", comment, input, file_seal::Output { container: Binary::of(&container) }, 0);
    }
    let no_iv = b64::encode(iv("refused"));
    for (name, announced, length, error, comment) in [
        ("", 1, 1, "bad-value", "an empty name"),
        ("a\0b", 1, 1, "bad-value", "a name with NUL"),
        (&"n".repeat(257), 1, 1, "bad-value", "a name of 257 characters"),
        (&"\u{1f600}".repeat(129), 1, 1, "bad-value", "a name of 258 UTF-16 code units in 129 characters"),
        ("n", 0o100_000_000_000, 1, "too-large", "one byte more than eleven octal digits hold"),
    ] {
        let input = input(&no_iv, name, announced, Binary::of(&pattern(length)))?;
        draft.invalid("TAR-03", comment, input, error, &["ArchiveTrick"]);
    }
    for (announced, length, comment) in
        [(2, 1, "less content than announced"), (0, 1, "content where none was announced")]
    {
        let input = input(&no_iv, "n", announced, Binary::of(&pattern(length)))?;
        draft.invalid("TAR-01", comment, input, "wrong-length", &["ArchiveTrick"]);
    }
    Ok(draft)
}

/// An archive with an extended header by TAR-01 and TAR-02, field by field.
fn profile_archive(name: &str, content: &[u8]) -> Result<Vec<u8>, GenerateError> {
    let block = |kind: u8, size: usize| {
        let mut block = vec![0; 512];
        for (at, field) in [
            (0, &b"PaxHeader"[..]),
            (100, b"0000600\0"),
            (108, b"0000000\0"),
            (116, b"0000000\0"),
            (124, format!("{size:011o}\0").as_bytes()),
            (136, b"00000000000\0"),
            (148, b"        "),
            (156, &[kind]),
            (257, b"ustar\x0000"),
            (329, b"0000000\0"),
            (337, b"0000000\0"),
        ] {
            block.iter_mut().skip(at).zip(field).for_each(|(place, &byte)| *place = byte);
        }
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()).for_each(|(place, byte)| *place = byte);
        block
    };
    let record = record("path", name)?;
    let extended = [block(b'x', record.len()), padded(record.as_bytes())];
    Ok(end(&[extended.concat(), block(b'0', content.len()), padded(content)]))
}
