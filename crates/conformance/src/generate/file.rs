//! `envelope/file*.json` and `envelope/html.json`: containers of every kind, and every trick with the archives inside.

use super::archive::{end, entry, header, padded, patched, pax, record, regular};
use super::envelope::{key, sealed};
use super::message::{OTHER, SESSION, SESSION_S64};
use super::peer::{Peer, bytes, list, number, text};
use super::{Draft, Files, GenerateError, iv, pattern};
use crate::binary::Binary;
use crate::kinds::file_open::{self, Container, FileOpen, OneFile, StoredName, Wanted};
use crate::kinds::file_seal::{self, FileSeal};
use sealwright_types::b64;
use tar::{EntryType, Header};

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    peers(peer)?.finish(files)?;
    seal(peer)?.finish(files)?;
    headers()?.finish(files)?;
    archives()?.finish(files)?;
    html()?.finish(files)
}

const ALL: [Wanted; 3] = [Wanted::One, Wanted::First, Wanted::List];

fn file(raw: &str, safe: &str, content: &[u8]) -> OneFile {
    let name = StoredName { raw: raw.to_owned(), safe: safe.to_owned() };
    OneFile { name: Some(name), content: Binary::of(content) }
}

fn peers(peer: &Peer<'_>) -> Result<Draft<FileOpen>, GenerateError> {
    let manifest = peer.json("files/manifest.json")?;
    let (key, session) = (text(&manifest, "key")?, text(&manifest, "sessionId")?);
    let mut draft = Draft::peers("envelope/file-open-peers", "file-peer", "peer/files/manifest.json");
    let input = |path: &str| -> Result<file_open::Input, GenerateError> {
        let (container, path) = peer.file(path)?;
        Ok(file_open::Input {
            key: key.to_owned(),
            session: Some(session.to_owned()),
            entries: Wanted::One,
            container: Binary::in_file(&container, path),
        })
    };
    let output = |version: Option<&str>, file: OneFile| file_open::Output {
        kind: Container::Binary,
        session: session.to_owned(),
        version: version.map(str::to_owned),
        files: vec![file],
        skipped: Vec::new(),
    };
    for written in list(&manifest, "files")? {
        let (path, raw, length) = (text(written, "file")?, text(written, "filename")?, number(written, "clearLength")?);
        let safe = peers_safe_name(raw)?;
        let rule = match () {
            () if length == 0 => "FILE-31",
            () if !raw.is_ascii() || raw.len() > 100 => "TAR-10",
            () if safe != raw => "TAR-22",
            () => "TAR-01",
        };
        let content = pattern(length as usize);
        draft.valid(rule, path, input(path)?, output(Some("1"), file(raw, &safe, &content)), length);
    }
    for negative in list(&manifest, "negatives")? {
        let (name, path) = (text(negative, "name")?, text(negative, "file")?);
        let verdict = peers_verdict(name)?;
        match verdict {
            Ok((rule, version)) => {
                let content = if name.starts_with("tar without") { vec![b'a'; 600] } else { pattern(2000) };
                let raw = if name.starts_with("tar without") { "a.txt" } else { "n.bin" };
                let length = content.len() as u64;
                draft.valid(rule, name, input(path)?, output(version, file(raw, raw, &content)), length);
            }
            Err((rule, error)) => {
                let accepted = list(negative, "outcomes")?.iter().any(|outcome| outcome.get("error").is_none());
                let mut flags = vec![file_flag(rule)];
                if accepted {
                    flags.push("PeerAccepts");
                }
                draft.invalid(rule, name, input(path)?, error, &flags);
            }
        }
    }
    let tampered = input("files/tampered_js_accepts_15000.seald")?;
    let comment = "one bit of the content is flipped; a peer hands the content out and reports success";
    draft.invalid("ENV-07", comment, tampered, "rejected", &["EarlyRelease", "PeerAccepts"]);
    Ok(draft)
}

/// The safe names of the peers' odd names, by TAR-22.
fn peers_safe_name(raw: &str) -> Result<String, GenerateError> {
    Ok(match raw {
        "dir/sub/file.txt" => "file.txt".to_owned(),
        "/etc/passwd" => "passwd".to_owned(),
        "../up.txt" => "up.txt".to_owned(),
        "a\\b.txt" => "b.txt".to_owned(),
        " lead and trail " => " lead and trail".to_owned(),
        "a\nb.txt" => "a_b.txt".to_owned(),
        "folder/" => "folder".to_owned(),
        _ if raw.starts_with('p') && raw.contains('/') => raw.rsplit('/').next().unwrap_or_default().to_owned(),
        _ if raw.len() <= 255 => raw.to_owned(),
        // Cut to 255 bytes at a character.
        _ => raw.char_indices().take_while(|(at, c)| at + c.len_utf8() <= 255).map(|(_, c)| c).collect(),
    })
}

/// Rule and version of what opens; rule and error of what does not.
type PeersVerdict = Result<(&'static str, Option<&'static str>), (&'static str, &'static str)>;

fn peers_verdict(name: &str) -> Result<PeersVerdict, GenerateError> {
    const MALFORMED: &str = "malformed";
    Ok(match name {
        "mid with non-zero spare bits in its last character (decodes to the same UUID)" | "mid with padding ==" => {
            Ok(("FILE-13", Some("1")))
        }
        "version 2 in header" => Ok(("FILE-10", Some("2"))),
        "version missing" => Ok(("FILE-10", None)),
        "extra header field" | "field order swapped" => Ok(("FILE-12", Some("1"))),
        "tar without the two end blocks (JS tolerates?)" => Ok(("TAR-13", Some("1"))),
        "empty file" | "magic only" | "magic cut" | "header length cut" | "header cut" => Err(("FILE-20", MALFORMED)),
        "magic wrong" => Err(("HTML-02", MALFORMED)),
        "header only" | "cut by 1 byte" | "one byte appended" => Err(("ENV-06", MALFORMED)),
        "header length too big by 5" => Err(("FILE-16", MALFORMED)),
        "header length huge" => Err(("FILE-18", MALFORMED)),
        "header length zero" => Err(("FILE-17", MALFORMED)),
        "other session id" => Err(("FILE-19", "wrong-session")),
        "mid missing" => Err(("FILE-15", MALFORMED)),
        "mid as full UUID" => Err(("FILE-14", MALFORMED)),
        "last mac byte flipped" | "content byte flipped" | "cut by 512 bytes" => Err(("ENV-07", "rejected")),
        "tar with two files" => Err(("TAR-15", "several-entries")),
        "tar with directory only" | "tar with symlink" => Err(("TAR-16", "not-a-file")),
        "tar empty archive" | "tar zero length" => Err(("TAR-19", "empty-archive")),
        "tar garbage" | "tar cut inside the content" | "tar header checksum wrong" => Err(("TAR-18", MALFORMED)),
        other => return Err(GenerateError::Peer(format!("unknown file case {other:?}"))),
    })
}

fn file_flag(rule: &str) -> &'static str {
    match rule {
        "ENV-07" => "EarlyRelease",
        "ENV-06" | "FILE-20" => "Truncation",
        _ if rule.starts_with("TAR") => "ArchiveTrick",
        _ if rule.starts_with("HTML") => "HtmlTrick",
        _ => "HeaderTrick",
    }
}

fn seal(peer: &Peer<'_>) -> Result<Draft<FileSeal>, GenerateError> {
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

fn element(kind: u8, name: &str, value: &[u8]) -> Vec<u8> {
    [&[kind], name.as_bytes(), &[0], value].concat()
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u32 + 1).to_le_bytes()[..], text.as_bytes(), &[0]].concat()
}

fn version(text: &str) -> Vec<u8> {
    element(2, "v", &string(text))
}

fn mid(text: &str) -> Vec<u8> {
    element(2, "mid", &string(text))
}

fn document(elements: &[Vec<u8>]) -> Vec<u8> {
    let body = elements.concat();
    [&(body.len() as u32 + 5).to_le_bytes()[..], &body, &[0]].concat()
}

fn container_header(document: &[u8]) -> Vec<u8> {
    [b"SEALD.IO_", &(document.len() as u32).to_le_bytes()[..], document].concat()
}

/// The key of all our own containers, and ways of asking for them.
struct Ours {
    key: Vec<u8>,
}

impl Ours {
    fn new() -> Self {
        Self { key: key(64) }
    }

    fn container(&self, archive: &[u8]) -> Result<Vec<u8>, GenerateError> {
        let head = container_header(&document(&[version("1"), mid(SESSION_S64)]));
        Ok([head, sealed(&self.key, "container", archive)?].concat())
    }

    fn input(&self, draft: &mut Draft<FileOpen>, wanted: Wanted, container: &[u8]) -> file_open::Input {
        file_open::Input {
            key: b64::encode(&self.key),
            session: Some(SESSION.to_owned()),
            entries: wanted,
            container: draft.binary(container),
        }
    }

    fn output(&self, version: Option<&str>, files: Vec<OneFile>) -> file_open::Output {
        file_open::Output {
            kind: Container::Binary,
            session: SESSION.to_owned(),
            version: version.map(str::to_owned),
            files,
            skipped: Vec::new(),
        }
    }
}

fn headers() -> Result<Draft<FileOpen>, GenerateError> {
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

/// Outcome of a trick for each of the three ways of asking: the files, or the error.
type Outcomes = [Result<Vec<OneFile>, &'static str>; 3];

fn archives() -> Result<Draft<FileOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/file-open-archives", "file-tar");
    let ours = Ours::new();
    let mut put = |rule: &str, comment: &str, archive: &[u8], outcomes: Outcomes| -> Result<(), GenerateError> {
        let container = ours.container(archive)?;
        for (wanted, outcome) in ALL.into_iter().zip(outcomes) {
            let input = ours.input(&mut draft, wanted, &container);
            match outcome {
                Ok(files) => {
                    let released = files.iter().map(|file| file.content.len).sum();
                    draft.valid(rule, comment, input, ours.output(Some("1"), files), released);
                }
                Err(error) => draft.invalid(rule, comment, input, error, &["ArchiveTrick"]),
            }
        }
        Ok(())
    };
    let good = |name: &str, safe: &str, content: &[u8]| -> Outcomes {
        let files = vec![file(name, safe, content)];
        [Ok(files.clone()), Ok(files.clone()), Ok(files)]
    };
    let bad = |error: &'static str| -> Outcomes { [Err(error), Err(error), Err(error)] };
    let x = b"x";
    let block = header(Header::new_ustar(), EntryType::Regular, b"n", 1);
    let symlink = header(Header::new_ustar(), EntryType::Symlink, b"link", 5_000);
    let global = |body: &[u8]| entry(EntryType::XGlobalHeader, "g", body);
    let gnu = |name: &str| entry(EntryType::GNULongName, "././@LongLink", format!("{name}\0").as_bytes());
    let long = "d/".repeat(80) + "long";

    put(
        "TAR-10",
        "a name in a PAX header",
        &end(&[pax(&[("path", &long)])?, regular("short", x)]),
        good(&long, "long", x),
    )?;
    let feed = end(&[pax(&[("path", "line\nfeed=é")])?, regular("short", x)]);
    put(
        "TAR-10",
        "a name with a line feed and an equals sign in a PAX header",
        &feed,
        good("line\nfeed=é", "line_feed=é", x),
    )?;
    let two = end(&[pax(&[("mtime", "1.5"), ("path", "a"), ("path", "b"), ("x", "")])?, regular("c", x)]);
    put("TAR-10", "the last of two path records counts", &two, good("b", "b", x))?;
    put(
        "TAR-10",
        "an empty path record leaves the name",
        &end(&[pax(&[("path", "")])?, regular("n", x)]),
        good("n", "n", x),
    )?;
    put("TAR-10", "a GNU long name", &end(&[gnu(&long), regular("short", x)]), good(&long, "long", x))?;
    let both = end(&[gnu("one"), pax(&[("path", "two")])?, regular("three", x)]);
    put("TAR-10", "a GNU long name, then a PAX header", &both, good("two", "two", x))?;
    let split = [patched(&block, 345, b"pre"), padded(x)].concat();
    put("TAR-10", "a ustar prefix", &end(&[split]), good("pre/n", "n", x))?;
    let hundred = "n".repeat(100);
    put("TAR-10", "a name of 100 bytes without NUL", &end(&[regular(&hundred, x)]), good(&hundred, &hundred, x))?;

    for (kind, comment) in [(EntryType::Regular, "V7 header"), (EntryType::new(0), "V7 header with type NUL")] {
        let old = header(Header::new_old(), kind, b"v7", 1);
        put("TAR-11", comment, &end(&[old, padded(x)]), good("v7", "v7", x))?;
    }
    let gnu_header = header(Header::new_gnu(), EntryType::Regular, b"gnu", 1);
    put("TAR-11", "GNU header", &end(&[gnu_header, padded(x)]), good("gnu", "gnu", x))?;

    let elsewhere = record("path", "elsewhere")?;
    put("TAR-12", "a global PAX header", &end(&[global(elsewhere.as_bytes()), regular("n", x)]), good("n", "n", x))?;
    put("TAR-12", "a global header of rubbish", &end(&[global(b"rubbish"), regular("n", x)]), good("n", "n", x))?;
    let link = entry(EntryType::GNULongLink, "././@LongLink", b"somewhere\0");
    put("TAR-12", "a GNU long link", &end(&[link, regular("n", x)]), good("n", "n", x))?;

    let whole = end(&[regular("n", b"abc")]);
    for (length, comment) in [
        (515, "no padding and no trailer"),
        (700, "half the padding"),
        (1_024, "no trailer"),
        (1_300, "half a zero block"),
        (1_536, "one zero block"),
        (2_047, "a byte less than two zero blocks"),
    ] {
        put("TAR-13", comment, &whole[..length], good("n", "n", b"abc"))?;
    }
    put("TAR-13", "twenty zero blocks", &[&whole[..], &[0; 9_216]].concat(), good("n", "n", b"abc"))?;
    put("TAR-14", "an empty file", &end(&[regular("n", b"")]), good("n", "n", b""))?;
    put("TAR-14", "an empty file and no trailer", &regular("n", b""), good("n", "n", b""))?;

    let (a, b) = (file("a", "a", b"one"), file("b", "b", b"two"));
    let several = |first: &OneFile, all: &[OneFile]| -> Outcomes {
        [Err("several-entries"), Ok(vec![first.clone()]), Ok(all.to_vec())]
    };
    let pair = end(&[regular("a", b"one"), regular("b", b"two")]);
    put("TAR-15", "two files", &pair, several(&a, &[a.clone(), b.clone()]))?;
    let same = end(&[regular("a", b"one"), regular("a", b"two")]);
    put("TAR-15", "two files of one name", &same, several(&a, &[a.clone(), file("a", "a", b"two")]))?;
    let named = end(&[regular("a", b"one"), pax(&[("path", "b")])?, regular("n", b"two")]);
    put("TAR-15", "a name for the second file only", &named, several(&a, &[a.clone(), b.clone()]))?;
    let three = end(&[regular("a", b""), regular("b", b"two"), regular("a", b"one")]);
    put(
        "TAR-15",
        "three files, the first one empty",
        &three,
        several(&file("a", "a", b""), &[file("a", "a", b""), b, a]),
    )?;

    for (kind, comment) in [
        (EntryType::Directory, "a directory"),
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::Char, "a device"),
        (EntryType::Continuous, "type 7"),
        (EntryType::GNUSparse, "a sparse file"),
        (EntryType::new(b'V'), "a volume label"),
    ] {
        let first = vec![file("d", "d", b"")];
        let outcomes = [Err("not-a-file"), Ok(first), Err("not-a-file")];
        put("TAR-16", comment, &end(&[entry(kind, "d", b"")]), outcomes)?;
    }
    let outcomes = || [Err("not-a-file"), Ok(vec![file("link", "link", b"")]), Err("not-a-file")];
    put("TAR-16", "a symbolic link that says it has content", &end(&[symlink]), outcomes())?;

    let far = [&end(&[regular("n", x)])[..], &[0; 512], &[1]].concat();
    let outcomes = || -> Outcomes { [Err("malformed"), Ok(vec![file("n", "n", x)]), Err("malformed")] };
    put("TAR-17", "a byte after the trailer", &far, outcomes())?;
    let twice = [end(&[regular("n", x)]), end(&[regular("m", x)])].concat();
    put("TAR-17", "a second archive after the first one", &twice, outcomes())?;
    put(
        "TAR-17",
        "a file between the two zero blocks",
        &[&regular("n", x)[..], &[0; 512], &regular("m", x), &[0; 512]].concat(),
        outcomes(),
    )?;

    let larger = end(&[regular("n", &[b'y'; 700])]);
    for (length, comment) in [
        (1, "one byte"),
        (100, "half a header"),
        (511, "a header without its last byte"),
        (512, "a header alone"),
        (513, "one byte of content"),
        (1_024, "a block of content"),
        (1_211, "content without its last byte"),
    ] {
        put("TAR-18", &format!("cut: {comment}"), &larger[..length], bad("malformed"))?;
    }
    for (at, comment) in [(0, "name"), (130, "size"), (148, "checksum"), (156, "type"), (511, "last byte")] {
        let mut wrong = larger.clone();
        if let Some(byte) = wrong.get_mut(at) {
            *byte ^= 0x40;
        }
        put("TAR-18", &format!("checksum: {comment} changed"), &wrong, bad("malformed"))?;
    }
    let utf8 = end(&[regular("é", x)]);
    put("TAR-03", "bytes above 127 count unsigned", &utf8, good("é", "é", x))?;
    for (field, comment) in [
        (&b"77777777777\0"[..], "eleven sevens"),
        (b"777777777777", "twelve sevens"),
        (b"9          \0", "no octal digit"),
        (b"-1         \0", "negative"),
        (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", "binary, 2^64 - 1"),
        (b"\x80\0\0\x01\0\0\0\0\0\0\0\x01", "binary, 2^64 + 1"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "binary, -1"),
    ] {
        let lying = end(&[patched(&block, 124, field), padded(x)]);
        put("TAR-18", &format!("a size that lies: {comment}"), &lying, bad("malformed"))?;
    }
    put("TAR-18", "a PAX header without a file", &end(&[pax(&[("path", "p")])?]), bad("malformed"))?;
    put("TAR-18", "a PAX header cut after its record", &pax(&[("path", "p")])?[..600], bad("malformed"))?;
    put("TAR-18", "rubbish", &[b'?'; 1_024], bad("malformed"))?;
    let binary = end(&[patched(&block, 124, b"\x80\0\0\0\0\0\0\0\0\0\0\x01"), padded(x)]);
    put("TAR-13", "a binary size that is right", &binary, good("n", "n", x))?;

    for (length, comment) in
        [(0, "no byte"), (1, "one zero byte"), (512, "one zero block"), (1_024, "a trailer alone"), (4_096, "zeros")]
    {
        put("TAR-19", comment, &vec![0; length], bad("empty-archive"))?;
    }
    put("TAR-19", "a global header alone", &end(&[global(b"g")]), bad("empty-archive"))?;

    let seven = [b'y'; 700];
    put(
        "TAR-20",
        "a size in a PAX header",
        &end(&[pax(&[("size", "700")])?, block.clone(), padded(&seven)]),
        good("n", "n", &seven),
    )?;
    put("TAR-20", "an empty size record", &end(&[pax(&[("size", "")])?, block.clone(), padded(x)]), good("n", "n", x))?;
    for lie in ["-1", "0x10", "18446744073709551616", "1 ", "٣"] {
        let archive = end(&[pax(&[("size", lie)])?, block.clone(), padded(&seven)]);
        put("TAR-20", &format!("a PAX size that is no number: {lie:?}"), &archive, bad("malformed"))?;
    }
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
        let archive = end(&[entry(EntryType::XHeader, "x", body.as_bytes()), regular("n", x)]);
        put("TAR-20", &format!("a PAX record of another shape: {body:?}"), &archive, bad("malformed"))?;
    }
    let name = "n".repeat(4_096);
    put(
        "TAR-20",
        "a name of 4096 bytes",
        &end(&[pax(&[("path", &name)])?, regular("n", x)]),
        good(&name, &name[..255], x),
    )?;
    let name = "n".repeat(4_097);
    put("TAR-20", "a name of 4097 bytes", &end(&[pax(&[("path", &name)])?, regular("n", x)]), bad("too-large"))?;
    put("TAR-20", "a GNU name of 4097 bytes", &end(&[gnu(&name), regular("n", x)]), bad("too-large"))?;
    for (kind, comment) in [
        (EntryType::XHeader, "PAX"),
        (EntryType::XGlobalHeader, "global PAX"),
        (EntryType::GNULongLink, "GNU long link"),
    ] {
        let huge = header(Header::new_ustar(), kind, b"x", 65_537);
        put("TAR-20", &format!("a {comment} header of 65537 bytes"), &end(&[huge]), bad("too-large"))?;
    }

    for (raw, safe) in SAFE_NAMES {
        let archive = end(&[pax(&[("path", raw)])?, regular("n", x)]);
        put("TAR-22", &format!("the name {raw:?}"), &archive, good(raw, safe, x))?;
    }
    put("TAR-22", "an empty name", &end(&[regular("", x)]), good("", "unnamed", x))?;
    let wide = "é".repeat(200);
    let archive = end(&[pax(&[("path", &wide)])?, regular("n", x)]);
    put("TAR-22", "a name of 400 bytes", &archive, good(&wide, &"é".repeat(127), x))?;
    put("TAR-22", "a name with NUL", &end(&[pax(&[("path", "a\0b")])?, regular("n", x)]), bad("malformed"))?;
    for name in [&b"a\xff"[..], b"\xc3"] {
        let archive = end(&[header(Header::new_ustar(), EntryType::Regular, name, 0)]);
        put("TAR-22", "a name that is not UTF-8", &archive, bad("malformed"))?;
    }
    Ok(draft)
}

const SAFE_NAMES: &[(&str, &str)] = &[
    ("report.pdf", "report.pdf"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Windows\\system.ini", "system.ini"),
    ("/absolute", "absolute"),
    ("folder/", "folder"),
    ("folder\\\\//", "folder"),
    ("..", "unnamed"),
    (".", "unnamed"),
    ("///", "unnamed"),
    ("...", "unnamed"),
    ("a/..", "unnamed"),
    (" . ", "unnamed"),
    (".hidden", ".hidden"),
    ("dots... ", "dots"),
    ("a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h"),
    ("bell\u{7}delete\u{7f}", "bell_delete_"),
    ("con", "_con"),
    ("Con.txt", "_Con.txt"),
    ("COM1.tar.gz", "_COM1.tar.gz"),
    ("com0", "com0"),
    ("com10", "com10"),
    ("LPT9", "_LPT9"),
    ("console", "console"),
    ("日本.txt", "日本.txt"),
];

fn html() -> Result<Draft<FileOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/file-open-html", "file-html");
    let ours = Ours::new();
    let content = pattern(60);
    let payload = b64::encode(sealed(&ours.key, "html", &end(&[regular("page.txt", &content)]))?);
    let uid = format!("<script>window.sealdDocumentUID = '{SESSION}';");
    let page = |before: &str, payload: &str, after: &str| format!("{before}\nwindow.sealdDocument = '{payload}{after}");
    let at = |offset: usize| {
        let filler = " ".repeat(offset - uid.len());
        format!("{uid}{filler}window.sealdDocument = '{payload}'")
    };
    let with_uid = |uid: &str| page(uid, &payload, "'");
    let with_payload = |payload: &str| page(&uid, payload, "';</script>");
    let lines: String = payload.as_bytes().chunks(61).map(|line| String::from_utf8_lossy(line) + " \r\n\t").collect();
    for (rule, comment, text) in [
        ("HTML-02", "the marker begins at 65535", at(65_535)),
        ("HTML-02", "a second marker after the payload", page(&uid, &payload, "'; window.sealdDocument = 'x'")),
        ("HTML-03", "no space, single quotes", with_uid(&format!("window.sealdDocumentUID='{SESSION}'"))),
        (
            "HTML-03",
            "white space and double quotes",
            with_uid(&format!("window.sealdDocumentUID \t\n = \r\n \"{SESSION}\"")),
        ),
        ("HTML-03", "one quote of each kind", with_uid(&format!("window.sealdDocumentUID = \"{SESSION}'"))),
        (
            "HTML-03",
            "the name without a value before it",
            with_uid(&format!("window.sealdDocumentUID; window.sealdDocumentUID = '{SESSION}'")),
        ),
        ("HTML-03", "a second id after the first one", with_uid(&format!("{uid} window.sealdDocumentUID = '{OTHER}'"))),
        ("HTML-04", "text between marker and quote", format!("{uid}window.sealdDocument = /* here */ '{payload}'")),
        ("HTML-04", "unpadded", with_payload(payload.trim_end_matches('='))),
        ("HTML-04", "url alphabet", with_payload(&payload.replace('+', "-").replace('/', "_"))),
        (
            "HTML-05",
            "text before and after",
            page(&format!("<!DOCTYPE html>é{uid}"), &payload, "' it's = 'more'</html>"),
        ),
        ("HTML-05", "nothing after the quote", page(&uid, &payload, "'")),
        ("HTML-05", "line breaks inside", with_payload(&lines)),
    ] {
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        let mut output = ours.output(None, vec![file("page.txt", "page.txt", &content)]);
        output.kind = Container::Html;
        draft.valid(rule, comment, input, output, content.len() as u64);
    }
    let marked = |marker: &str| page(&uid, &payload, "'").replace("window.sealdDocument = ", marker);
    for (rule, comment, text) in [
        ("HTML-02", "the marker begins at 65536", at(65_536)),
        ("HTML-02", "no marker", uid.clone()),
        ("HTML-02", "no space before the equals sign", marked("window.sealdDocument= ")),
        ("HTML-02", "no space after the equals sign", marked("window.sealdDocument =")),
        ("HTML-02", "a tab in the marker", marked("window.sealdDocument =\t")),
        ("HTML-02", "the marker in another case", marked("window.SealdDocument = ")),
        (
            "HTML-02",
            "the first marker counts",
            format!("{uid}window.sealdDocument = 'x';window.sealdDocument = '{payload}'"),
        ),
        ("HTML-03", "no id", with_uid("")),
        ("HTML-03", "the id after the marker", format!("window.sealdDocument = '{payload}'; {uid}")),
        ("HTML-03", "upper case", with_uid(&uid.replace(SESSION, &SESSION.to_uppercase()))),
        ("HTML-03", "S64", with_uid(&uid.replace(SESSION, SESSION_S64))),
        ("HTML-03", "empty", with_uid(&uid.replace(SESSION, ""))),
        ("HTML-03", "a space in the quotes", with_uid(&uid.replace(SESSION, &format!("{SESSION} ")))),
        ("HTML-03", "version 7", with_uid(&uid.replace("41ee", "71ee"))),
        ("HTML-03", "no quotes", with_uid(&format!("window.sealdDocumentUID = {SESSION}"))),
        ("HTML-03", "the first id is none", with_uid(&format!("window.sealdDocumentUID = 'x'; {uid}"))),
        ("HTML-04", "no closing quote", page(&uid, &payload, "")),
        ("HTML-04", "no closing quote, more text", page(&uid, &payload, ";</script>")),
        ("HTML-04", "no quote at all", format!("{uid}window.sealdDocument = ")),
        ("HTML-04", "empty payload", with_payload("")),
        ("HTML-04", "junk in the payload", with_payload(&format!("!{payload}"))),
        ("HTML-04", "S64 payload", with_payload(&payload.replace(['+', '/'], "%"))),
        ("HTML-04", "text after the padding", with_payload(&format!("{payload}=AAAA"))),
        (
            "HTML-04",
            "one character left over",
            with_payload(&payload[..payload.trim_end_matches('=').len() / 4 * 4 - 3]),
        ),
    ] {
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        draft.invalid(rule, comment, input, "malformed", &["HtmlTrick"]);
    }
    let mut damaged = payload.clone().into_bytes();
    for place in [3, damaged.len() / 2, damaged.len() - 6] {
        let before = damaged[place];
        damaged[place] = if before == b'A' { b'B' } else { b'A' };
        let text = page(&uid, &String::from_utf8_lossy(&damaged), "'");
        damaged[place] = before;
        let input = ours.input(&mut draft, Wanted::One, text.as_bytes());
        draft.invalid(
            "HTML-04",
            format!("character {place} of the payload changed"),
            input,
            "rejected",
            &["EarlyRelease"],
        );
    }
    let other = file_open::Input {
        session: Some(OTHER.to_owned()),
        ..ours.input(&mut draft, Wanted::One, with_uid(&uid).as_bytes())
    };
    draft.invalid("FILE-19", "a page of another session", other, "wrong-session", &["HtmlTrick"]);
    Ok(draft)
}
