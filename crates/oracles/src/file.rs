//! File containers: every way of opening one says the same, and what comes out was inside.

use crate::Input;
use crate::sealing::{IV, base64, key, sealed, session, with_envelope};
use sealwright_envelope::file::{self, Entries, Entry, FileError, Header, Opened, SingleEntry};
use sealwright_envelope::hazmat;
use sealwright_types::Coded as _;
use std::io::{Cursor, Read as _};

pub(crate) const PLACE: &[u8] = b"@";
const CONTENT: &[u8] = b"<p>hello</p>";

/// Input: a whole container, or with `@` for the envelope of an archive.
pub(crate) fn container(input: &[u8]) -> Input {
    let archived = archive_of(CONTENT);
    let container = match input.split_last() {
        Some((b'@', header)) => [header, &sealed(&archived)].concat(),
        _ => input.to_vec(),
    };
    let recognised = file::recognize(&container);
    let Ok(header) = file::inspect(&mut Cursor::new(&container)) else {
        return Input::Useful;
    };
    assert_eq!(recognised, Some(header.kind), "inspected as another kind than recognised");
    if let Ok(contents) = every_door(&container, &header) {
        let whole = header.kind == file::Kind::Legacy;
        assert_eq!(contents, if whole { archived } else { CONTENT.to_vec() }, "another content than was sealed");
    }
    Input::Useful
}

/// Input: an archive, which is sealed as it is.
pub(crate) fn archive(input: &[u8]) -> Input {
    let header: Vec<u8> = written(b"").into_iter().take(59).collect();
    let container = [&header[..], &sealed(input)].concat();
    let header = file::inspect(&mut Cursor::new(&container)).expect("our own header");
    if let Ok(content) = every_door(&container, &header) {
        another_reader_agrees(input, &content);
    }
    if let Ok(content) = std::str::from_utf8(input)
        && let Some(name) = content.lines().next()
    {
        names_round_trip(name, input);
    }
    Input::Useful
}

/// Input: HTML with `@` where the base64 of the envelope stands.
pub(crate) fn html(input: &[u8]) -> Input {
    let text = with_envelope(input, PLACE, &archive_of(CONTENT), base64);
    let Ok(header) = file::inspect(&mut Cursor::new(&text)) else {
        return Input::Useful;
    };
    if let Ok(content) = every_door(&text, &header) {
        // A mutation may have turned it into a container of another kind, around bytes that nobody sealed.
        assert_eq!((header.kind, &content[..]), (file::Kind::Html, CONTENT), "another content than was sealed");
    }
    Input::Useful
}

/// The one verdict of opening by two passes and in one, for each choice of entries. The content under [`Entries::One`].
fn every_door(container: &[u8], header: &Header) -> Result<Vec<u8>, &'static str> {
    let only = two_passes(container, header, SingleEntry::Only);
    assert_eq!(only, one_pass(container, header, Entries::One).map(single), "the one entry");
    let first = two_passes(container, header, SingleEntry::First);
    assert_eq!(first, one_pass(container, header, Entries::First).map(single), "the first entry");
    if let Ok((entry, content)) = &only {
        assert_eq!(first.as_ref(), Ok(&(entry.clone(), content.clone())), "the one entry is the first");
        assert_eq!(entry.length, content.len() as u64, "the length was announced");
    }
    if let Ok(opened) = one_pass(container, header, Entries::List) {
        let total: u64 = opened.files.iter().map(|(entry, _)| entry.length).sum();
        assert!(total <= container.len() as u64, "more came out than was inside");
        for (entry, content) in &opened.files {
            assert_eq!(entry.length, content.len() as u64, "the length was announced");
        }
    }
    only.map(|(_, content)| content)
}

fn single(opened: Opened<Vec<u8>>) -> (Entry, Vec<u8>) {
    let [file] = <[_; 1]>::try_from(opened.files).expect("one file");
    file
}

fn two_passes(container: &[u8], header: &Header, entries: SingleEntry) -> Result<(Entry, Vec<u8>), &'static str> {
    let key = key();
    let mut opened = file::open(&key, header, Cursor::new(container), entries).map_err(code)?;
    let mut content = Vec::new();
    opened.read_to_end(&mut content).expect("what was verified stays verified");
    Ok((opened.entry().clone(), content))
}

fn one_pass(container: &[u8], header: &Header, entries: Entries) -> Result<Opened<Vec<u8>>, &'static str> {
    file::open_withheld(&key(), header, Cursor::new(container), entries, |_| Ok(Vec::new())).map_err(code)
}

fn code(error: FileError) -> &'static str {
    assert!(!matches!(error, FileError::Io(_)), "reading memory failed: {error}");
    error.code()
}

/// Where the `tar` crate reads a first entry without complaint, it is the same.
fn another_reader_agrees(archive: &[u8], content: &[u8]) {
    let mut reader = tar::Archive::new(archive);
    let Some(Ok(mut entry)) = reader.entries().ok().and_then(|mut entries| entries.next()) else {
        return;
    };
    let mut other = Vec::new();
    if entry.read_to_end(&mut other).is_ok() && entry.header().entry_type().is_file() {
        assert_eq!(other, content, "the tar crate reads another content");
    }
}

fn names_round_trip(name: &str, content: &[u8]) {
    let mut sink = Vec::new();
    let length = content.len() as u64;
    match hazmat::seal_file_with_iv(&key(), session(), &IV, name, length, content, &mut sink) {
        Ok(()) => {
            assert_eq!(file::sealed_length(name, length), Some(sink.len() as u64), "the length was announced");
            let header = file::inspect(&mut Cursor::new(&sink)).expect("our own header");
            let (entry, opened) = two_passes(&sink, &header, SingleEntry::Only).expect("our own container");
            assert_eq!((entry.name.expect("a name").raw.as_str(), &opened[..]), (name, content), "round trip");
        }
        Err(error) => assert_eq!(error.code(), "bad-value", "{error}"),
    }
}

/// A container that we write.
pub(crate) fn written(content: &[u8]) -> Vec<u8> {
    let mut container = Vec::new();
    hazmat::seal_file_with_iv(&key(), session(), &IV, "a.html", content.len() as u64, content, &mut container)
        .expect("a good name");
    container
}

/// The archive inside.
pub(crate) fn archive_of(content: &[u8]) -> Vec<u8> {
    let container = written(content);
    let (_, envelope) = container.split_at(59);
    sealwright_envelope::open(&key(), envelope).expect("our own envelope")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::sealed;

    #[test]
    fn hand_picked_inputs_hold() {
        let whole = written(CONTENT);
        let header = [&whole[..59], b"@"].concat();
        for input in [&b""[..], b"SEALD.IO_", &whole, &header, b"SEALD.IO_Encrypted_FileWiIXIjbEQe6+VgJCrBIAAg@"] {
            container(input);
        }
        let legacy = [&b"SEALD.IO_Encrypted_FileWiIXIjbEQe6+VgJCrBIAAg"[..], &sealed(&archive_of(CONTENT))].concat();
        assert_eq!(file::inspect(&mut Cursor::new(&legacy)).unwrap().kind, file::Kind::Legacy);
        for input in [&b""[..], &[0; 1024], &archive_of(CONTENT), b"name\nbody"] {
            archive(input);
        }
        let page = b"window.sealdDocumentUID = '5a221722-36c4-41ee-be56-0242ac120002'; window.sealdDocument = '@'";
        html(page);
        let filled = with_envelope(page, PLACE, &archive_of(CONTENT), base64);
        let header = file::inspect(&mut Cursor::new(&filled)).unwrap();
        assert_eq!(every_door(&filled, &header), Ok(CONTENT.to_vec()));
    }
}
