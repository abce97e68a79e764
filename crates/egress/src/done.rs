//! What became of an item, in the order in which it is published. The members of an archive wait until the whole archive has been read: a few
//! in memory, many in a private file (EGR-17, EGR-51).

use crate::convert::Converted;
use crate::error::EgressError;
use crate::files::Files;
use crate::ledger::{Damage, Line, Unopened, each_line, write_line};
use crate::ordered::Ordered;
use crate::place::{Finished, Left, Part};
use crate::unopened_rows::UnopenedRows;
use serde::{Deserialize, Serialize};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// Members that are in memory at once.
const FEW: usize = 128;

/// What became of an item and of everything in it, the item itself last: when that is there, everything is.
#[derive(Debug)]
pub(crate) struct Done {
    /// In the order of their sources, the last first.
    few: Vec<Converted>,
    many: Option<Many>,
}

/// Members, as they are converted. When they cannot be put aside, their files stay until the next run.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    files: &'a Files,
    output: &'a Path,
    count: u64,
    /// The latest ones.
    latest: Vec<Converted>,
    many: Option<Written>,
}

/// Members in a file that is being written.
#[derive(Debug)]
struct Written {
    members: Part,
    directories: Part,
    latest_directory: String,
}

/// Members in a file. It is not open before it is read: many archives may wait.
#[derive(Debug)]
struct Many {
    files: Files,
    output: PathBuf,
    members: Finished,
    directories: Finished,
    reading: Option<Ordered>,
}

/// A member in a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member {
    source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_bytes: Option<String>,
    line: Line,
    directory: String,
    files: Vec<(String, Left)>,
    unopened: (Vec<Unopened>, Option<Left>),
}

impl<'a> Members<'a> {
    pub(crate) fn new(files: &'a Files, output: &'a Path) -> Self {
        Self { files, output, count: 0, latest: Vec::new(), many: None }
    }

    pub(crate) fn push(&mut self, member: Converted) -> io::Result<()> {
        if self.latest.len() >= FEW {
            self.put_aside()?;
        }
        self.latest.push(member);
        self.count += 1;
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn latest(&mut self) -> Option<&mut Converted> {
        self.latest.last_mut()
    }

    /// All of them in the order of their sources, and then the item itself.
    pub(crate) fn finish(mut self, itself: Converted) -> io::Result<Done> {
        if self.many.is_some() {
            self.put_aside()?;
        }
        let Self { files, output, latest: mut few, many, .. } = self;
        few.sort_by_cached_key(|member| std::cmp::Reverse(member.line.source_key()));
        few.insert(0, itself);
        let finish = |written: Written| -> io::Result<Many> {
            let (members, directories) = (written.members.finish()?, written.directories.finish()?);
            Ok(Many { files: files.clone(), output: output.to_owned(), members, directories, reading: None })
        };
        Ok(Done { few, many: many.map(finish).transpose()? })
    }

    fn put_aside(&mut self) -> io::Result<()> {
        let many = match &mut self.many {
            Some(many) => many,
            none => {
                let create = || Part::create(self.files, self.output);
                none.insert(Written { members: create()?, directories: create()?, latest_directory: String::new() })
            }
        };
        for member in self.latest.drain(..) {
            if many.latest_directory != member.directory {
                write_line(&mut many.directories, &member.directory)?;
                many.latest_directory.clone_from(&member.directory);
            }
            write_line(&mut many.members, &Member::leave(member, self.output)?)?;
        }
        Ok(())
    }
}

impl Done {
    /// An item that has nothing in it.
    pub(crate) fn one(itself: Converted) -> Self {
        Self { few: vec![itself], many: None }
    }

    /// Gives the directories that outputs go to, relative to the output, to `take`.
    pub(crate) fn each_directory(&self, mut take: impl FnMut(&str)) -> Result<(), EgressError> {
        self.few.iter().for_each(|converted| take(&converted.directory));
        let Some(many) = &self.many else { return Ok(()) };
        let path = many.directories.path();
        let file = many.directories.open().map_err(EgressError::io("read", path))?;
        each_line(&mut BufReader::new(file), path, Damage::Told, |_, directory: String| {
            take(&directory);
            Ok(())
        })
        .map(drop)
    }

    /// What is to be published next.
    pub(crate) fn next(&mut self) -> Result<Option<Converted>, EgressError> {
        if let Some(many) = &mut self.many
            && let Some(member) = many.next()?
        {
            return Ok(Some(member));
        }
        Ok(self.few.pop())
    }
}

impl Many {
    fn next(&mut self) -> Result<Option<Converted>, EgressError> {
        let members = match &mut self.reading {
            Some(members) => members,
            none => none.insert(Ordered::open(&self.files, self.members.path())?),
        };
        let Some(text) = members.next_text()? else { return Ok(None) };
        let damaged = || EgressError::Manifest { path: self.members.path().to_owned(), line: 0 };
        let member: Member = serde_json::from_slice(&text.line).map_err(|_| damaged())?;
        Ok(Some(member.take_over(&self.files, &self.output)))
    }
}

/// What nobody publishes is removed.
impl Drop for Many {
    fn drop(&mut self) {
        while let Ok(Some(_)) = self.next() {}
    }
}

impl Member {
    /// Lets go of the files of a member.
    fn leave(converted: Converted, output: &Path) -> io::Result<Self> {
        let Converted { line, directory, files, unopened } = converted;
        let files = files.into_iter().map(|(wanted, file)| Ok((wanted, file.leave(output)?)));
        Ok(Self {
            source: line.source.clone(),
            source_bytes: line.source_bytes.clone(),
            files: files.collect::<io::Result<_>>()?,
            unopened: unopened.leave(output)?,
            line,
            directory,
        })
    }

    fn take_over(self, files: &Files, output: &Path) -> Converted {
        let take_over = |left: Left| left.take_over(files, output);
        let (first, rest) = self.unopened;
        Converted {
            line: self.line,
            directory: self.directory,
            files: self.files.into_iter().map(|(wanted, left)| (wanted, take_over(left))).collect(),
            unopened: UnopenedRows::of(first, rest.map(take_over)),
        }
    }
}
