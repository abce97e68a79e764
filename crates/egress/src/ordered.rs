//! Ledger lines in the order of their sources, whatever the order of the file: one at a time, with bounded memory (EGR-31).

use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::ledger::read_line;
use crate::place;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of lines that are sorted in memory at once.
const CHUNK: usize = 16 * 1024 * 1024;
/// Files that are open at once while sorted chunks are merged.
const WIDTH: usize = 64;

/// The lines of one ledger file, ordered bytewise by source. Lines of one source keep their order.
#[derive(Debug)]
pub(crate) struct Ordered {
    path: PathBuf,
    parts: Vec<Lines>,
}

/// One line, with the bytes of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) source: Vec<u8>,
    pub(crate) line: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, default)]
    source_bytes: Option<Cow<'a, str>>,
}

impl Ordered {
    /// The lines of a file; a missing one has none. A file that is out of order is sorted by way of unnamed temporary files.
    pub(crate) fn open(files: &Files, path: &Path) -> Result<Self, EgressError> {
        Self::open_in_chunks(files, path, CHUNK)
    }

    fn open_in_chunks(files: &Files, path: &Path, chunk: usize) -> Result<Self, EgressError> {
        let Some(file) = files.open_if_there(path).map_err(EgressError::io("open", path))? else {
            return Ok(Self { path: path.to_owned(), parts: Vec::new() });
        };
        let directory = path.parent().unwrap_or(Path::new("."));
        let read = || EgressError::io("read", path);
        let mut lines = Lines::new(file).map_err(fail(path, 1))?;
        let (mut number, mut is_ordered, mut last) = (0, true, Vec::new());
        while let Some(text) = lines.next().map_err(fail(path, number + 2))? {
            number += 1;
            is_ordered &= last <= text.source;
            last = text.source;
        }
        let file = lines.rewound().map_err(read())?;
        let lines = Lines::new(file).map_err(read())?;
        let parts = if is_ordered { vec![lines] } else { sorted(files, directory, lines, chunk).map_err(read())? };
        Ok(Self { path: path.to_owned(), parts })
    }

    /// The next line as it stands in the file.
    pub(crate) fn next_text(&mut self) -> Result<Option<Text>, EgressError> {
        next_of(&mut self.parts).map_err(EgressError::io("read", &self.path))
    }

    /// The next line that is the last one of its source: a manifest may hold earlier ones.
    pub(crate) fn next_last<T: DeserializeOwned>(&mut self) -> Result<Option<(Vec<u8>, T)>, EgressError> {
        let Some(text) = self.next_last_text()? else { return Ok(None) };
        let manifest = || EgressError::Manifest { path: self.path.clone(), line: 0 };
        let line = serde_json::from_slice(&text.line).map_err(|_| manifest())?;
        Ok(Some((text.source, line)))
    }

    /// As [`Self::next_last`], as it stands in the file.
    pub(crate) fn next_last_text(&mut self) -> Result<Option<Text>, EgressError> {
        let Some(mut text) = self.next_text()? else { return Ok(None) };
        while self.peek().is_some_and(|source| source == text.source) {
            let Some(later) = self.next_text()? else { break };
            text = later;
        }
        Ok(Some(text))
    }

    /// The source of the next line.
    pub(crate) fn peek(&self) -> Option<&[u8]> {
        self.parts.iter().filter_map(Lines::peek).min()
    }
}

fn fail(path: &Path, line: u64) -> impl FnOnce(io::Error) -> EgressError {
    move |error| match error.kind() {
        io::ErrorKind::InvalidData => EgressError::Manifest { path: path.to_owned(), line },
        _ => EgressError::io("read", path)(error),
    }
}

/// The whole lines of a file, one ahead. A torn last line is none.
#[derive(Debug)]
struct Lines {
    file: BufReader<Handle>,
    next: Option<Text>,
}

impl Lines {
    fn new(file: Handle) -> io::Result<Self> {
        let mut lines = Self { file: BufReader::new(file), next: None };
        lines.next = lines.read()?;
        Ok(lines)
    }

    fn peek(&self) -> Option<&[u8]> {
        self.next.as_ref().map(|text| &text.source[..])
    }

    fn next(&mut self) -> io::Result<Option<Text>> {
        let Some(text) = self.next.take() else { return Ok(None) };
        self.next = self.read()?;
        Ok(Some(text))
    }

    fn read(&mut self) -> io::Result<Option<Text>> {
        let mut line = Vec::new();
        read_line(&mut self.file, &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let place: Place<'_> = serde_json::from_slice(&line).map_err(invalid)?;
        let bytes = place.source_bytes.map(|bytes| hex::decode(bytes.as_bytes())).transpose().map_err(invalid)?;
        let source = bytes.unwrap_or_else(|| place.source.into_owned().into_bytes());
        Ok(Some(Text { source, line }))
    }

    fn rewound(self) -> io::Result<Handle> {
        let mut file = self.file.into_inner();
        file.rewind()?;
        Ok(file)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Sorts in chunks, and merges chunks until few enough are left to be read side by side.
fn sorted(files: &Files, directory: &Path, mut lines: Lines, chunk: usize) -> io::Result<Vec<Lines>> {
    let mut parts = Vec::new();
    while lines.peek().is_some() {
        let (mut texts, mut size) = (Vec::new(), 0);
        while size < chunk
            && let Some(text) = lines.next()?
        {
            size += text.line.len() + text.source.len();
            texts.push(text);
        }
        texts.sort_by(|a: &Text, b| a.source.cmp(&b.source));
        parts.push(spilled(files, directory, texts.into_iter().map(Ok))?);
    }
    while parts.len() > WIDTH {
        let mut merged = Vec::with_capacity(parts.len().div_ceil(WIDTH));
        let mut rest = parts.into_iter();
        loop {
            let mut some: Vec<_> = rest.by_ref().take(WIDTH).collect();
            if some.is_empty() {
                break;
            }
            merged.push(spilled(files, directory, std::iter::from_fn(|| next_of(&mut some).transpose()))?);
        }
        parts = merged;
    }
    Ok(parts)
}

/// The first of the next lines of several parts; of equal ones that of the earlier part.
fn next_of(parts: &mut [Lines]) -> io::Result<Option<Text>> {
    let ready = parts.iter_mut().filter(|part| part.next.is_some());
    ready.min_by(|a, b| a.peek().cmp(&b.peek())).map_or(Ok(None), Lines::next)
}

fn spilled(files: &Files, directory: &Path, texts: impl Iterator<Item = io::Result<Text>>) -> io::Result<Lines> {
    // What is only read may lie where nothing can be written.
    let file = place::unnamed(files, directory).or_else(|_| place::unnamed(files, &tempfile::env::temp_dir()));
    let mut file = BufWriter::new(file?);
    for text in texts {
        file.write_all(&text?.line)?;
        file.write_all(b"\n")?;
    }
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Lines::new(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn of(lines: &[(String, u32)], chunk: usize) -> (tempfile::TempDir, Ordered) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("manifest.jsonl");
        let line = |(source, number): &(String, u32)| serde_json::json!({ "source": source, "n": number });
        let mut text: String = lines.iter().map(|pair| format!("{}\n", line(pair))).collect();
        text.push_str("{\"source\":\"torn");
        fs::write(&path, text).unwrap();
        let ordered = Ordered::open_in_chunks(&Files::default(), &path, chunk).unwrap();
        (directory, ordered)
    }

    proptest! {
        #[test]
        fn lines_come_in_the_order_of_their_sources(sources in proptest::collection::vec("[ab/.é\"]{0,2}", 0..200), chunk in 1usize..5000) {
            let lines: Vec<_> = sources.into_iter().zip(0..).collect();
            let (_directory, mut ordered) = of(&lines, chunk);
            let mut expected = lines;
            expected.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            let mut seen = Vec::new();
            while let Some(text) = ordered.next_text().unwrap() {
                let line: serde_json::Value = serde_json::from_slice(&text.line).unwrap();
                seen.push((String::from_utf8(text.source).unwrap(), line["n"].as_u64().unwrap() as u32));
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn the_last_line_of_a_source_counts() {
        let lines = ["b", "a", "b", "a", "c"].map(str::to_owned).into_iter().zip(0..).collect::<Vec<_>>();
        for chunk in [1, 60, 5000] {
            let (_directory, mut ordered) = of(&lines, chunk);
            let mut seen = Vec::new();
            while let Some((source, line)) = ordered.next_last::<serde_json::Value>().unwrap() {
                seen.push((source, line["n"].as_u64().unwrap()));
            }
            assert_eq!(seen, [(b"a".to_vec(), 3), (b"b".to_vec(), 2), (b"c".to_vec(), 4)]);
        }
    }

    #[test]
    fn a_name_that_is_no_text_is_ordered_by_its_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("manifest.jsonl");
        fs::write(&path, "{\"source\":\"\u{fffd}\",\"sourceBytes\":\"62\"}\n{\"source\":\"a\"}\n{\"source\":\"c\"}\n")
            .unwrap();
        let mut ordered = Ordered::open(&Files::default(), &path).unwrap();
        let sources: Vec<_> = std::iter::from_fn(|| ordered.next_text().unwrap()).map(|text| text.source).collect();
        assert_eq!(sources, [b"a", b"b", b"c"]);
        assert!(Ordered::open(&Files::default(), &directory.path().join("missing")).unwrap().peek().is_none());
        fs::write(&path, "{\"source\":\"a\"}\nnothing\n").unwrap();
        assert!(matches!(Ordered::open(&Files::default(), &path), Err(EgressError::Manifest { line: 2, .. })));
    }
}
