//! The peers' containers, good and odd, by our rules and not by theirs.

use super::super::peer::{Peer, list, number, text};
use super::super::{Draft, GenerateError, pattern};
use super::{file, file_flag};
use crate::binary::Binary;
use crate::kinds::file_open::{self, Container, FileOpen, OneFile, Wanted};

pub(super) fn open(peer: &Peer<'_>) -> Result<Draft<FileOpen>, GenerateError> {
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
