//! What a recovery found, for a person and for a machine.

use crate::console::Console;
use crate::failure::{Failure, Told};
use crate::printable;
use crate::recognition::{self, Key, Warning};
use crate::status::Status;
use sealwright::identity::localdb::{Group, Recovered, SourceReport, StrayKeys, UnixMilliseconds};
use sealwright::identity::ssks::Mode;
use sealwright::identity::{Identity, Read};
use sealwright::{Coded, DeviceId, GroupId, UserId};
use serde::Serialize;
use std::fmt::Display;
use std::path::Path;

/// One JSON value.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<DeviceId>,
    keys: Vec<Key>,
    /// How a stored blob was sealed: `raw` or `derived`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    /// Milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<UnixMilliseconds>,
    sources: Vec<SourceLine>,
    damaged_lines: Vec<DamagedLine>,
    other_identities: Vec<Other>,
    groups: Vec<GroupLine>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stray_keys: Vec<StrayLine>,
    cached_sessions: usize,
    contacts: usize,
    connectors: usize,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Box<Told>>,
}

#[derive(Serialize)]
struct SourceLine {
    source: &'static str,
    total: usize,
    readable: usize,
    /// Whether the identity comes from here.
    identity: bool,
}

#[derive(Serialize)]
struct DamagedLine {
    source: &'static str,
    line: usize,
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Other {
    user_id: UserId,
    device_id: DeviceId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupLine {
    group_id: GroupId,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<DeviceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    members: usize,
    encryption_keys: usize,
    signing_keys: usize,
}

/// Keys that make no identity and belong to no group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StrayLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<DeviceId>,
    encryption_keys: usize,
    signing_keys: usize,
}

impl Report {
    pub(super) fn of_blob(read: &Read, mode: Mode) -> Self {
        let mode = match mode {
            Mode::Raw => "raw",
            Mode::Derived => "derived",
        };
        let mut report = Self { mode: Some(mode), warnings: warnings(&read.warnings), ..Self::default() };
        report.set_identity(&read.identity);
        report
    }

    pub(super) fn of_database(recovered: &Recovered) -> Self {
        let damaged = recovered.damaged_lines.iter().map(|line| DamagedLine {
            source: line.source.file_name(),
            line: line.number,
            code: line.fault.code(),
            message: line.fault.to_string(),
        });
        Self {
            expires: recovered.expires,
            sources: recovered.sources.iter().map(SourceLine::from).collect(),
            damaged_lines: damaged.collect(),
            other_identities: recovered
                .other_identities
                .iter()
                .map(|other| Other { user_id: other.user(), device_id: other.device() })
                .collect(),
            groups: recovered.groups.iter().map(GroupLine::from).collect(),
            stray_keys: recovered.stray_keys.iter().map(StrayLine::from).collect(),
            cached_sessions: recovered.sessions.len(),
            contacts: recovered.contacts.len(),
            connectors: recovered.connectors.len(),
            warnings: warnings(&recovered.warnings),
            ..Self::default()
        }
    }

    /// Says which identity was taken. Another one than that of the database is not among the others then.
    pub(super) fn set_identity(&mut self, identity: &Identity) {
        let (user, device) = (identity.user(), identity.device());
        self.user_id = Some(user);
        self.device_id = Some(device);
        self.keys = recognition::keys(identity);
        self.other_identities.retain(|other| (other.user_id, other.device_id) != (user, device));
    }

    pub(super) fn written_to(&mut self, target: &Path) {
        self.output = Some(target.display().to_string());
    }

    /// Whether something stayed unopened (CLI-05).
    pub(super) fn status(&self) -> Status {
        match self.sources.iter().all(|source| source.readable == source.total) {
            true => Status::Success,
            false => Status::Unopened,
        }
    }

    /// Prints everything.
    pub(super) fn show(&self, console: &Console) -> Result<(), Failure> {
        for (name, value) in self.rows() {
            console.line(format_args!("{name:9} {}", printable::line(&value)))?;
        }
        for Warning { code, message } in &self.warnings {
            console.warning(code, message);
        }
        console.value(self)
    }

    /// As [`Report::show`], without an identity.
    pub(super) fn fail(&mut self, failure: Failure, console: &Console) -> Result<Status, Failure> {
        let Failure::Told(told) = failure else { return Err(failure) };
        self.error = Some(told);
        self.show(console)?;
        if let Some(told) = &self.error {
            console.error(told);
        }
        Ok(Status::Failed)
    }

    /// What is worth something and stands in no identity document.
    pub(super) fn tell_what_stays(&self, console: &Console) {
        let has_keys = !self.groups.is_empty() || !self.stray_keys.is_empty();
        if has_keys || self.cached_sessions > 0 || !self.other_identities.is_empty() {
            console.note(
                "keys of groups, cached sessions and other identities stay in the database; `sealwright egress run` uses them if \
                 local-databases.jsonl of a bundle names the database",
            );
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        rows.extend(self.user_id.map(|id| ("user", id.to_string())));
        rows.extend(self.device_id.map(|id| ("device", id.to_string())));
        rows.extend(self.mode.map(|mode| {
            let means = if mode == "raw" { "a raw key" } else { "a key derived from a password" };
            ("sealed", format!("under {means}"))
        }));
        for Key { usage, bits, hash } in &self.keys {
            rows.push(("key", format!("{usage}, {bits} bits, hash {hash}")));
        }
        for SourceLine { source, total, readable, identity } in &self.sources {
            let identity = if *identity { ", gave the identity" } else { "" };
            rows.push(("source", format!("{source}: {readable} of {total} readable{identity}")));
        }
        for DamagedLine { source, line, message, .. } in &self.damaged_lines {
            rows.push(("damaged", format!("{source} line {line}: {message}")));
        }
        for Other { user_id, device_id } in &self.other_identities {
            rows.push(("other", format!("identity of user {user_id}, device {device_id}")));
        }
        for group in &self.groups {
            let name = group.name.as_ref().map_or_else(String::new, |name| format!(" {name:?}"));
            let GroupLine { group_id, members, encryption_keys, signing_keys, .. } = group;
            let keys = format!("{encryption_keys} encryption and {signing_keys} signing keys, {members} members");
            rows.push(("group", format!("{group_id}{name}: {keys}")));
        }
        for StrayLine { encryption_keys, signing_keys, .. } in &self.stray_keys {
            let keys =
                format!("{encryption_keys} encryption and {signing_keys} signing keys of no identity and no group");
            rows.push(("keys", keys));
        }
        if !self.sources.is_empty() {
            let Self { cached_sessions, contacts, connectors, .. } = self;
            rows.push((
                "holds",
                format!("{cached_sessions} cached sessions, {contacts} contacts, {connectors} connectors"),
            ));
        }
        rows
    }
}

impl From<&SourceReport> for SourceLine {
    fn from(report: &SourceReport) -> Self {
        let SourceReport { source, total, readable, identity } = *report;
        Self { source: source.file_name(), total, readable, identity }
    }
}

impl From<&Group> for GroupLine {
    fn from(group: &Group) -> Self {
        Self {
            group_id: group.id(),
            device_id: group.device(),
            name: group.name().map(str::to_owned),
            members: group.members().len(),
            encryption_keys: group.encryption_keys().count(),
            signing_keys: group.signing_keys().count(),
        }
    }
}

impl From<&StrayKeys> for StrayLine {
    fn from(stray: &StrayKeys) -> Self {
        Self {
            user_id: stray.user(),
            device_id: stray.device(),
            encryption_keys: stray.encryption_keys().count(),
            signing_keys: stray.signing_keys().count(),
        }
    }
}

fn warnings(warnings: &[impl Coded + Display]) -> Vec<Warning> {
    warnings.iter().map(|warning| Warning { code: warning.code(), message: warning.to_string() }).collect()
}
