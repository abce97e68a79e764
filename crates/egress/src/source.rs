//! The path of an item inside its bundle: how it is ordered, shown and found again.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A path relative to the bundle. Ordered bytewise (EGR-31).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    relative: PathBuf,
}

impl Source {
    pub(crate) fn new(relative: PathBuf) -> Self {
        Self { relative }
    }

    /// Where the item is.
    pub(crate) fn path(&self, root: &Path) -> PathBuf {
        root.join(&self.relative)
    }

    /// The path with `/`, lossy where it is not UTF-8 (EGR-41).
    pub(crate) fn text(&self) -> String {
        let parts: Vec<_> = self.relative.iter().map(OsStr::to_string_lossy).collect();
        parts.join("/")
    }

    /// The bytes in hex, for a path that is not UTF-8 (EGR-41).
    pub(crate) fn hex(&self) -> Option<String> {
        let bytes = self.relative.as_os_str().as_encoded_bytes();
        self.relative.to_str().is_none().then(|| hex::encode(bytes))
    }

    /// The directory that the outputs go to, relative to the output, lossy where it is not UTF-8.
    pub(crate) fn directory(&self) -> String {
        self.text().rsplit_once('/').map_or(String::new(), |(directory, _)| directory.to_owned())
    }

    /// The last element of the path, lossy where it is not UTF-8.
    pub(crate) fn file_name(&self) -> String {
        self.relative.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let [own, others] = [self, other].map(|source| source.relative.as_os_str().as_encoded_bytes());
        own.cmp(others)
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
