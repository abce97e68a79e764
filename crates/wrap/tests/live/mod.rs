//! The process of the live peer: one JSON request a line, one answer a line.

use sealwright_types::b64;
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The peer's process.
pub(crate) struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it; `None` if it is not there.
    pub(crate) fn start() -> Option<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/peers/node");
        let missing = if !directory.join("node_modules/sscrypto").is_dir() {
            Some("sscrypto is not installed (npm ci in vectors/peers/node)".to_owned())
        } else {
            Command::new("node").arg("--version").output().err().map(|error| format!("node: {error}"))
        };
        if let Some(reason) = missing {
            assert!(std::env::var_os("SEALWRIGHT_REQUIRE_NODE").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        let mut process = Command::new("node")
            .arg(directory.join("live.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Some(Self { process, requests, answers })
    }

    /// Every member but the operation is base64.
    pub(crate) fn ask(&mut self, operation: &str, members: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
        let mut request = Map::from_iter([("op".to_owned(), json!(operation))]);
        request.extend(members.iter().map(|(name, bytes)| ((*name).to_owned(), json!(b64::encode(bytes)))));
        writeln!(self.requests, "{}", Value::Object(request)).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        match answer["out"].as_str() {
            Some(out) => Ok(b64::decode_strict(out).unwrap()),
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
