//! `decrypt`: opens one message or file.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::{Input, Source, bounded};
use crate::keys::KeyArguments;
use crate::output::{self, Output, Pending};
use crate::status::Status;
use crate::{printable, progress};
use sealwright::SessionId;
use sealwright::envelope::file::{self, Entries, Entry, FileError, Header, SingleEntry};
use sealwright::envelope::legacy::{LegacyKey, LegacyMessage, PREFIX};
use sealwright::envelope::message::{Message, MessageError};
use sealwright::envelope::name;
use sealwright::types::{SecretVec, b64};
use serde::Serialize;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Open an encrypted message or file.
///
/// A file is written under the name that was stored with it, made safe, in the current directory; a message is printed. Nothing is written
/// before all of the input is verified.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The encrypted message or file; `-` is standard input.
    file: Input,
    #[command(flatten)]
    keys: KeyArguments,
    /// Where to write what was opened; `-` is standard output.
    #[arg(long, short, value_name = "OUT")]
    output: Option<Output>,
}

/// A message is read as a whole.
const LONGEST_MESSAGE: u64 = 1024 * 1024 * 1024;

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Status, Failure> {
    arguments.keys.check(&arguments.file)?;
    if let Some(Output::Path(target)) = &arguments.output {
        output::check(target, console.global().force)?;
    }
    let mut source = arguments.file.open_ciphertext()?;
    let opened = match Sealed::read(&mut source, &arguments.keys).map_err(|failure| failure.at(&arguments.file))? {
        Sealed::Message { session, sealed } => message(arguments, session, &sealed, console),
        Sealed::Container(header) => container(arguments, &header, source, console),
    };
    // A rejected container or message: the input is what is wrong, unless an output was named.
    opened.map_err(|failure| failure.at(&arguments.file))?;
    Ok(Status::Success)
}

/// What the input is.
enum Sealed {
    Container(Header),
    Message { session: Option<SessionId>, sealed: AnyMessage },
}

enum AnyMessage {
    Current(Message),
    Legacy(LegacyMessage),
}

impl Sealed {
    fn read(source: &mut Source, keys: &KeyArguments) -> Result<Self, Failure> {
        let beginning = bounded(&mut source.by_ref().take(file::recognition_window()), u64::MAX)?;
        source.rewind()?;
        if file::recognize(beginning.expose()).is_some() {
            return Ok(Self::Container(file::inspect(source)?));
        }
        let start = beginning.expose().trim_ascii_start();
        if start.starts_with(PREFIX.as_bytes()) {
            let content = bounded(source, LONGEST_MESSAGE)?;
            let text = std::str::from_utf8(content.expose().trim_ascii()).unwrap_or_default();
            let message = LegacyMessage::parse(text).map_err(|error| Failure::of(&error))?;
            let session = if let LegacyKey::Session(session) = message.key { Some(session) } else { None };
            return Ok(Self::Message { session, sealed: AnyMessage::Legacy(message) });
        }
        if start.starts_with(b"{") {
            let text = bounded(source, LONGEST_MESSAGE)?;
            let message = Message::parse(text.expose()).or_else(|error| match keys.expected_session() {
                // Beside an expected session an id may be that of another one, however it is written (MSG-13).
                Some(expected) => Message::parse_expected(expected, text.expose()),
                None => Err(error),
            });
            let message = message.map_err(|error| Failure::of(&error))?;
            return Ok(Self::Message { session: Some(message.session()), sealed: AnyMessage::Current(message) });
        }
        Err(match beginning.expose() {
            [] => Failure::new("malformed", "the input is empty (FILE-20)").hint("copy it again from where it came"),
            cut if file::MAGIC.starts_with(cut) => {
                Failure::new("malformed", "an encrypted file that was cut in its first bytes (FILE-20)")
            }
            _ => Failure::new("malformed", "neither an encrypted file nor a message (FILE-20)"),
        })
    }
}

/// What `--json` says of an opened message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// Where the bytes are no UTF-8 text (MSG-23).
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

fn message(
    arguments: &Arguments,
    session: Option<SessionId>,
    sealed: &AnyMessage,
    console: &Console,
) -> Result<(), Failure> {
    let keys = arguments.keys.read(console)?;
    if let (Some(expected), Some(found)) = (keys.session(), session)
        && expected != found
    {
        return Err(Failure::of(&MessageError::WrongSession { expected }));
    }
    let opened = match sealed {
        AnyMessage::Current(message) => keys.each(session, console, |key| message.open(key))?,
        AnyMessage::Legacy(message) => match &message.key {
            LegacyKey::Session(_) => keys.each(session, console, |key| message.open(key))?,
            LegacyKey::Tokens(tokens) => keys.each_of_tokens(tokens, |key| message.open(key))?,
        },
    };
    let plaintext = SecretVec::from(opened);
    let bytes = plaintext.expose();
    let text = std::str::from_utf8(bytes).ok();
    let mut told = OpenedMessage { session_id: session, bytes: bytes.len(), text: None, base64: None, output: None };
    match &arguments.output {
        Some(Output::Path(target)) => {
            output::write(target, bytes, console.global().force)?;
            console.note(format_args!("wrote {} ({} bytes)", target.display(), bytes.len()));
            told.output = Some(target.display().to_string());
            console.value(&told)
        }
        Some(Output::Standard) | None if console.global().json => {
            told.text = text;
            told.base64 = text.is_none().then(|| b64::encode(bytes));
            console.value(&told)
        }
        None if console.shows_results_on_terminal() => match text {
            Some(text) => console.line(printable::lines(text)),
            None => Err(Failure::new("not-utf8", "the message opened, but it is not text (MSG-23)")
                .hint("write it into a file with -o")),
        },
        Some(Output::Standard) | None => console.bytes(bytes),
    }
}

/// What `--json` says of an opened file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedFile {
    session_id: SessionId,
    output: String,
    bytes: u64,
    /// As it was stored: not safe as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_name: Option<String>,
}

fn container(arguments: &Arguments, header: &Header, mut source: Source, console: &Console) -> Result<(), Failure> {
    let to_standard_output = arguments.output == Some(Output::Standard);
    if to_standard_output && console.global().json {
        return Err(Failure::usage(
            "the file and the JSON cannot both go to standard output",
            "leave --json out, or name a file with -o",
        ));
    }
    if header.kind == file::Kind::Legacy && arguments.output.is_none() {
        return Err(Failure::usage("a file of this form has no name stored with it", "name the output with -o"));
    }
    let keys = arguments.keys.read(console)?;
    if let Some(expected) = keys.session() {
        header.expect_session(expected)?;
    }
    let length = source.length()?;
    if to_standard_output {
        return keys.each(Some(header.session), console, |key| {
            // Two passes: the first one verifies.
            let source = progress::seeking(&mut source, length.saturating_mul(2), console);
            let mut opened = file::open(key, header, source, SingleEntry::Only)?;
            let mut output = io::stdout().lock();
            io::copy(&mut opened, &mut output)?;
            Ok::<_, FileError>(output.flush()?)
        });
    }
    let beside = arguments.target().unwrap_or(Path::new("."));
    // Made once before any work, so that a directory that cannot be written to is told as such.
    let mut pending = Some(Pending::beside(beside).map_err(|error| Failure::from(error).at(beside.display()))?);
    let opened = keys.each(Some(header.session), console, |key| {
        let source = progress::seeking(&mut source, length, console);
        let place = |_: &Entry| pending.take().map_or_else(|| Pending::beside(beside), Ok);
        file::open_withheld(key, header, source, Entries::One, place)
    })?;
    let (entry, pending) = opened.files.into_iter().next().ok_or_else(|| Failure::of(&file::TarError::EmptyArchive))?;
    let safe = entry.name.as_ref().map_or_else(|| name::safe(""), |name| name.safe.clone());
    let target = arguments.target().map_or_else(|| PathBuf::from(safe), Path::to_owned);
    pending.publish(&target, console.global().force)?;
    tell(header, &entry, &target, console)
}

fn tell(header: &Header, entry: &Entry, target: &Path, console: &Console) -> Result<(), Failure> {
    let stored_name = entry.name.as_ref().map(|name| name.raw.clone());
    let other_name = stored_name.as_deref().filter(|stored| target.file_name() != Some(stored.as_ref()));
    let stored = other_name.map_or_else(String::new, |stored| format!(", stored as {stored:?}"));
    console.note(format_args!("wrote {} ({} bytes{stored})", target.display(), entry.length));
    let output = target.display().to_string();
    console.value(&OpenedFile { session_id: header.session, output, bytes: entry.length, stored_name })
}

impl Arguments {
    fn target(&self) -> Option<&Path> {
        match &self.output {
            Some(Output::Path(path)) => Some(path),
            _ => None,
        }
    }
}
