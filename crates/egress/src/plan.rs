//! What a bundle needs and what it has, before any private-key operation (docs/spec/EGRESS.md section 4).

mod calibration;
mod coverage;

pub use self::coverage::{Coverage, Covered, Expected, Trials};

use crate::archive::{self, Collecting};
use crate::bundle::Bundle;
use crate::error::EgressError;
use crate::fields::Reading;
use crate::keys::Keys;
use crate::lines::MalformedRecord;
use crate::needs::Needs;
use crate::options::{Options, Progress, Stage};
use crate::record_files::Input;
use crate::recover::{Attempt, Recovered};
use crate::report::{BundleFacts, Form, Inputs, ItemList, LISTED, Listed, UserCoverage};
use crate::scan::{self, Content, Item};
use crate::shard::Shard;
use crate::source::Source;
use crate::spool::Spool;
use crate::workers;
use sealwright_session::{Closed, Costs, Expectation, Prospect, Resolver};
use sealwright_types::{Coded as _, SessionId, UserId};
use sealwright_wrap::KeyHash;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
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
    /// How many items and messages need each of them.
    uses: Vec<u32>,
    /// Whose private key it is.
    owners: HashMap<KeyHash, UserId>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) users: usize,
    unknown: Vec<String>,
    /// Names at the top of the bundle that hold databases.
    databases: BTreeSet<String>,
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
    /// What else it takes, and how long on this machine.
    pub expected: Expected,
    /// Sessions and items by route, user and reason.
    pub coverage: Coverage,
    /// What trying all keys would add, where nothing else reaches a session.
    pub try_all_keys: Trials,
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
    let (mut coverage, mut unreachable, mut trials) = (Coverage::default(), Vec::new(), 0);
    let expectation = prepared.expect(|prospect, user, items| {
        trials += u64::from(prospect.trial);
        match prospect.way {
            Ok(promise) => coverage.reached(promise.route.as_str(), user.map(ToString::to_string), items),
            Err(reasons) => {
                let closed = Unreachable::new(prospect.session, Closed { reasons });
                coverage.closed(closed.error, items);
                unreachable.push(closed);
            }
        }
    });
    let mut items = BTreeMap::new();
    for item in &prepared.items {
        *items.entry(item.content.kind()).or_default() += 1;
    }
    let mut all = expectation.work.clone();
    all.private_key.extend(
        expectation
            .trials
            .private_key
            .keys()
            .map(|&bits| (bits, 0))
            .filter(|(bits, _)| !expectation.work.private_key.contains_key(bits)),
    );
    let costs = calibration::measure(&all, prepared.resolver.keyring());
    let needed = prepared.needed.len() as u64;
    Ok(Plan {
        sessions: Sessions { needed, reachable: needed - unreachable.len() as u64 },
        private_key_operations: expectation.work.operations(),
        unreachable,
        items,
        routes: coverage.routes.iter().map(|(route, covered)| (*route, covered.sessions)).collect(),
        expected: Expected::new(&expectation.work, &costs, options.threads()),
        coverage,
        try_all_keys: Trials {
            sessions: trials,
            private_key_operations: expectation.trials.operations(),
            seconds: expectation.trials.seconds(&costs) / options.threads() as f64,
        },
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
        let (items, needs) = look_at_all(&bundle, options, progress)?;
        let (needed, uses) = needs.finish();
        for source in options.session_map.unused().into_iter().take(LISTED) {
            progress.note(&format!("the map of sessions names {source}, and no item is called so"));
        }
        let mut keys = Keys::from_bundle(&bundle, options, &mut malformed)?;
        Keys::add_recovered(&mut keys.records, recovered.group_keys, &recovered.sessions);
        let mut resolver = Resolver::new(recovered.keyring, keys.records, options.policy());
        // Choices are made with usual costs: the same bundle takes the same ways on every machine.
        resolver.plan(&needed, &Costs::default());
        let (attempts, databases, owners) = (recovered.attempts, recovered.directories, recovered.owners);
        let revoked = keys.revoked;
        Ok(Self {
            bundle,
            items,
            resolver,
            revoked,
            needed,
            uses,
            owners,
            attempts,
            users,
            unknown,
            databases,
            malformed,
        })
    }

    /// What unlocking is expected to take. Tells of each session that the data need its prospect, the user whose private key opens it, and
    /// how many items and messages need it.
    fn expect(&self, mut tell: impl FnMut(Prospect, Option<&UserId>, u32)) -> Expectation {
        let mut uses = self.uses.iter().copied();
        self.resolver.expect(&self.needed, |prospect| {
            let opened_by = prospect.way.as_ref().ok().and_then(|promise| promise.by);
            let user = opened_by.and_then(|hash| self.owners.get(&hash));
            tell(prospect, user, uses.next().unwrap_or(0));
        })
    }

    /// What the users' private keys reach, those who open most first.
    fn coverage_by_user(&self) -> Listed<UserCoverage> {
        let mut coverage = Coverage::default();
        self.expect(|prospect, user, items| {
            if let (Ok(promise), Some(user)) = (prospect.way, user) {
                coverage.reached(promise.route.as_str(), Some(user.to_string()), items);
            }
        });
        let users = coverage.users.into_iter();
        let mut users: Vec<_> =
            users.map(|(user, Covered { sessions, items })| UserCoverage { user, sessions, items }).collect();
        users.sort_by_key(|user| std::cmp::Reverse(user.items));
        Listed::of(users)
    }

    /// What the report says whatever becomes of the items.
    pub(crate) fn facts(&self, options: &Options) -> Result<BundleFacts, EgressError> {
        let mut files = self.bundle.record_files()?;
        files.extend(self.databases.iter().cloned());
        let mut items = ItemList::new();
        self.items.iter().for_each(|item| items.add(&item.source.bytes()));
        Ok(BundleFacts {
            form: if self.users > 1 { Form::ServerSide } else { Form::ClientSide },
            users: self.users as u64,
            coverage_by_user: self.coverage_by_user(),
            identities: self.attempts.clone(),
            malformed_records: self.malformed.iter().take(LISTED).cloned().collect(),
            malformed_record_count: self.malformed.len() as u64,
            revoked_records: self.revoked,
            unknown: self.unknown.clone(),
            inputs: Inputs::of(&options.files, self.bundle.root(), &files)?,
            items: items.finish(),
            options: options.digest().map_err(EgressError::io("hash the options for", self.bundle.root()))?,
        })
    }

    /// The items of a shard; all without one.
    pub(crate) fn items_of(&self, shard: Option<Shard>) -> Vec<&Item> {
        self.items.iter().filter(|item| shard.is_none_or(|shard| shard.has_item(item))).collect()
    }

    /// Sessions whose keys these items need, sorted.
    pub(crate) fn needed_by(&self, items: &[&Item], options: &Options) -> Cow<'_, [SessionId]> {
        if items.len() == self.items.len() {
            return Cow::Borrowed(&self.needed);
        }
        let mut needs = Needs::default();
        let look = |item: &&Item| {
            let taken = || item.source.like_members(&self.items, |other| &other.source);
            sessions_in(&self.bundle, &item.source, &item.content, options, taken)
        };
        let Ok(()) = workers::in_order(options.threads(), items, look, |item, sessions| {
            needs.extend(item.session());
            needs.append(sessions);
            Ok::<(), Infallible>(())
        });
        Cow::Owned(needs.finish().0)
    }
}

/// Looks at every file by several threads; tells what they are and the sessions that they need.
fn look_at_all(bundle: &Bundle, options: &Options, progress: &dyn Progress) -> Result<(Vec<Item>, Needs), EgressError> {
    let sources = scan::sources(bundle)?;
    progress.stage(Stage::Scan, sources.len() as u64);
    let (mut looked, mut needs) = (Vec::with_capacity(sources.len()), Needs::default());
    let look = |source: &Source| {
        let (bytes, content) = scan::look(bundle.files(), source, bundle.root(), &options.session_map);
        let taken = || source.like_members(&sources, |other| other);
        let sessions = sessions_in(bundle, source, &content, options, taken);
        (bytes, content, sessions)
    };
    workers::in_order(options.threads(), &sources, look, |_, (bytes, content, sessions)| {
        progress.advance(1);
        needs.extend(content.session());
        needs.append(sessions);
        looked.push((bytes, content));
        Ok::<(), EgressError>(())
    })?;
    let items = sources.into_iter().zip(looked).map(|(source, (bytes, content))| Item { source, bytes, content });
    Ok((items.collect(), needs))
}

/// The sessions of what stands in a record file or an archive. What cannot be read is told when it is converted.
fn sessions_in(
    bundle: &Bundle,
    source: &Source,
    content: &Content,
    options: &Options,
    taken: impl FnOnce() -> HashSet<Vec<u8>>,
) -> Needs {
    let mut sessions = Needs::default();
    let mut take = |session| sessions.add(session);
    let directory = tempfile::env::temp_dir();
    let spool = Spool { files: bundle.files(), directory: &directory };
    let path = source.path(bundle.root());
    match *content {
        Content::Records(form) => {
            let session = options.session_map.session(&source.text());
            let reading = Reading { fields: &options.fields, session };
            if let Ok(input) = Input::of_file(bundle.files(), &path) {
                drop(form.sessions(input, spool, reading, &mut take));
            }
        }
        Content::Archive => {
            let mut collecting = Collecting { options, spool, take: &mut take };
            if let Ok(mut input) = bundle.files().open(&path) {
                drop(archive::walk(source, &mut input, taken(), spool, &mut collecting));
            }
        }
        _ => {}
    }
    sessions
}
