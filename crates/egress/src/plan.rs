//! What a bundle needs and what it has, before any private-key operation (docs/spec/EGRESS.md section 4).

use crate::archive::{self, Collecting};
use crate::bundle::Bundle;
use crate::error::EgressError;
use crate::fields::Reading;
use crate::keys::Keys;
use crate::lines::MalformedRecord;
use crate::options::{Options, Progress, Stage};
use crate::record_files::Input;
use crate::recover::{Attempt, Recovered};
use crate::report::{Form, Report, Summary};
use crate::scan::{self, Content, Item};
use crate::source::Source;
use crate::spool::Spool;
use crate::workers;
use sealwright_session::{Closed, Resolver};
use sealwright_types::{Coded as _, SessionId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A bundle that has been looked at: what is in it, and everything that may open it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) bundle: Bundle,
    pub(crate) items: Vec<Item>,
    pub(crate) resolver: Resolver,
    revoked: u64,
    /// Sessions whose keys the data needs, sorted.
    pub(crate) needed: Vec<SessionId>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) users: usize,
    unknown: Vec<String>,
    malformed: Vec<MalformedRecord>,
}

/// What an egress of a bundle would need (CLI-10). Making it writes nothing and opens nothing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// Every attempt to recover an identity.
    pub identities: Vec<Attempt>,
    /// How many sessions the data needs, and how many of them some route promises to reach.
    pub sessions: Sessions,
    /// Private-key operations that are expected.
    pub private_key_operations: u64,
    /// Sessions that nothing reaches.
    pub unreachable: Vec<Unreachable>,
    /// What the items are, by kind.
    pub items: BTreeMap<&'static str, u64>,
    /// Reachable sessions by route.
    pub routes: BTreeMap<&'static str, u64>,
    /// Records that could not be read.
    pub malformed_records: Vec<MalformedRecord>,
    /// Names in the bundle that are no part of one.
    pub unknown: Vec<String>,
}

/// Numbers of sessions.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sessions {
    /// The data needs them.
    pub needed: u64,
    /// Some route promises to reach them.
    pub reachable: u64,
}

/// A session that nothing reaches.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreachable {
    /// The session.
    pub session_id: SessionId,
    /// The code, as in the manifest.
    pub error: &'static str,
    /// Every reason, in words.
    pub reasons: Vec<String>,
}

/// Says what an egress of the bundle would need. Writes nothing (EGR-22).
///
/// # Errors
/// [`EgressError`] when the bundle cannot be read.
pub fn plan(bundle: &Path, options: &Options, progress: &dyn Progress) -> Result<Plan, EgressError> {
    let prepared = Prepared::new(bundle, options, progress)?;
    let mut routes = BTreeMap::new();
    let mut unreachable = Vec::new();
    for &session in &prepared.needed {
        match prepared.resolver.promising(session) {
            Ok(route) => *routes.entry(route.as_str()).or_default() += 1,
            Err(reasons) => unreachable.push(Unreachable::new(session, Closed { reasons })),
        }
    }
    let mut items = BTreeMap::new();
    for item in &prepared.items {
        *items.entry(item.content.kind()).or_default() += 1;
    }
    let needed = prepared.needed.len() as u64;
    Ok(Plan {
        sessions: Sessions { needed, reachable: needed - unreachable.len() as u64 },
        private_key_operations: prepared.resolver.expected_operations(&prepared.needed),
        unreachable,
        items,
        routes,
        unknown: prepared.unknown,
        identities: prepared.attempts,
        malformed_records: prepared.malformed,
    })
}

impl Unreachable {
    fn new(session_id: SessionId, closed: Closed) -> Self {
        let reasons = closed.reasons.iter().map(ToString::to_string).collect();
        Self { session_id, error: closed.code(), reasons }
    }
}

impl Prepared {
    /// Reads everything of the bundle but the content of its data.
    pub(crate) fn new(bundle: &Path, options: &Options, progress: &dyn Progress) -> Result<Self, EgressError> {
        let bundle = Bundle::open(&options.files, bundle, options.strict)?;
        let mut malformed = Vec::new();
        let recovered = Recovered::from_bundle(&bundle, options.threads(), &mut malformed)?;
        let users = recovered.users();
        let mut unknown = bundle.unknown()?;
        unknown.retain(|name| !recovered.directories.contains(name));
        let (items, needed) = look_at_all(&bundle, options, progress)?;
        let mut keys = Keys::from_bundle(&bundle, &mut malformed)?;
        Keys::add_recovered(&mut keys.records, recovered.group_keys, &recovered.sessions);
        let mut resolver = Resolver::new(recovered.keyring, keys.records, options.policy());
        resolver.prefer_shared_proxies(&needed);
        let (attempts, revoked) = (recovered.attempts, keys.revoked);
        Ok(Self { bundle, items, resolver, revoked, needed, attempts, users, unknown, malformed })
    }

    /// The report, still without what became of the items.
    pub(crate) fn report(&self) -> Result<Report, EgressError> {
        Ok(Report {
            summary: Summary::default(),
            form: if self.users > 1 { Form::ServerSide } else { Form::ClientSide },
            identities: self.attempts.clone(),
            routes: BTreeMap::new(),
            reasons: BTreeMap::new(),
            malformed_records: self.malformed.clone(),
            revoked_records: self.revoked,
            unknown: self.unknown.clone(),
        })
    }

    /// Sessions whose keys these items need, sorted.
    pub(crate) fn needed_by(&self, items: &[&Item], options: &Options) -> Vec<SessionId> {
        if items.len() == self.items.len() {
            return self.needed.clone();
        }
        let in_records = |item: &&Item| sessions_in(&self.bundle, item, options);
        let needed: BTreeSet<_> =
            items.iter().flat_map(|item| item.session()).chain(items.iter().flat_map(in_records)).collect();
        needed.into_iter().collect()
    }
}

/// Looks at every file by several threads; tells what they are and the sessions that they need.
fn look_at_all(
    bundle: &Bundle,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Vec<Item>, Vec<SessionId>), EgressError> {
    let sources = scan::sources(bundle)?;
    progress.stage(Stage::Scan, sources.len() as u64);
    let (mut items, mut needed) = (Vec::with_capacity(sources.len()), BTreeSet::new());
    let look = |source: &Source| {
        let item = Item::look(bundle.files(), source.clone(), bundle.root(), &options.session_map);
        let sessions = sessions_in(bundle, &item, options);
        (item, sessions)
    };
    workers::in_order(options.threads(), &sources, look, |_, (item, sessions)| {
        progress.advance(1);
        needed.extend(item.session());
        needed.extend(sessions);
        items.push(item);
        Ok::<(), EgressError>(())
    })?;
    Ok((items, needed.into_iter().collect()))
}

/// The sessions of what stands in a record file or an archive. What cannot be read is told when it is converted.
fn sessions_in(bundle: &Bundle, item: &Item, options: &Options) -> BTreeSet<SessionId> {
    let mut sessions = BTreeSet::new();
    let mut take = |session| sessions.extend([session]);
    let directory = std::env::temp_dir();
    let spool = Spool { files: bundle.files(), directory: &directory };
    let path = item.source.path(bundle.root());
    match item.content {
        Content::Records(form) => {
            let session = options.session_map.session(&item.source.text());
            let reading = Reading { fields: &options.fields, session };
            if let Ok(input) = Input::of_file(bundle.files(), &path) {
                drop(form.sessions(input, spool, reading, &mut take));
            }
        }
        Content::Archive => {
            let mut collecting = Collecting { options, spool, take: &mut take };
            if let Ok(mut input) = bundle.files().open(&path) {
                drop(archive::walk(&item.source, &mut input, &mut collecting));
            }
        }
        _ => {}
    }
    sessions
}
