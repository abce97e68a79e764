//! `file-open`: file containers of every kind.

use super::{Kind, Seen, code, good_key, session};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use crate::doors::{InPieces, Place, pieces};
use sealwright_envelope::SymKey;
use sealwright_envelope::file::{self, Entries, FileError, Header, SingleEntry};
use sealwright_envelope::name::Name;
use sealwright_types::SessionId;
use serde::{Deserialize, Serialize};
use std::io::Read as _;

pub(crate) struct FileOpen;

/// Key in base64; the session that the caller expects, null if none; which entries are wanted; the container.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) session: Option<String>,
    pub(crate) entries: Wanted,
    pub(crate) container: Binary,
}

/// One file and nothing else; the first entry whatever it is; every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Wanted {
    One,
    First,
    List,
}

/// What the header says, the files in order, and the raw names of entries that are no files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) kind: Container,
    pub(crate) session: String,
    pub(crate) version: Option<String>,
    pub(crate) files: Vec<OneFile>,
    pub(crate) skipped: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Container {
    Binary,
    Base64,
    Html,
    Legacy,
}

/// A file; the legacy form stores no name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneFile {
    pub(crate) name: Option<StoredName>,
    pub(crate) content: Binary,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredName {
    pub(crate) raw: String,
    pub(crate) safe: String,
}

impl Kind for FileOpen {
    const NAME: &'static str = "file-open";
    const FAMILIES: &'static [&'static str] = &["FILE", "HTML", "TAR", "OLD", "ENV"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let key = good_key(&input.key)?;
        let expected = input.session.as_deref().map(session).transpose()?;
        let container = material.bytes(&input.container)?;
        let mut seen = Vec::new();
        for piece in pieces(container.len()) {
            let source = || InPieces::new(&container, piece);
            let header = match header(source(), expected) {
                Ok(header) => header,
                Err(error) => {
                    seen.push(Seen {
                        door: format!("header in pieces of {piece}"),
                        got: Err(code(error)),
                        released: 0,
                    });
                    continue;
                }
            };
            let single = match input.entries {
                Wanted::One => Some(SingleEntry::Only),
                Wanted::First => Some(SingleEntry::First),
                Wanted::List => None,
            };
            if let Some(single) = single {
                seen.push(two_passes(&key, &header, source(), single));
            }
            let got = withheld(&key, &header, source(), input.entries).map_err(code);
            let door = format!("withheld in pieces of {piece}");
            seen.push(Seen::whole(door, got, |output| output.files.iter().map(|file| file.content.len).sum()));
        }
        Ok(seen)
    }
}

fn header(mut source: InPieces<'_>, expected: Option<SessionId>) -> Result<Header, FileError> {
    let header = file::inspect(&mut source)?;
    expected.map_or(Ok(()), |expected| header.expect_session(expected))?;
    Ok(header)
}

fn two_passes(key: &SymKey, header: &Header, source: InPieces<'_>, single: SingleEntry) -> Seen<Output> {
    let mut content = Vec::new();
    let got = file::open(key, header, source, single).map_err(code).and_then(|mut opened| {
        let name = opened.entry().name.clone();
        opened.read_to_end(&mut content).map_err(|_| "rejected")?;
        Ok(name)
    });
    let got = got.map(|name| output(header, vec![one_file(name, &content)], Vec::new()));
    Seen { door: "two passes".into(), got, released: content.len() as u64 }
}

fn withheld(key: &SymKey, header: &Header, source: InPieces<'_>, wanted: Wanted) -> Result<Output, FileError> {
    let entries = match wanted {
        Wanted::One => Entries::One,
        Wanted::First => Entries::First,
        Wanted::List => Entries::List,
    };
    let opened = file::open_withheld(key, header, source, entries, |_| Ok(Place::default()))?;
    let files = opened.files.into_iter().map(|(entry, place)| one_file(entry.name, &place.0)).collect();
    Ok(output(header, files, opened.skipped.into_iter().map(|name| name.raw).collect()))
}

fn one_file(name: Option<Name>, content: &[u8]) -> OneFile {
    OneFile { name: name.map(|Name { raw, safe }| StoredName { raw, safe }), content: Binary::of(content) }
}

fn output(header: &Header, files: Vec<OneFile>, skipped: Vec<String>) -> Output {
    let kind = match header.kind {
        file::Kind::Base64 => Container::Base64,
        file::Kind::Html => Container::Html,
        file::Kind::Legacy => Container::Legacy,
        _ => Container::Binary,
    };
    Output { kind, session: header.session.to_string(), version: header.version.clone(), files, skipped }
}
