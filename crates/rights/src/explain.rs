//! Decisions in words for people.

use crate::decision::{Guard, Outcome};
use crate::{Denied, Grant};
use sealwright_types::RuleId;

/// What each rule of the decision table is about.
const RULES: [(&str, &str); 25] = [
    ("RIGHT-20", "anybody may create a session, and whoever brings in a proxy has to be its direct recipient"),
    ("RIGHT-21", "a session is retrieved through a path that carries the right to read"),
    ("RIGHT-22", "a key in memory can be used: nothing can be checked then, and revoking does not take it away"),
    ("RIGHT-31", "adding a user or group needs the right to forward, and gives no more than one may give"),
    ("RIGHT-32", "adding a proxy needs the right to forward, and being a direct recipient of the proxy"),
    ("RIGHT-33", "adding a SymEncKey needs the right to forward, and gives no more than one may give"),
    ("RIGHT-34", "adding a TMR access needs the right to forward, and gives no more than one may give"),
    ("RIGHT-40", "adding rights to a record needs the right to forward and the rights in question"),
    ("RIGHT-41", "removing rights from a record needs the right to revoke"),
    ("RIGHT-42", "adding and removing rights in one call needs what both need"),
    ("RIGHT-43", "the record of a proxy is not changed: revoke it and add it again"),
    ("RIGHT-44", "a TMR access is not changed: revoke it and add it again"),
    ("RIGHT-50", "a record is revoked by the creator, by who may revoke, or by who added it"),
    ("RIGHT-51", "everybody may give up the own record"),
    ("RIGHT-52", "revoking everything is for the creator and for who may revoke, and closes the session"),
    ("RIGHT-53", "revoking all others is for the creator and for who may revoke"),
    ("RIGHT-60", "listing the others needs the right to forward"),
    ("RIGHT-61", "everybody may look at the own record"),
    ("RIGHT-71", "whoever has an account and proves a SymEncKey that reads gets the key, and manages nothing"),
    (
        "RIGHT-72",
        "whoever has an account and proves a SymEncKey that reads and forwards may become a recipient with no more than its rights",
    ),
    ("RIGHT-73", "without an account, a token of scope 5 or -1 and a SymEncKey give the key, and nothing else"),
    ("RIGHT-74", "whoever has an account and proves the factor of a TMR access gets the key, and manages nothing"),
    (
        "RIGHT-75",
        "whoever has an account and proves the factor of a TMR access may turn it into a record with the same rights",
    ),
    ("RIGHT-80", "admins add and remove members, every member may leave, and an admin has to stay"),
    ("RIGHT-81", "a session has no managing group: give the group the right to revoke instead"),
];

impl Grant {
    /// Why, in words.
    pub fn explain(&self) -> String {
        let what = match &self.outcome {
            Outcome::Done => "allowed",
            Outcome::Unchanged => "allowed, and nothing changes: it is so already",
            Outcome::Targets(targets) if targets.iter().all(|&done| !done) => "allowed, but no target was there",
            Outcome::Targets(_) => "allowed for the targets that were there",
            Outcome::Listed(_) => "allowed",
        };
        format!("{what} ({}: {})", self.rule, sentence(self.rule))
    }
}

impl Denied {
    /// Why not, in words.
    pub fn explain(&self) -> String {
        format!("refused: {} ({}: {})", self.guard().explain(self.rule()), self.name(), sentence(self.rule()))
    }
}

impl Guard {
    /// What is wrong when it fails in `rule`.
    pub fn explain(self, rule: RuleId) -> &'static str {
        self.explain_in(rule.as_str()).unwrap_or(self.explain_in_general())
    }

    /// Where a rule asks for something else than the others.
    fn explain_in(self, rule: &str) -> Option<&'static str> {
        Some(match (rule, self) {
            ("RIGHT-20", Self::Kind) => {
                "a holder is listed twice with different rights, or, without an account, something else than users and TMR accesses"
            }
            ("RIGHT-22", Self::Key) => {
                "the key is not in memory, or, where it was to come from the cache, not in the cache"
            }
            ("RIGHT-40", Self::Kind) => {
                "a SymEncKey cannot be given the right to read: nobody but its bearer could wrap the key for it again"
            }
            ("RIGHT-42", Self::Kind) => "the same right is given and taken, or a SymEncKey is given the right to read",
            ("RIGHT-50", Self::Revoke) => {
                "the right to revoke is missing on every path, and not everything named was added by who asks"
            }
            ("RIGHT-71" | "RIGHT-72" | "RIGHT-74" | "RIGHT-75", Self::Stand) => "it needs an account",
            ("RIGHT-72", Self::Forward) => "the SymEncKey lacks the right to read or the right to forward",
            ("RIGHT-72", Self::Grant) => "more rights are asked for than the SymEncKey has",
            ("RIGHT-72", Self::Read) => "the rights asked for lack the right to read",
            ("RIGHT-80", Self::Exist) => "the group or the user does not exist",
            ("RIGHT-80", Self::Kind) => "the group would be left without an admin",
            ("RIGHT-81", Self::Kind) => "there are no managing groups",
            _ => return None,
        })
    }

    const fn explain_in_general(self) -> &'static str {
        match self {
            Self::Id => "an id is malformed, or one for something new is taken",
            Self::Exist => "the session, or what is named on it, does not exist",
            Self::Scope => "the token's scope does not allow it",
            Self::Path => "nothing that was shown leads to the key with the right to read",
            Self::Device => "there is access, but the key is not wrapped for this device",
            Self::Handle => {
                "the session was got by a SymEncKey, a TMR access or anonymously, and so it cannot be managed"
            }
            Self::Open => "everything on the session was revoked, and nothing is added any more",
            Self::Stand => "whoever asks neither made the session nor has a path to it",
            Self::Admin => "whoever asks is no admin of the group, or not in it",
            Self::Kind => "records of this kind cannot be changed so",
            Self::SelfProxy => "a session cannot be its own proxy",
            Self::Forward => "the right to forward is missing on every path",
            Self::Revoke => "the right to revoke is missing on every path",
            Self::Grant => "more rights are asked for than may be given away",
            Self::Read => "a record of this kind needs the right to read",
            Self::Direct => "whoever asks is no direct, reading recipient of the proxy",
            Self::Key => "the key that would have to be wrapped or used is not in memory",
        }
    }
}

fn sentence(rule: RuleId) -> &'static str {
    RULES.iter().find(|(id, _)| *id == rule.as_str()).map_or("a rule of RIGHTS.md", |(_, sentence)| sentence)
}
