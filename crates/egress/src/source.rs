//! The path of an item inside its bundle: how it is ordered, shown and found again.

use sealwright_envelope::name;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A path relative to the bundle, or a member of the archive there. Ordered bytewise (EGR-31).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    relative: Box<Path>,
    member: Option<Box<Member>>,
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Member {
    /// Its name as the archive has it, behind those of the archives that it is in, each with `!` before it.
    name: Vec<u8>,
    /// Where its outputs go.
    directory: String,
    file_name: String,
}

/// The most directories of an archive that outputs are put into.
const DEEPEST: usize = 32;

impl Source {
    pub(crate) fn new(relative: PathBuf) -> Self {
        Self { relative: relative.into(), member: None }
    }

    /// A member of the tar at this source that is called `name`, and `unique` among all sources. Its outputs go into a directory that is called
    /// like the tar (EGR-17).
    pub(crate) fn member(&self, unique: &[u8], name: &[u8]) -> Self {
        let text = String::from_utf8_lossy(name);
        let mut elements = text.split('/').filter(|element| !matches!(*element, "" | "."));
        let file_name = elements.next_back().unwrap_or_default().to_owned();
        let mut directory = self.tar_directory();
        for element in elements.take(DEEPEST) {
            directory = format!("{directory}/{}", name::safe(element));
        }
        self.inside(unique, directory, file_name)
    }

    /// What is compressed at this source, under its name without the ending, or one that is `unique` among all sources. Its outputs lie beside
    /// the source.
    pub(crate) fn content(&self, unique: &[u8], file_name: &str) -> Self {
        self.inside(unique, self.directory(), file_name.to_owned())
    }

    /// The directory for the outputs of the members of a tar at this source.
    pub(crate) fn tar_directory(&self) -> String {
        let (directory, name) = (self.directory(), name::safe(&self.file_name()));
        if directory.is_empty() { name } else { format!("{directory}/{name}") }
    }

    /// The sources among `all`, in order, that begin as those of members of the archive here do.
    pub(crate) fn like_members<T>(&self, all: &[T], source: impl Fn(&T) -> &Self) -> HashSet<Vec<u8>> {
        let beginning = [&self.bytes(), &b"!"[..]].concat();
        let first = all.partition_point(|one| source(one).bytes() < beginning);
        let rest = all.get(first..).unwrap_or_default().iter().map(|one| source(one).bytes());
        rest.take_while(|one| one.starts_with(&beginning)).collect()
    }

    fn inside(&self, name: &[u8], directory: String, file_name: String) -> Self {
        let above = self.member.as_ref().map_or(&[][..], |member| &member.name);
        let name = [above, b"!", name].concat();
        Self { relative: self.relative.clone(), member: Some(Box::new(Member { name, directory, file_name })) }
    }

    /// What tells it from all other sources.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let name = self.member.as_ref().map_or(&[][..], |member| &member.name);
        [self.relative.as_os_str().as_encoded_bytes(), name].concat()
    }

    /// Where the item is.
    pub(crate) fn path(&self, root: &Path) -> PathBuf {
        root.join(&self.relative)
    }

    /// The path with `/`, lossy where it is not UTF-8 (EGR-41); that of a directory ends with one.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<_> = self.relative.iter().map(OsStr::to_string_lossy).collect();
        let name = self.member.as_ref().map(|member| String::from_utf8_lossy(&member.name));
        let end = if self.relative.as_os_str().as_encoded_bytes().ends_with(b"/") { "/" } else { "" };
        parts.join("/") + end + name.as_deref().unwrap_or_default()
    }

    /// Whether it lies where record files are looked for.
    pub(crate) fn is_of_messages(&self) -> bool {
        self.relative.starts_with("messages")
    }

    /// The bytes in hex, for a path that is not UTF-8 (EGR-41).
    pub(crate) fn hex(&self) -> Option<String> {
        let bytes = self.bytes();
        std::str::from_utf8(&bytes).is_err().then(|| hex::encode(bytes))
    }

    /// The directory that the outputs go to, relative to the output, lossy where it is not UTF-8.
    pub(crate) fn directory(&self) -> String {
        if let Some(member) = &self.member {
            return member.directory.clone();
        }
        self.text().rsplit_once('/').map_or(String::new(), |(directory, _)| directory.to_owned())
    }

    /// The last element of the path, lossy where it is not UTF-8.
    pub(crate) fn file_name(&self) -> String {
        if let Some(member) = &self.member {
            return member.file_name.clone();
        }
        self.relative.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let name = |source: &Self| source.member.as_ref().map(|member| member.name.clone());
        let [own, others] = [self, other].map(|source| source.relative.as_os_str().as_encoded_bytes());
        own.cmp(others).then_with(|| name(self).cmp(&name(other)))
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
