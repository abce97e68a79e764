//! Stories in few words.

use crate::generate::Draft;
use crate::kinds::rights::Rights;
use crate::schema::{Test, Verdict};
use sealwright_rights::scenario::{
    ActionText, GroupText, HolderText, MemoryText, RecordText, Report, Scenario, SessionText, Step, UserText,
    WorldText, run,
};
use sealwright_rights::{CachePolicy, Handle};
use serde_json::Value;
use std::collections::BTreeMap;

/// A story that grows.
#[derive(Clone)]
pub(super) struct Story(Scenario);

pub(super) type Holder = HolderText;

pub(super) fn user(name: &str) -> HolderText {
    HolderText::User(name.to_owned())
}

pub(super) fn group(name: &str) -> HolderText {
    HolderText::Group(name.to_owned())
}

pub(super) fn proxy(name: &str) -> HolderText {
    HolderText::Proxy(name.to_owned())
}

pub(super) fn key(name: &str) -> HolderText {
    HolderText::SymEncKey(name.to_owned())
}

pub(super) fn tmr(name: &str) -> HolderText {
    HolderText::Tmr(name.to_owned())
}

/// Ann, Bob, Cy and Dan, and nothing else.
pub(super) fn people() -> Story {
    let users = ["ann", "bob", "cy", "dan"].map(|id| UserText { id: id.to_owned(), devices: 1 });
    let world = WorldText { users: users.into(), ..WorldText::default() };
    Story(Scenario { world, steps: Vec::new() })
}

/// And a session `s` that Ann made and holds.
pub(super) fn session() -> Story {
    people().made("s", "ann")
}

impl Story {
    /// A session that its creator holds.
    pub(super) fn made(self, session: &str, creator: &str) -> Self {
        self.unheld(session, Some(creator)).memory(session, creator, Handle::Created)
    }

    /// A session that nobody holds.
    pub(super) fn unheld(mut self, session: &str, creator: Option<&str>) -> Self {
        self.0.world.sessions.push(SessionText {
            id: session.to_owned(),
            creator: creator.map(str::to_owned),
            closed: false,
            records: Vec::new(),
            memory: Vec::new(),
        });
        self
    }

    /// A record by the session's creator.
    pub(super) fn on(self, session: &str, holder: HolderText, rights: &str) -> Self {
        self.record(session, holder, rights, None, true)
    }

    /// A record by somebody else.
    pub(super) fn on_by(self, session: &str, holder: HolderText, rights: &str, by: &str) -> Self {
        self.record(session, holder, rights, Some(by), true)
    }

    /// A record that was revoked.
    pub(super) fn off(self, session: &str, holder: HolderText, rights: &str) -> Self {
        self.record(session, holder, rights, None, false)
    }

    fn record(mut self, session: &str, holder: HolderText, rights: &str, by: Option<&str>, active: bool) -> Self {
        let rights: sealwright_rights::Rights = rights.parse().expect("rights");
        let session = self.session(session);
        let by = by.map(str::to_owned).or_else(|| session.creator.clone());
        session.records.push(RecordText { holder, rights, by, active, wrapped: None });
        self
    }

    /// Somebody has the key.
    pub(super) fn memory(mut self, session: &str, actor: &str, handle: Handle) -> Self {
        let entry = MemoryText { actor: Some(actor.to_owned()), handle, holds: true, cached: false };
        self.session(session).memory.push(entry);
        self
    }

    /// Somebody came as a recipient and has the key.
    pub(super) fn came(self, session: &str, actor: &str) -> Self {
        self.memory(session, actor, Handle::Plain)
    }

    /// Everything was revoked.
    pub(super) fn closed(mut self, session: &str) -> Self {
        let session = self.session(session);
        session.closed = true;
        session.records.iter_mut().for_each(|record| record.active = false);
        self
    }

    /// A group with one admin.
    pub(super) fn team(mut self, group: &str, members: &[&str], admin: &str) -> Self {
        let members = members.iter().map(|&name| name.to_owned()).collect();
        self.0.world.groups.push(GroupText { id: group.to_owned(), members, admins: vec![admin.to_owned()] });
        self
    }

    pub(super) fn devices(mut self, user: &str, devices: u8) -> Self {
        self.0.world.users.iter_mut().filter(|known| known.id == user).for_each(|known| known.devices = devices);
        self
    }

    /// The last record of a session is wrapped for these devices only.
    pub(super) fn wrapped(mut self, session: &str, devices: &[u8]) -> Self {
        self.session(session).records.last_mut().expect("a record").wrapped = Some(devices.to_vec());
        self
    }

    pub(super) fn cache(mut self, policy: CachePolicy) -> Self {
        self.0.world.cache = policy;
        self
    }

    /// Somebody does something; nobody is somebody without an account.
    pub(super) fn does(self, actor: impl Into<Option<&'static str>>, action: Value) -> Self {
        self.step(actor.into(), None, action)
    }

    /// The same through a session object that was got in this way.
    pub(super) fn does_by(self, actor: &'static str, handle: Option<Handle>, action: Value) -> Self {
        self.step(Some(actor), handle, action)
    }

    fn step(mut self, actor: Option<&str>, handle: Option<Handle>, action: Value) -> Self {
        let action: ActionText = serde_json::from_value(action).expect("an action");
        self.0.steps.push(Step { actor: actor.map(str::to_owned), handle, action });
        self
    }

    fn session(&mut self, id: &str) -> &mut SessionText {
        self.0.world.sessions.iter_mut().find(|session| session.id == id).expect("a session")
    }
}

/// The tests of a file.
#[derive(Default)]
pub(super) struct Tests {
    tests: Vec<Test<Scenario, Report>>,
    numbers: BTreeMap<String, usize>,
}

impl Tests {
    /// The last step has to be granted. What the story leaves behind is filled in by the library, whose every decision is compared with a
    /// second model by the tests of `crates/rights`.
    pub(super) fn ok(&mut self, rule: &str, comment: &str, story: Story) {
        let told = run(&story.0).expect("a world");
        let last = told.report.decisions.last().expect("a step");
        assert!(last.allowed, "{rule} {comment}: {:?}", told.words);
        self.push(rule, comment, story, None, Some(told.report));
    }

    /// The last step has to be refused by this guard with this code.
    pub(super) fn no(&mut self, rule: &str, guard: &str, error: &str, comment: &str, story: Story) {
        let told = run(&story.0).expect("a world");
        let last = told.report.decisions.last().expect("a step");
        let by = last.by.split_once('/').map(|(_, guard)| guard);
        assert_eq!((by, last.code.as_deref()), (Some(guard), Some(error)), "{rule} {comment}: {:?}", told.words);
        self.push(rule, comment, story, Some((guard, error)), None);
    }

    fn push(&mut self, rule: &str, comment: &str, story: Story, refused: Option<(&str, &str)>, output: Option<Report>) {
        if self.tests.iter().any(|test| test.rule == rule && test.input == story.0) {
            return;
        }
        // Numbered within its rule, so that a new story changes the ids of few others.
        let number = self.numbers.entry(rule.to_owned()).or_default();
        *number += 1;
        self.tests.push(Test {
            id: format!("{}-{number:03}", rule.to_lowercase()),
            rule: rule.to_owned(),
            comment: comment.to_owned(),
            input: story.0,
            result: if refused.is_some() { Verdict::Invalid } else { Verdict::Valid },
            error: refused.map(|(_, error)| error.to_owned()),
            output,
            released: None,
            flags: refused.into_iter().map(|(guard, _)| guard.to_owned()).collect(),
        });
    }

    /// A file of all of them, with ids that begin so.
    pub(super) fn into_draft(mut self, path: &'static str, prefix: &'static str) -> Draft<Rights> {
        for test in &mut self.tests {
            test.id = format!("{prefix}-{}", test.id);
        }
        Draft { tests: self.tests, ..Draft::ours(path, prefix) }
    }
}
