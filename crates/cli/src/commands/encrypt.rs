//! `encrypt`: seals one message or file for a session.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::key_file::{LONG_KEY, SessionKey, SessionKeyFile};
use crate::output::{self, Output, Pending};
use crate::progress;
use crate::spool::Plaintext;
use crate::status::Status;
use sealwright::SessionId;
use sealwright::envelope::{file, message, name};
use serde::Serialize;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Encrypt a file, or a text as a message, for a session.
///
/// A file `name.ext` becomes `name.ext.seald` beside it, or `name (1).ext.seald` if that exists. A message is printed in one line of JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file to encrypt; `-` is standard input.
    file: Input,
    /// The session; a serialised session as key says it itself.
    #[arg(long, value_name = "ID")]
    session_id: Option<SessionId>,
    #[command(flatten)]
    key: SessionKeyFile,
    /// Encrypt the text as a message, every byte of it, the last line feed included.
    #[arg(long, conflicts_with = "name")]
    message: bool,
    /// The name that is stored with the file and that it gets when it is decrypted; without it, the name that it has.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to write what was encrypted; `-` is standard output.
    #[arg(long, short, value_name = "OUT")]
    output: Option<Output>,
}

const NAME_IT: &str = "say with --name how the file is to be called when it is decrypted";
/// Alternatives that are tried when a name is taken (FILE-32).
const ALTERNATIVES: u64 = 99;
/// What is appended to the name of a file that was encrypted (FILE-32).
const EXTENSION: &str = ".seald";
/// A message is sealed as a whole.
const LONGEST_MESSAGE: u64 = 256 * 1024 * 1024;

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    if let Some(Output::Path(target)) = &arguments.output {
        output::check(target, console.global().force)?;
    }
    let key = arguments.key.read(Some(&arguments.file))?;
    let session = key.session(arguments.session_id)?;
    if arguments.message {
        seal_message(arguments, &key, session, console)?;
    } else {
        seal_file(arguments, &key, session, console)?;
    }
    Ok(Status::Success)
}

/// What `--json` says of what was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    session_id: SessionId,
    output: String,
    bytes: u64,
}

fn seal_message(arguments: &Arguments, key: &SessionKey, session: SessionId, console: &Console) -> Result<(), Failure> {
    let text = arguments.file.read(LONGEST_MESSAGE);
    let text = text.map_err(|failure| failure.hint_for("too-large", "encrypt it as a file instead, or split it"))?;
    let text = std::str::from_utf8(text.expose())
        .map_err(|_| Failure::new("not-utf8", "a message is UTF-8 text, and this is not").at(&arguments.file))?;
    let sealed =
        message::seal(&key.key, session, text).map_err(|error| Failure::of(&error).hint_for("key-length", LONG_KEY))?;
    match &arguments.output {
        // A message is JSON itself.
        None | Some(Output::Standard) => console.bytes(format!("{sealed}\n").as_bytes()),
        Some(Output::Path(target)) => {
            output::write(target, sealed.as_bytes(), console.global().force)?;
            tell(session, target, sealed.len() as u64, console)
        }
    }
}

fn seal_file(arguments: &Arguments, key: &SessionKey, session: SessionId, console: &Console) -> Result<(), Failure> {
    let name = arguments.stored_name()?;
    let plaintext = Plaintext::open(&arguments.file)?;
    let length = plaintext.length();
    let failed = |error| {
        let failure = Failure::from(error).hint_for("key-length", LONG_KEY).hint_for("bad-value", NAME_IT);
        failure.at(&arguments.file)
    };
    let source = progress::reading(plaintext.reader()?, length, console);
    if arguments.output == Some(Output::Standard) {
        if console.global().json {
            return Err(Failure::usage(
                "the file and the JSON cannot both go to standard output",
                "leave --json out, or name a file with -o",
            ));
        }
        let mut output = io::BufWriter::new(io::stdout().lock());
        file::seal(&key.key, session, &name, length, source, &mut output).map_err(failed)?;
        return Ok(output.flush()?);
    }
    let mut targets = arguments.targets(&name, console.global().force).peekable();
    let first = targets.peek().cloned().unwrap_or_default();
    let pending = Pending::beside(&first).map_err(|error| Failure::from(error).at(first.display()))?;
    let mut buffered = io::BufWriter::new(pending);
    file::seal(&key.key, session, &name, length, source, &mut buffered).map_err(failed)?;
    let pending = buffered.into_inner().map_err(|error| Failure::from(error.into_error()).at(first.display()))?;
    if let Some(permissions) = plaintext.permissions() {
        pending.set_permissions(permissions).map_err(|error| Failure::from(error).at(first.display()))?;
    }
    let target = if console.global().force {
        pending.publish(&first, true).map(|()| first)?
    } else {
        pending.publish_first_free(targets)?
    };
    let bytes = file::sealed_length(&name, length).unwrap_or_default();
    tell(session, &target, bytes, console)
}

fn tell(session: SessionId, target: &Path, bytes: u64, console: &Console) -> Result<(), Failure> {
    let output = target.display().to_string();
    console.note(format_args!("wrote {output} ({bytes} bytes) for session {session}"));
    console.value(&Written { session_id: session, output, bytes })
}

impl Arguments {
    /// The name that goes into the container.
    fn stored_name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let Some(path) = self.file.path() else {
            return Err(Failure::usage(
                "what comes from standard input has no name",
                "say with --name how the file is called",
            ));
        };
        path.file_name().and_then(|name| name.to_str()).map(str::to_owned).ok_or_else(|| {
            Failure::new("bad-value", "the name of this file cannot be stored: it is not UTF-8 text")
                .hint(NAME_IT)
                .at(&self.file)
        })
    }

    /// Where the result may go: the first that is free. One only if it is named, or if overwriting is allowed (FILE-32).
    fn targets(&self, name: &str, force: bool) -> Box<dyn Iterator<Item = PathBuf>> {
        if let Some(Output::Path(path)) = &self.output {
            return Box::new(std::iter::once(path.clone()));
        }
        let (directory, full_name) = match self.file.path() {
            Some(path) => {
                (path.parent().unwrap_or(Path::new("")).to_owned(), path.file_name().unwrap_or_default().to_owned())
            }
            None => (PathBuf::new(), name::safe(name).into()),
        };
        let alternatives = match full_name.to_str() {
            // What is appended counts too.
            Some(name) if !force => {
                let longest = name::LONGEST.saturating_sub(EXTENSION.len());
                (1..=ALTERNATIVES).map(|number| name::numbered_within(name, number, longest).into()).collect()
            }
            _ => Vec::new(),
        };
        Box::new(std::iter::once(full_name).chain(alternatives).map(move |mut name| {
            name.push(EXTENSION);
            directory.join(name)
        }))
    }
}
