//! `envelope/file-*.json`: containers of every kind, and every trick with the archives inside.

mod archives;
mod headers;
mod html;
mod peers;
mod seal;

use super::envelope::{key, sealed};
use super::message::{SESSION, SESSION_S64};
use super::peer::Peer;
use super::{Draft, Files, GenerateError};
use crate::binary::Binary;
use crate::kinds::file_open::{self, Container, FileOpen, OneFile, StoredName, Wanted};
use sealwright_types::b64;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    peers::open(peer)?.finish(files)?;
    seal::seal(peer)?.finish(files)?;
    headers::headers()?.finish(files)?;
    archives::archives()?.finish(files)?;
    html::html()?.finish(files)
}

fn file(raw: &str, safe: &str, content: &[u8]) -> OneFile {
    let name = StoredName { raw: raw.to_owned(), safe: safe.to_owned() };
    OneFile { name: Some(name), content: Binary::of(content) }
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
