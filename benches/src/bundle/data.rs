//! Files and records of a generated bundle, and what has to become of them.

use super::{Mix, Shape, Way};
use crate::inputs::Failure;
use ring::digest::{SHA256, digest};
use sealwright_envelope::{file, message};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::thread;

/// What has to become of a file, or of a row of a record file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Expected {
    pub(super) source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) row: Option<u64>,
    pub(super) status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// Of the content, or of the text of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// Writes `data/`, `messages/` and the truth about them.
pub(super) fn write(directory: &Path, bundle: &Path, shape: &Shape) -> Result<(), Failure> {
    let files = on_all_cores(shape.files, |number| Ok(vec![write_file(bundle, shape, number)?]))?;
    let row_files = if shape.rows == 0 { 0 } else { shape.row_files.max(1) };
    let rows = on_all_cores(row_files, |number| write_rows(bundle, shape, number))?;
    let mut truth = BufWriter::new(File::create(directory.join("expected.jsonl"))?);
    for expected in files.iter().chain(&rows) {
        serde_json::to_writer(&mut truth, expected)?;
        truth.write_all(b"\n")?;
    }
    Ok(truth.flush()?)
}

/// Calls `make` with all numbers below `total`.
fn on_all_cores(
    total: usize,
    make: impl Fn(usize) -> Result<Vec<Expected>, Failure> + Sync,
) -> Result<Vec<Expected>, Failure> {
    let cores = thread::available_parallelism()?.get();
    let part = |core| -> Result<Vec<Expected>, String> {
        let parts = (core..total).step_by(cores).map(&make).collect::<Result<Vec<_>, _>>();
        parts.map(|parts| parts.concat()).map_err(|error| error.to_string())
    };
    thread::scope(|scope| {
        let parts: Vec<_> = (0..cores).map(|core| scope.spawn(move || part(core))).collect();
        let mut all = Vec::new();
        for part in parts {
            all.extend(part.join().map_err(|_| "a thread panicked")??);
        }
        Ok(all)
    })
}

fn write_file(bundle: &Path, shape: &Shape, number: usize) -> Result<Expected, Failure> {
    let source = format!("data/area{}/part{}/f{number:07}.seald", number % 7, number / 2_000);
    let path = bundle.join(&source);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let odd = if shape.mix == Mix::Everything { number % 50 } else { 0 };
    let expected = |status: &str, error: Option<&str>, route: Option<&str>, content: Option<&[u8]>| Expected {
        source: source.clone(),
        row: None,
        status: status.to_owned(),
        error: error.map(str::to_owned),
        route: route.map(str::to_owned),
        sha256: content.map(sha256),
    };
    if odd == 48 {
        fs::write(&path, format!("never encrypted {number}"))?;
        return Ok(expected("plain", None, None, None));
    }
    if odd == 47 {
        fs::write(&path, b"SEALD.I")?;
        return Ok(expected("malformed", Some("malformed"), None, None));
    }
    let session = number % shape.sessions.max(1);
    let content = content(shape, number);
    let mut sealed = Vec::with_capacity(content.len() + 2_048);
    let (id, key) = (shape.session("session", session)?, shape.key("session", session)?);
    file::seal(&key, id, &stored_name(number), content.len() as u64, &content[..], &mut sealed)?;
    let fate = Way::of(session, shape.mix).fate();
    if odd == 49 {
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
    }
    fs::write(&path, &sealed)?;
    Ok(match fate {
        Err(code) => expected("closed", Some(code), None, None),
        Ok(_) if odd == 49 => expected("rejected", Some("rejected"), None, None),
        Ok(route) => expected("converted", None, Some(route), Some(&content)),
    })
}

/// Few names, so that many are equal, some only after folding.
fn stored_name(number: usize) -> String {
    match number % 5 {
        0 => "report.pdf".to_owned(),
        1 => "Report.PDF".to_owned(),
        2 => "re\u{301}sume\u{301}.txt".to_owned(),
        3 => "../../etc/passwd".to_owned(),
        _ => format!("photo {number}.jpg"),
    }
}

/// As long as its number says, and of bytes that depend on it.
fn content(shape: &Shape, number: usize) -> Vec<u8> {
    let block = shape.bytes("content", number);
    let random = u64::from_be_bytes([block[0], block[1], block[2], block[3], block[4], block[5], block[6], block[7]]);
    let length = usize::try_from(random % (shape.longest as u64 + 1)).unwrap_or(0);
    block.iter().copied().cycle().take(length).collect()
}

fn write_rows(bundle: &Path, shape: &Shape, number: usize) -> Result<Vec<Expected>, Failure> {
    let mut expected = Vec::new();
    let source = format!("messages/chat{number:03}.jsonl");
    let path = bundle.join(&source);
    fs::create_dir_all(bundle.join("messages"))?;
    let mut file = BufWriter::new(File::create(path)?);
    for (row, message) in (number..shape.rows).step_by(shape.row_files.max(1)).enumerate() {
        let session = message % shape.sessions.max(1);
        let (id, key) = (shape.session("session", session)?, shape.key("session", session)?);
        let text: String = format!("message {message} ").chars().cycle().take(shape.text).collect();
        let record = serde_json::json!({"id": message, "body": message::seal(&key, id, &text)?, "read": true});
        writeln!(file, "{record}")?;
        let fate = Way::of(session, shape.mix).fate();
        expected.push(Expected {
            source: source.clone(),
            row: Some(row as u64),
            status: if fate.is_ok() { "converted" } else { "closed" }.to_owned(),
            error: fate.err().map(str::to_owned),
            route: None,
            sha256: fate.is_ok().then(|| sha256(text.as_bytes())),
        });
    }
    file.flush()?;
    Ok(expected)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
