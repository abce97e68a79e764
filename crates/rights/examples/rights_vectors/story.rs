//! Stories in few words.

use crate::form::{File, Note, SCHEMA, Source, Test};
use sealwright_rights::scenario::{
    ActionText, GroupText, HolderText, MemoryText, RecordText, Report, Scenario, SessionText, Step, UserText,
    WorldText, run,
};
use sealwright_rights::{CachePolicy, Handle, Rights};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A story that grows.
#[derive(Clone)]
pub struct Story(Scenario);

pub type Holder = HolderText;

pub fn user(name: &str) -> HolderText {
    HolderText::User(name.to_owned())
}

pub fn group(name: &str) -> HolderText {
    HolderText::Group(name.to_owned())
}

pub fn proxy(name: &str) -> HolderText {
    HolderText::Proxy(name.to_owned())
}

pub fn key(name: &str) -> HolderText {
    HolderText::SymEncKey(name.to_owned())
}

pub fn tmr(name: &str) -> HolderText {
    HolderText::Tmr(name.to_owned())
}

/// Ann, Bob, Cy and Dan, and nothing else.
pub fn people() -> Story {
    let users = ["ann", "bob", "cy", "dan"].map(|id| UserText { id: id.to_owned(), devices: 1 });
    let world = WorldText { users: users.into(), ..WorldText::default() };
    Story(Scenario { world, steps: Vec::new() })
}

/// And a session `s` that Ann made and holds.
pub fn session() -> Story {
    people().made("s", "ann")
}

impl Story {
    /// A session that its creator holds.
    pub fn made(self, session: &str, creator: &str) -> Self {
        self.unheld(session, Some(creator)).memory(session, creator, Handle::Created)
    }

    /// A session that nobody holds.
    pub fn unheld(mut self, session: &str, creator: Option<&str>) -> Self {
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
    pub fn on(self, session: &str, holder: HolderText, rights: &str) -> Self {
        self.record(session, holder, rights, None, true)
    }

    /// A record by somebody else.
    pub fn on_by(self, session: &str, holder: HolderText, rights: &str, by: &str) -> Self {
        self.record(session, holder, rights, Some(by), true)
    }

    /// A record that was revoked.
    pub fn off(self, session: &str, holder: HolderText, rights: &str) -> Self {
        self.record(session, holder, rights, None, false)
    }

    fn record(mut self, session: &str, holder: HolderText, rights: &str, by: Option<&str>, active: bool) -> Self {
        let rights: Rights = rights.parse().expect("rights");
        let session = self.session(session);
        let by = by.map(str::to_owned).or_else(|| session.creator.clone());
        session.records.push(RecordText { holder, rights, by, active, wrapped: None });
        self
    }

    /// Somebody has the key.
    pub fn memory(mut self, session: &str, actor: &str, handle: Handle) -> Self {
        let entry = MemoryText { actor: Some(actor.to_owned()), handle, holds: true, cached: false };
        self.session(session).memory.push(entry);
        self
    }

    /// Somebody came as a recipient and has the key.
    pub fn came(self, session: &str, actor: &str) -> Self {
        self.memory(session, actor, Handle::Plain)
    }

    /// Everything was revoked.
    pub fn closed(mut self, session: &str) -> Self {
        let session = self.session(session);
        session.closed = true;
        session.records.iter_mut().for_each(|record| record.active = false);
        self
    }

    /// A group with one admin.
    pub fn team(mut self, group: &str, members: &[&str], admin: &str) -> Self {
        let members = members.iter().map(|&name| name.to_owned()).collect();
        self.0.world.groups.push(GroupText { id: group.to_owned(), members, admins: vec![admin.to_owned()] });
        self
    }

    pub fn devices(mut self, user: &str, devices: u8) -> Self {
        self.0.world.users.iter_mut().filter(|known| known.id == user).for_each(|known| known.devices = devices);
        self
    }

    /// The last record of a session is wrapped for these devices only.
    pub fn wrapped(mut self, session: &str, devices: &[u8]) -> Self {
        self.session(session).records.last_mut().expect("a record").wrapped = Some(devices.to_vec());
        self
    }

    pub fn cache(mut self, policy: CachePolicy) -> Self {
        self.0.world.cache = policy;
        self
    }

    /// Somebody does something; nobody is somebody without an account.
    pub fn does(self, actor: impl Into<Option<&'static str>>, action: Value) -> Self {
        self.step(actor.into(), None, action)
    }

    /// The same through a session object that was got in this way.
    pub fn does_by(self, actor: &'static str, handle: Option<Handle>, action: Value) -> Self {
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
pub struct Tests {
    tests: Vec<Test>,
    numbers: BTreeMap<String, usize>,
}

impl Tests {
    /// The last step has to be granted. What it gives is filled in by the product, whose decisions are proved elsewhere.
    pub fn ok(&mut self, rule: &str, comment: &str, story: Story) {
        let told = run(&story.0).expect("a world");
        let last = told.report.decisions.last().expect("a step");
        assert!(last.allowed, "{rule} {comment}: {:?}", told.words);
        self.push(rule, comment, story, None, Some(told.report), None);
    }

    /// The last step has to be refused by this guard with this code.
    pub fn no(&mut self, rule: &str, guard: &str, error: &str, comment: &str, story: Story) {
        let told = run(&story.0).expect("a world");
        let last = told.report.decisions.last().expect("a step");
        let by = last.by.split_once('/').map(|(_, guard)| guard);
        assert_eq!((by, last.code.as_deref()), (Some(guard), Some(error)), "{rule} {comment}: {:?}", told.words);
        self.push(rule, comment, story, Some(error), None, Some(guard));
    }

    fn push(
        &mut self,
        rule: &str,
        comment: &str,
        story: Story,
        error: Option<&str>,
        output: Option<Report>,
        guard: Option<&str>,
    ) {
        if self.tests.iter().any(|test| test.rule == rule && test.input == story.0) {
            return;
        }
        let number = self.numbers.entry(rule.to_owned()).or_default();
        *number += 1;
        self.tests.push(Test {
            id: format!("{}-{number:03}", rule.to_lowercase()),
            rule: rule.to_owned(),
            comment: comment.to_owned(),
            input: story.0,
            result: if error.is_some() { "invalid" } else { "valid" }.to_owned(),
            error: error.map(str::to_owned),
            output,
            flags: guard.into_iter().map(str::to_owned).collect(),
        });
    }

    /// The file of all of them, with ids that begin so.
    pub fn file(mut self, prefix: &str) -> File {
        for test in &mut self.tests {
            test.id = format!("{prefix}-{}", test.id);
        }
        let flags: BTreeSet<_> = self.tests.iter().flat_map(|test| test.flags.clone()).collect();
        let notes = flags.into_iter().map(|flag| {
            let rules: BTreeSet<_> =
                self.tests.iter().filter(|test| test.flags.contains(&flag)).map(|test| test.rule.clone()).collect();
            let (_, bug, effect) = GUARDS.iter().find(|(name, ..)| *name == flag).expect("a guard");
            let note = Note { bug: (*bug).to_owned(), effect: (*effect).to_owned(), refs: rules.into_iter().collect() };
            (flag, note)
        });
        File {
            schema: SCHEMA.to_owned(),
            source: Source {
                by: "Sealwright".to_owned(),
                how: "cargo run -p sealwright-rights --example rights_vectors".to_owned(),
            },
            notes: notes.collect(),
            count: self.tests.len(),
            tests: self.tests,
        }
    }
}

/// What a missing guard is and leads to.
const GUARDS: [(&str, &str, &str); 17] = [
    ("g-id", "ids are not checked before all else", "part of a call takes effect before the rest is found malformed"),
    ("g-exist", "what does not exist is answered otherwise", "programs cannot tell a mistake from a refusal"),
    ("g-scope", "the scope of a token is not looked at", "a token for something else reads"),
    (
        "g-path",
        "a path without the right to read, a revoked one or a wrong proof counts",
        "somebody gets a key who must not",
    ),
    (
        "g-device",
        "missing wrapped keys are taken for missing access",
        "the person asks for access instead of re-encrypting",
    ),
    ("g-handle", "a session got by a secret can be managed", "whoever knows a password brings others in"),
    ("g-open", "a closed session takes records", "what everybody was told is gone comes back"),
    ("g-stand", "whoever asks need not have anything to do with the session", "strangers learn of it or act on it"),
    ("g-admin", "members manage the group", "members bring others in or throw them out"),
    ("g-kind", "records change that cannot", "records that nobody could wrap for, groups without an admin"),
    ("g-self", "a session is its own proxy", "a record that leads nowhere"),
    ("g-f", "the right to forward is not asked for", "readers bring others in"),
    ("g-v", "the right to revoke is not asked for", "recipients throw each other out"),
    ("g-grant", "more is given than one has", "whoever may forward makes a friend who may revoke"),
    ("g-r", "records that could only read do not", "a record that leads nowhere"),
    ("g-direct", "a proxy is brought in by somebody who is not in it", "a strange session's people come in"),
    ("g-key", "the key is not needed", "a record without a key behind it"),
];
