//! A directory of its own for each test, the program run in it, and the transcript of what it printed.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A directory in which the program runs.
pub(crate) struct Place {
    directory: TempDir,
    transcript: String,
    hidden: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("tmp")).unwrap();
        Self { directory, transcript: String::new(), hidden: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Puts a file there.
    pub(crate) fn file(&self, name: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        let path = self.path().join(name.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Shows `label` in the snapshot instead of a text that differs from run to run.
    pub(crate) fn hide(&mut self, text: &str, label: &str) {
        self.hidden.push((text.to_owned(), label.to_owned()));
    }

    /// Runs the program and writes down what it printed.
    pub(crate) fn run<S: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = S>) -> Output {
        self.run_with_input(arguments, &[])
    }

    /// As [`Place::run`], with something on standard input, through a pipe.
    pub(crate) fn run_with_input<S: AsRef<OsStr>>(
        &mut self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Output {
        let arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut standard_input = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // The program need not read what it does not want.
            scope.spawn(move || drop(standard_input.write_all(input)));
            child.wait_with_output().unwrap()
        });
        self.write_down(&arguments, &output);
        output
    }

    /// The program, with nothing of the environment of the test.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.args(arguments).current_dir(self.path()).env_clear().env("TMPDIR", self.path().join("tmp"));
        command
    }

    /// Every file and directory there, sorted; directories end with `/`.
    pub(crate) fn listing(&self) -> Vec<String> {
        fn walk(directory: &Path, prefix: &str, found: &mut Vec<String>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
                if path.is_dir() {
                    walk(&path, &format!("{name}/"), found);
                    found.push(format!("{name}/"));
                } else {
                    found.push(name);
                }
            }
        }
        let mut found = Vec::new();
        walk(self.path(), "", &mut found);
        found.retain(|name| name != "tmp/");
        found.sort();
        found
    }

    /// Compares everything that was printed with the snapshot.
    pub(crate) fn matches(self, name: &str) {
        let snapshot = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.txt"));
        let printed = self.normalised();
        if std::env::var_os("SEALWRIGHT_SNAPSHOTS").is_some_and(|wish| wish == "write") {
            fs::write(&snapshot, printed).unwrap();
            return;
        }
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        if printed != expected {
            let line = printed.lines().zip(expected.lines()).take_while(|(ours, theirs)| ours == theirs).count();
            panic!(
                "{name}: what was printed differs from {} from line {} on:\n{}",
                snapshot.display(),
                line + 1,
                printed.lines().skip(line.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n")
            );
        }
    }

    fn write_down(&mut self, arguments: &[OsString], output: &Output) {
        let words = arguments.iter().map(|argument| {
            let word = argument.to_string_lossy();
            if word.contains([' ', '\n']) { format!("{word:?}") } else { word.into_owned() }
        });
        let command = words.fold("$ sealwright".to_owned(), |line, word| line + " " + &word);
        writeln!(self.transcript, "{command}").unwrap();
        for (mark, bytes) in [('|', &output.stdout), ('!', &output.stderr)] {
            for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
                // How far that works is up to the system.
                let confined = line.starts_with("confined: ") || line.starts_with("not confined: ");
                let line = if confined { "[confinement]\n" } else { line };
                let end = if line.ends_with('\n') { "" } else { " (no line feed)\n" };
                write!(self.transcript, "{mark} {line}{end}").unwrap();
            }
        }
        writeln!(self.transcript, "= {}\n", output.status.code().unwrap()).unwrap();
    }

    fn normalised(&self) -> String {
        let mut text = self.transcript.replace(&self.path().display().to_string(), "[HERE]");
        text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
        for (hidden, label) in &self.hidden {
            text = text.replace(hidden, label);
        }
        for name in ["seconds", "threads"] {
            text = without_number(&text, name);
        }
        // Keys, tokens and messages: long, and mostly random.
        let is_base64 = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=');
        let mut short = String::new();
        for word in text.split_inclusive(|character| !is_base64(character)) {
            let length = word.trim_end_matches(|character| !is_base64(character)).len();
            if length < 60 {
                short.push_str(word);
            } else {
                write!(short, "[{length} characters]{}", &word[length..]).unwrap();
            }
        }
        short
    }
}

/// A text without the numbers of this name: they differ from machine to machine.
fn without_number(text: &str, name: &str) -> String {
    let member = format!("\"{name}\":");
    let mut parts = text.split(&member);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|character: char| character.is_ascii_digit() || ".e-".contains(character));
        without.push_str(&format!("{member}[{name}]{rest}"));
    }
    without
}
