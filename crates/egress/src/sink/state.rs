//! What a run has to know of earlier ones about its sink: `sink.jsonl` in the output (docs/spec/EGRESS.md section 6).
//!
//! The first line says which sink the output is for. With the session sink, every further line is a new session, its key encrypted under
//! a key of the old session: it tells nothing to anybody who could not read the data anyway, and a run that continues can always read it.

use super::new_sessions::WrappedSession;
use crate::error::EgressError;
use crate::files::{Files, Handle};
use crate::ledger::{Damage, each_line};
use sealwright_types::SessionId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The name of the file.
pub(crate) const SINK: &str = "sink.jsonl";
/// The most that is read at once of the files of all outputs that are put together: new sessions by the million (EGR-51).
pub(crate) const LONGEST: u64 = 512 * 1024 * 1024;

/// Which sink an output is for. Outputs without it are clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Head {
    /// `clear`, `age` or `session`.
    pub(crate) sink: String,
    /// Who can open the outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) recipients: Vec<String>,
    /// The file that holds the secret key of the recipient under a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<String>,
    /// The session that everything goes into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) into_session_id: Option<SessionId>,
    /// What tells its key from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_check: Option<String>,
}

impl Head {
    /// The sink of an output that says nothing of it.
    fn clear() -> Self {
        Self {
            sink: "clear".to_owned(),
            recipients: Vec::new(),
            identity: None,
            into_session_id: None,
            key_check: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Head(Head),
    Session(WrappedSession),
    Keys(WrittenKeys),
    Several(Several),
}

/// A file of keys that a run has written, or was about to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WrittenKeys {
    /// The hash of the file.
    pub(crate) keys_sha256: String,
    /// The hash of what decides which keys stand in it.
    pub(crate) content: String,
}

/// A session of which more than the first key has opened data (SES-10).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Several {
    session_id: SessionId,
    keys: usize,
}

/// The file, and where in it the sessions are.
#[derive(Debug)]
pub(crate) struct State {
    files: Files,
    path: PathBuf,
    /// Made with the first line.
    file: Option<Handle>,
    length: u64,
    head: Option<Head>,
    sessions: HashMap<SessionId, u64>,
    several: HashMap<SessionId, usize>,
    keys: Vec<WrittenKeys>,
    settled: bool,
    /// Whether a line was torn and could not be cut off: nothing may be written behind it, and nothing may rely on what stands there.
    torn: bool,
}

impl State {
    /// Reads what earlier runs have left. A torn last line is cut off; `damage` says what another one is that cannot be read (EGR-40).
    pub(crate) fn open(files: &Files, output: &Path, damage: Damage) -> Result<Self, EgressError> {
        let path = output.join(SINK);
        let mut state = Self {
            files: files.clone(),
            path,
            file: None,
            length: 0,
            head: None,
            sessions: HashMap::new(),
            several: HashMap::new(),
            keys: Vec::new(),
            settled: true,
            torn: false,
        };
        if let Some(file) = files.open_if_there(&state.path).map_err(EgressError::io("open", &state.path))? {
            state.read(file, damage)?;
        }
        Ok(state)
    }

    fn read(&mut self, mut file: Handle, damage: Damage) -> Result<(), EgressError> {
        let path = self.path.clone();
        let whole = each_line(&mut BufReader::new(&mut file), &path, damage, |place, entry| {
            match entry {
                Entry::Head(head) => self.head = Some(head),
                Entry::Session(session) => drop(self.sessions.insert(session.old_session_id, place)),
                Entry::Keys(keys) => self.keys.push(keys),
                Entry::Several(several) => drop(self.several.insert(several.session_id, several.keys)),
            }
            Ok(())
        })?;
        self.length = whole;
        if file.length().map_err(EgressError::io("read", &path))? == whole {
            return Ok(());
        }
        let file = self.file().map_err(EgressError::io("open", &path))?;
        // For good, before the journal goes that tells why.
        file.truncate(whole).and_then(|()| file.sync()).map_err(EgressError::io("repair", &path))
    }

    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Says which sink the output is for, before anything is in it.
    pub(crate) fn begin(&mut self, head: Head) -> io::Result<()> {
        self.append(&Entry::Head(head.clone()))?;
        self.head = Some(head);
        self.settle()?;
        self.files.sync_directory(self.path.parent().unwrap_or(Path::new(".")))
    }

    /// The new session of an old one.
    pub(crate) fn session(&mut self, old: SessionId) -> io::Result<Option<WrappedSession>> {
        let Some(&at) = self.sessions.get(&old) else { return Ok(None) };
        let mut text = Vec::new();
        let file = self.file()?;
        file.seek(SeekFrom::Start(at))?;
        BufReader::with_capacity(WrappedSession::USUAL_LENGTH, file).take(LONGEST_LINE).read_until(b'\n', &mut text)?;
        match serde_json::from_slice(&text)? {
            Entry::Session(session) if session.old_session_id == old => Ok(Some(session)),
            _ => Err(io::Error::other(format!("{SINK} was changed while it was used"))),
        }
    }

    /// All old sessions that have a new one, sorted.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.sort_unstable();
        sessions
    }

    /// Keeps a new session. It is there for good after [`State::settle`] only.
    pub(crate) fn keep_session(&mut self, session: WrappedSession) -> io::Result<()> {
        let (old, at) = (session.old_session_id, self.length);
        self.append(&Entry::Session(session))?;
        self.sessions.insert(old, at);
        Ok(())
    }

    /// How many keys of a session have to be tried for its data.
    pub(crate) fn keys_of(&self, session: SessionId) -> usize {
        self.several.get(&session).copied().unwrap_or(1)
    }

    /// Says that the session's first `keys` keys have to be tried for its data.
    pub(crate) fn keep_several(&mut self, session_id: SessionId, keys: usize) -> io::Result<()> {
        if keys <= self.keys_of(session_id) {
            return Ok(());
        }
        self.append(&Entry::Several(Several { session_id, keys }))?;
        self.several.insert(session_id, keys);
        Ok(())
    }

    /// Whether a file with this hash was written by a run into this output.
    pub(crate) fn has_written(&self, sha256: &str) -> bool {
        self.keys.iter().any(|keys| keys.keys_sha256 == sha256)
    }

    /// The latest file of keys.
    pub(crate) fn keys(&self) -> Option<&WrittenKeys> {
        self.keys.last()
    }

    /// Says that this file of keys gets its name now.
    pub(crate) fn announce_keys(&mut self, keys: WrittenKeys) -> io::Result<()> {
        self.append(&Entry::Keys(keys.clone()))?;
        self.keys.push(keys);
        self.settle()
    }

    /// What was kept is there for good.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.whole()?;
        if !self.settled {
            self.file()?.sync()?;
            self.settled = true;
        }
        Ok(())
    }

    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut text = serde_json::to_vec(entry)?;
        text.push(b'\n');
        self.whole()?;
        self.settled = false;
        if let Err(error) = self.file()?.write_all(&text) {
            let length = self.length;
            self.torn = self.file()?.truncate(length).is_err();
            return Err(error);
        }
        self.length += text.len() as u64;
        Ok(())
    }

    fn whole(&self) -> io::Result<()> {
        if self.torn { Err(io::Error::other("a line of the sink is torn")) } else { Ok(()) }
    }

    fn file(&mut self) -> io::Result<&mut Handle> {
        if self.file.is_none() {
            self.file = Some(self.files.append(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is closed"))
    }
}

/// What `sink.jsonl` of several outputs that are put together says: the sink, which has to be the same, and the sessions of which more than one
/// key has opened data. Each has written its own file of keys, and none is that of the whole. `None` if the outputs do not fit together: for
/// others, or with new sessions of their own. An output without the file is clear.
pub(crate) fn joined(files: &[Option<Vec<u8>>]) -> serde_json::Result<Option<(Head, Vec<u8>)>> {
    let (mut heads, mut several, mut has_sessions) = (Vec::new(), BTreeMap::new(), false);
    for file in files {
        let mut head = None;
        for line in file.iter().flat_map(|lines| lines.split_inclusive(|&byte| byte == b'\n')) {
            match serde_json::from_slice(line)? {
                Entry::Head(found) => head = Some(found),
                Entry::Session(_) => has_sessions = true,
                Entry::Keys(_) => {}
                Entry::Several(Several { session_id, keys }) => {
                    let most = several.entry(session_id).or_insert(keys);
                    *most = keys.max(*most);
                }
            }
        }
        heads.push(head.unwrap_or_else(Head::clear));
        heads.dedup();
    }
    let Some(head) = heads.pop().filter(|_| heads.is_empty()) else { return Ok(None) };
    if let [Some(only)] = files {
        return Ok(Some((head, only.clone())));
    }
    if has_sessions {
        return Ok(None);
    }
    let several = several.into_iter().map(|(session_id, keys)| Entry::Several(Several { session_id, keys }));
    let mut lines = Vec::new();
    for entry in [Entry::Head(head.clone())].into_iter().chain(several) {
        serde_json::to_writer(&mut lines, &entry)?;
        lines.push(b'\n');
    }
    Ok(Some((head, lines)))
}

/// The longest line of a session.
const LONGEST_LINE: u64 = 4096;
