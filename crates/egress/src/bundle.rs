//! A bundle on disk: which of its files are there, which are understood (docs/spec/EGRESS.md section 1).

use crate::error::EgressError;
use crate::files::{Entry, Files};
use crate::lines::{MalformedRecord, RecordFile};
use sealwright_kdf::AppIdText;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FORMAT: &str = "sealwright-bundle-1";

pub(crate) const IDENTITIES: &str = "identities.jsonl";
pub(crate) const MESSAGE_KEYS: &str = "message-keys.jsonl";
pub(crate) const PROXY_KEYS: &str = "proxy-keys.jsonl";
pub(crate) const GROUP_KEYS: &str = "group-keys.jsonl";
pub(crate) const SESSION_KEYS: &str = "session-keys.jsonl";
pub(crate) const SYM_ENC_KEYS: &str = "sym-enc-keys.jsonl";
pub(crate) const SYM_ENC_KEY_SECRETS: &str = "sym-enc-key-secrets.jsonl";
pub(crate) const TMR_ACCESSES: &str = "tmr-accesses.jsonl";
pub(crate) const OVER_ENCRYPTION_KEYS: &str = "over-encryption-keys.jsonl";
pub(crate) const SSKS_PASSWORD: &str = "ssks-password.jsonl";
pub(crate) const PASSWORDS: &str = "passwords.jsonl";
pub(crate) const SSKS_TWO_MAN_RULE: &str = "ssks-2mr.jsonl";
pub(crate) const TWO_MAN_RULE_KEYS: &str = "two-man-rule-keys.jsonl";
pub(crate) const LOCAL_DATABASES: &str = "local-databases.jsonl";
/// All files of records.
const RECORDS: [&str; 14] = [
    IDENTITIES,
    SSKS_PASSWORD,
    PASSWORDS,
    SSKS_TWO_MAN_RULE,
    TWO_MAN_RULE_KEYS,
    LOCAL_DATABASES,
    MESSAGE_KEYS,
    PROXY_KEYS,
    GROUP_KEYS,
    SESSION_KEYS,
    SYM_ENC_KEYS,
    SYM_ENC_KEY_SECRETS,
    TMR_ACCESSES,
    OVER_ENCRYPTION_KEYS,
];

/// A directory that holds what a customer has and what opens it.
#[derive(Debug)]
pub(crate) struct Bundle {
    files: Files,
    root: PathBuf,
    strict: bool,
    /// The application, as it spells itself: password derivations depend on it.
    pub(crate) app: Option<AppIdText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    format: String,
    app_id: Option<String>,
}

impl Bundle {
    pub(crate) fn open(files: &Files, root: &Path, strict: bool) -> Result<Self, EgressError> {
        let not_a_bundle = |reason| EgressError::NotABundle { path: root.to_owned(), reason };
        let root = files.canonicalize(root).map_err(EgressError::io("open", root))?;
        if !files.is_directory(&root).map_err(EgressError::io("open", &root))? {
            return Err(not_a_bundle("it is not a directory"));
        }
        let path = root.join("bundle.json");
        let app = match files.read(&path) {
            Ok(text) => {
                let unreadable = || not_a_bundle("bundle.json cannot be read");
                // An array of two texts would be taken for the members of an object.
                if !text.trim_ascii_start().starts_with(b"{") {
                    return Err(unreadable());
                }
                let description: Description = serde_json::from_slice(&text).map_err(|_| unreadable())?;
                if description.format != FORMAT {
                    return Err(not_a_bundle("bundle.json names another format than sealwright-bundle-1"));
                }
                let app = description.app_id.map(|app| AppIdText::new(&app)).transpose();
                app.map_err(|_| not_a_bundle("the appId of bundle.json is empty or too long"))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(EgressError::io("read", &path)(error)),
        };
        let bundle = Self { files: files.clone(), root, strict, app };
        if bundle.entries()?.iter().any(|name| is_part(name)) {
            return Ok(bundle);
        }
        Err(not_a_bundle("none of the files and directories of a bundle is there"))
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where what is read lies: the bundle, and where links at its top lead (EGR-46), all without links.
    pub(crate) fn places(&self) -> Result<Vec<PathBuf>, EgressError> {
        let mut places = vec![self.root.clone()];
        for name in ["data", "messages", "identities"] {
            let path = self.root.join(name);
            if self.files.is_directory(&path).map_err(EgressError::io("open", &path))? {
                let place = self.files.canonicalize(&path).map_err(EgressError::io("open", &path))?;
                places.extend(Some(place).filter(|place| !place.starts_with(&self.root)));
            }
        }
        Ok(places)
    }

    /// Names at the top of the bundle that are none of its parts, sorted.
    pub(crate) fn unknown(&self) -> Result<Vec<String>, EgressError> {
        Ok(self.entries()?.into_iter().filter(|name| !is_part(name)).collect())
    }

    /// Names at the top of the bundle that hold records or identities, and its description.
    pub(crate) fn record_files(&self) -> Result<BTreeSet<String>, EgressError> {
        let is_data = |name: &str| matches!(name, "data" | "messages");
        Ok(self.entries()?.into_iter().filter(|name| is_part(name) && !is_data(name)).collect())
    }

    /// Gives every readable record of the kind `name` to `take`, and every place of an unreadable one to `malformed` (EGR-03).
    pub(crate) fn each<T: DeserializeOwned>(
        &self,
        name: &str,
        malformed: &mut Vec<MalformedRecord>,
        mut take: impl FnMut(MalformedRecord, T) -> Result<(), MalformedRecord>,
    ) -> Result<(), EgressError> {
        for file in RecordFile::find(&self.files, &self.root, name)? {
            let mut records = file.records::<T>()?;
            while let Some(record) = records.next() {
                let place = records.place();
                let Err(place) = record?.and_then(|record| take(place, record)) else { continue };
                if self.strict {
                    return Err(EgressError::MalformedRecord { record: place.to_string() });
                }
                malformed.push(place);
            }
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<String>, EgressError> {
        let entries = self.files.list(&self.root).map_err(EgressError::io("list", &self.root))?;
        let name = |entry: &Entry| entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.iter().map(name).collect();
        names.sort();
        Ok(names)
    }
}

impl std::fmt::Display for MalformedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} line {}", self.file, self.line)
    }
}

fn is_part(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    matches!(name, "bundle.json" | "identities" | "data" | "messages") || RECORDS.contains(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_description_is_an_object() {
        let directory = tempfile::tempdir().unwrap();
        let open = |text: &str| {
            fs::write(directory.path().join("bundle.json"), text).unwrap();
            fs::write(directory.path().join(MESSAGE_KEYS), "").unwrap();
            Bundle::open(&Files::default(), directory.path(), false).is_ok()
        };
        assert!(open(r#" {"format":"sealwright-bundle-1"}"#));
        assert!(!open(r#"["sealwright-bundle-1",null]"#));
    }
}
