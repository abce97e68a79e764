//! What lies in a bundle's data: every file, and what it is by its beginning (docs/spec/EGRESS.md section 2).

use crate::archive;
use crate::bundle::Bundle;
use crate::error::EgressError;
use crate::fields::SessionMap;
use crate::files::Files;
use crate::record_files::Form;
use crate::source::Source;
use sealwright_envelope::file::{self, FileError};
use sealwright_envelope::legacy::{LegacyKey, LegacyMessage, PREFIX};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Read, Seek};
use std::path::Path;

/// The largest file that is read as one message.
pub(crate) const LARGEST_MESSAGE: u64 = 16 * 1024 * 1024;

/// A file of the bundle that ends in the manifest.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) source: Source,
    pub(crate) bytes: u64,
    pub(crate) content: Content,
}

/// What a file is (EGR-10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A container: protocol 1 or 2, base64 text, or the legacy form.
    Container(SessionId),
    /// A file that is one message.
    Message(SessionId),
    /// A file that is one legacy message; without a session it carries its own key.
    LegacyMessage(Option<SessionId>),
    /// Messages inside records.
    Records(Form),
    /// Never encrypted.
    Plain,
    /// Announces itself as encrypted, but its structure is wrong.
    Malformed(&'static str),
    /// An archive of items.
    Archive,
    /// An envelope without a mark, whose session somebody has named (EGR-11).
    RawEnvelope(SessionId),
    /// Cannot be read.
    Unreadable(String),
}

/// Looks at a file: its length and what it is.
pub(crate) fn look(files: &Files, source: &Source, root: &Path, sessions: &SessionMap) -> (u64, Content) {
    let looked = look_into(files, source, &source.path(root), sessions);
    looked.unwrap_or_else(|error| (0, Content::Unreadable(error.to_string())))
}

impl Item {
    /// The session whose key the item as a whole needs.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.content.session()
    }
}

impl Content {
    /// The session whose key the item as a whole needs.
    pub(crate) fn session(&self) -> Option<SessionId> {
        match self {
            Self::Container(session) | Self::Message(session) | Self::RawEnvelope(session) => Some(*session),
            Self::LegacyMessage(session) => *session,
            _ => None,
        }
    }

    /// How it is called in a plan.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Container(_) => "containers",
            Self::Message(_) | Self::LegacyMessage(_) => "messages",
            Self::Records(_) => "recordFiles",
            Self::Plain => "plain",
            Self::Malformed(_) => "malformed",
            Self::Archive => "archives",
            Self::RawEnvelope(_) => "containers",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// The sources of all items: every file under `data/` and `messages/`, in order.
pub(crate) fn sources(bundle: &Bundle) -> Result<Vec<Source>, EgressError> {
    let mut sources = Vec::new();
    for top in ["data", "messages"] {
        let directory = bundle.root().join(top);
        if bundle.files().is_directory(&directory).map_err(EgressError::io("open", &directory))? {
            walk(bundle.files(), bundle.root(), &directory, &mut sources);
        }
    }
    sources.sort();
    Ok(sources)
}

/// Collects files. Links to directories are not followed, so that the walk ends; what is no file is an item too and will be told, and so is a
/// directory that cannot be listed: nothing in it passes for not being there.
fn walk(files: &Files, root: &Path, directory: &Path, sources: &mut Vec<Source>) {
    let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    let Ok(entries) = files.list(directory) else {
        return sources.push(Source::new(relative(directory).join("")));
    };
    for entry in entries {
        if entry.is_directory {
            walk(files, root, &entry.path, sources);
        } else {
            sources.push(Source::new(relative(&entry.path)));
        }
    }
}

fn look_into(files: &Files, source: &Source, path: &Path, sessions: &SessionMap) -> io::Result<(u64, Content)> {
    let metadata = files.metadata(path)?;
    if metadata.is_dir() {
        let reason = files.list(path).err().map_or("not a regular file".to_owned(), |error| error.to_string());
        return Err(io::Error::other(format!("the directory cannot be listed: {reason}")));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let length = metadata.len();
    if let Some(content) = named(source, sessions) {
        return Ok((length, content));
    }
    let mut file = files.open(path)?;
    let content = recognize(&mut file, length)?;
    if source.is_of_messages()
        && matches!(content, Content::Plain | Content::Archive)
        && let Some(database) = Form::by_content(&mut file)?
    {
        return Ok((length, Content::Records(database)));
    }
    Ok((length, content))
}

/// What carries no mark: records are known by their names, raw envelopes by what somebody says.
pub(crate) fn named(source: &Source, sessions: &SessionMap) -> Option<Content> {
    let text = source.text();
    let records = || Form::by_name(&source.file_name()).map(Content::Records);
    if source.is_of_messages()
        && let Some(records) = records()
    {
        return Some(records);
    }
    sessions.session(&text).map(Content::RawEnvelope)
}

/// The first match of EGR-10.
pub(crate) fn recognize(file: &mut (impl Read + Seek), length: u64) -> io::Result<Content> {
    let mut beginning = Vec::new();
    file.by_ref().take(file::recognition_window()).read_to_end(&mut beginning)?;
    if is_cut_magic(&beginning, length) {
        return Ok(Content::Malformed("malformed"));
    }
    Ok(match Announced::by_beginning(&beginning) {
        Announced::Container => container(file)?,
        Announced::LegacyMessage => legacy_message(&whole(file, length)?),
        Announced::Json if length <= LARGEST_MESSAGE => json(&whole(file, length)?),
        Announced::Json if is_large_message(file)? => Content::Malformed("too-large"),
        Announced::Json => Content::Plain,
        Announced::Archive => Content::Archive,
        Announced::Nothing => Content::Plain,
    })
}

/// What the beginning of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announced {
    Container,
    LegacyMessage,
    Json,
    Archive,
    Nothing,
}

impl Announced {
    pub(crate) fn by_beginning(beginning: &[u8]) -> Self {
        if file::recognize(beginning).is_some() {
            Self::Container
        } else if beginning.starts_with(PREFIX.as_bytes()) {
            Self::LegacyMessage
        } else if archive::is_archive(beginning) {
            Self::Archive
        } else if beginning.trim_ascii_start().starts_with(b"{") {
            Self::Json
        } else {
            Self::Nothing
        }
    }
}

/// Whether a file with this beginning may be a beginning of the mark itself.
pub(crate) fn is_short(beginning: &[u8]) -> bool {
    beginning.len() < file::MAGIC.len()
}

fn is_cut_magic(beginning: &[u8], length: u64) -> bool {
    !beginning.is_empty() && length < file::MAGIC.len() as u64 && file::MAGIC.starts_with(beginning)
}

fn container(file: &mut (impl Read + Seek)) -> io::Result<Content> {
    match file::inspect(file) {
        Ok(header) => Ok(Content::Container(header.session)),
        Err(FileError::Io(error)) => Err(error),
        Err(error) => Ok(Content::Malformed(error.code())),
    }
}

fn legacy_message(text: &[u8]) -> Content {
    let message = std::str::from_utf8(text).ok().and_then(|text| LegacyMessage::parse(text.trim_ascii()).ok());
    match message.map(|message| message.key) {
        Some(LegacyKey::Session(session)) => Content::LegacyMessage(Some(session)),
        Some(LegacyKey::Tokens(_)) => Content::LegacyMessage(None),
        None => Content::Malformed("malformed"),
    }
}

/// A JSON object with the two members of a message is one, right or wrong, and so is what begins as one; every other JSON is plain.
fn json(text: &[u8]) -> Content {
    let Ok(members) = serde_json::from_slice::<HashMap<Cow<'_, str>, IgnoredAny>>(text) else {
        // One that is cut off, or goes on behind its end (MSG-22).
        let has = |name: &[u8]| text.windows(name.len()).any(|window| window == name);
        return if MEMBERS.into_iter().all(has) { Content::Malformed("malformed") } else { Content::Plain };
    };
    if !members.contains_key("sessionId") || !members.contains_key("data") {
        return Content::Plain;
    }
    match message::Message::parse(text) {
        Ok(message) => Content::Message(message.session()),
        Err(error) => Content::Malformed(error.code()),
    }
}

/// The members of a message as they are written without need.
const MEMBERS: [&[u8]; 2] = [b"\"sessionId\"", b"\"data\""];

/// Whether something that is too large to be read may be a message: it is not passed over as plain then.
pub(crate) fn is_large_message(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    const PIECE: u64 = 1024 * 1024;
    file.rewind()?;
    let (mut found, mut piece, mut is_object) = ([false; 2], Vec::new(), None);
    loop {
        // A name may begin in one piece and end in the next.
        piece.drain(..piece.len().saturating_sub(MEMBERS[0].len()));
        if file.by_ref().take(PIECE).read_to_end(&mut piece)? == 0 {
            return Ok(false);
        }
        if !*is_object.get_or_insert_with(|| piece.trim_ascii_start().starts_with(b"{")) {
            return Ok(false);
        }
        for (found, name) in found.iter_mut().zip(MEMBERS) {
            *found |= piece.windows(name.len()).any(|window| window == name);
        }
        if found == [true; 2] {
            return Ok(true);
        }
    }
}

fn whole(file: &mut (impl Read + Seek), length: u64) -> io::Result<Vec<u8>> {
    if length > LARGEST_MESSAGE {
        return Err(io::Error::other("too large for one message"));
    }
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LARGEST_MESSAGE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
