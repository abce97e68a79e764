//! Whether an egress of a generated bundle gave the truth, all of it and nothing else.

use super::data::{Expected, sha256};
use crate::inputs::Failure;
use sealwright_egress::{Line, Status, Unopened};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Something that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// File, and row of a record file.
    pub place: String,
    /// What has to be, and what is.
    pub what: String,
}

/// Compares the output of an egress with `expected.jsonl` of the directory that the bundle was made in.
///
/// # Errors
/// When one of the files cannot be read.
pub fn check(directory: &Path, output: &Path) -> Result<Vec<Difference>, Failure> {
    let mut differences = Vec::new();
    let mut manifest: HashMap<String, Line> =
        lines::<Line>(&output.join("manifest.jsonl"))?.into_iter().map(|line| (line.source.clone(), line)).collect();
    let mut rows: HashMap<String, Vec<Expected>> = HashMap::new();
    for expected in lines::<Expected>(&directory.join("expected.jsonl"))? {
        if expected.row.is_some() {
            rows.entry(expected.source.clone()).or_default().push(expected);
            continue;
        }
        let found = match manifest.remove(&expected.source) {
            Some(line) => fate(&line, output)?,
            None => "no line in the manifest".to_owned(),
        };
        let wanted = format!("{} {:?} {:?} {:?}", expected.status, expected.error, expected.route, expected.sha256);
        if found != wanted {
            differences.push(Difference { place: expected.source, what: format!("wanted {wanted}, found {found}") });
        }
    }
    let unopened = lines::<Unopened>(&output.join("unopened.jsonl"))?;
    let unopened: HashMap<(String, u64), Unopened> =
        unopened.into_iter().map(|row| ((row.source.clone(), row.row), row)).collect();
    for (source, expected) in rows {
        let Some(line) = manifest.remove(&source) else {
            differences.push(Difference { place: source, what: "no line in the manifest".to_owned() });
            continue;
        };
        let written = output.join(line.output.unwrap_or_default());
        let text: Vec<Value> = lines(&written)?;
        if text.len() != expected.len() {
            differences.push(Difference { place: source.clone(), what: format!("{} rows", text.len()) });
        }
        for (row, expected) in text.iter().zip(&expected) {
            let number = expected.row.unwrap_or_default();
            let body = row.pointer("/body").and_then(Value::as_str).unwrap_or_default();
            let closed = unopened.get(&(source.clone(), number)).map(|row| row.error.clone());
            let right = match &expected.sha256 {
                Some(hash) => closed.is_none() && *hash == sha256(body.as_bytes()),
                None => closed == expected.error && body.contains("sessionId"),
            };
            if !right {
                let what = format!("wanted {} {:?}, found {closed:?}", expected.status, expected.error);
                differences.push(Difference { place: format!("{source} row {number}"), what });
            }
        }
    }
    differences.extend(manifest.into_keys().map(|place| Difference { place, what: "nobody expects it".to_owned() }));
    differences.sort_by(|a, b| a.place.cmp(&b.place));
    Ok(differences)
}

/// What became of a file: what the manifest says, with the hash of what is really there.
fn fate(line: &Line, output: &Path) -> Result<String, Failure> {
    let status = match line.status {
        Status::Converted => "converted",
        Status::Closed => "closed",
        Status::Rejected => "rejected",
        Status::Malformed => "malformed",
        Status::Plain => "plain",
        _ => "failed",
    };
    let hash = line.output.as_ref().map(|name| fs::read(output.join(name)).map(|content| sha256(&content)));
    let hash = hash.transpose()?;
    if hash != line.sha256 {
        return Ok("another hash than in the manifest".to_owned());
    }
    Ok(format!("{status} {:?} {:?} {hash:?}", line.error, line.route))
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let file = BufReader::new(File::open(path).map_err(|error| format!("{}: {error}", path.display()))?);
    file.lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}
