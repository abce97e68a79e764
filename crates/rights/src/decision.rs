//! The answer: granted with what follows, or denied by a rule and a guard, each in words for people.

use crate::world::Memory;
use crate::{Access, Actor, Devices, Group, Holder, Rights, Session, User};
use sealwright_types::{Coded, RuleId};
use std::fmt;

/// The action is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub(crate) rule: RuleId,
    pub(crate) outcome: Outcome,
    pub(crate) changes: Vec<Change>,
}

/// What the actor gets to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It was so already: success, and nothing changes (g-same).
    Unchanged,
    /// For each target of a revocation, in the order of the call: `true` is `ok`, `false` is `ko`.
    Targets(Vec<bool>),
    /// Holders of active records.
    Listed(Vec<Holder>),
}

/// One thing that a granted action changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A new session.
    Session {
        /// Which.
        session: Session,
        /// By whom.
        creator: Option<User>,
    },
    /// A new record.
    Record {
        /// On which session.
        session: Session,
        /// The record.
        record: Access,
    },
    /// Other rights on the active record of a holder.
    Rights {
        /// On which session.
        session: Session,
        /// Whose record.
        holder: Holder,
        /// The rights from now on.
        rights: Rights,
        /// The devices for which the key is wrapped from now on.
        wrapped: Devices,
    },
    /// The active record of a holder is not active any more.
    Revoked {
        /// On which session.
        session: Session,
        /// Whose record.
        holder: Holder,
    },
    /// A session takes no records any more.
    Closed {
        /// Which.
        session: Session,
    },
    /// What somebody has in memory of a session.
    Memory {
        /// Who.
        actor: Actor,
        /// Of which session.
        session: Session,
        /// What.
        memory: Memory,
    },
    /// A new member, or a member who becomes an admin.
    Joined {
        /// Of which group.
        group: Group,
        /// Who.
        user: User,
        /// Whether also an admin.
        admin: bool,
    },
    /// A member less.
    Left {
        /// Of which group.
        group: Group,
        /// Who.
        user: User,
    },
}

/// The action is refused, and nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {}", .0.name(), .0.explain())]
pub struct Denied(Refusal);

/// What refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Refusal {
    rule: RuleId,
    guard: Guard,
}

/// A condition of a rule, in the order in which they are tested (RIGHTS.md section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Ids are well formed, and those of new things are unused.
    Id,
    /// The session and what is named exist.
    Exist,
    /// The token of somebody without an account has the scope for it.
    Scope,
    /// The proof is right, and the record behind it active and reading; or some path reads.
    Path,
    /// The key is wrapped for the device.
    Device,
    /// The session object allows management.
    Handle,
    /// The session is not closed.
    Open,
    /// The actor has anything to do with the session.
    Stand,
    /// The actor is an admin of the group, or a member who leaves.
    Admin,
    /// The kind of record allows the change.
    Kind,
    /// A session is no proxy of itself.
    SelfProxy,
    /// The actor may forward.
    Forward,
    /// The actor may revoke.
    Revoke,
    /// The actor may give these rights.
    Grant,
    /// The rights contain the right to read.
    Read,
    /// The actor is a direct, reading recipient of the proxy.
    Direct,
    /// The actor has the key in memory.
    Key,
}

impl Grant {
    /// The rule that allows it.
    pub const fn rule(&self) -> RuleId {
        self.rule
    }

    /// What the actor gets to know.
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What changes, in this order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

impl Denied {
    pub(crate) const fn new(rule: RuleId, guard: Guard) -> Self {
        Self(Refusal { rule, guard })
    }

    /// The rule that refuses it.
    pub const fn rule(&self) -> RuleId {
        self.0.rule
    }

    /// The guard of the rule that failed first.
    pub const fn guard(&self) -> Guard {
        self.0.guard
    }

    /// Rule and guard: `RIGHT-31/g-grant`.
    pub fn name(&self) -> String {
        self.0.name()
    }
}

impl Refusal {
    fn name(&self) -> String {
        format!("{}/{}", self.rule, self.guard)
    }

    fn explain(&self) -> &'static str {
        self.guard.explain(self.rule)
    }
}

impl Coded for Denied {
    fn code(&self) -> &'static str {
        match (self.0.rule.as_str(), self.0.guard) {
            // As upstream says it.
            ("RIGHT-40" | "RIGHT-42", Guard::Grant) => "no-acl",
            (_, guard) => guard.code(),
        }
    }
}

impl Guard {
    /// Every guard, in the order in which they are tested.
    pub const EVERY: [Self; 17] = [
        Self::Id,
        Self::Exist,
        Self::Scope,
        Self::Path,
        Self::Device,
        Self::Handle,
        Self::Open,
        Self::Stand,
        Self::Admin,
        Self::Kind,
        Self::SelfProxy,
        Self::Forward,
        Self::Revoke,
        Self::Grant,
        Self::Read,
        Self::Direct,
        Self::Key,
    ];

    /// Its name: `g-grant`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "g-id",
            Self::Exist => "g-exist",
            Self::Scope => "g-scope",
            Self::Path => "g-path",
            Self::Device => "g-device",
            Self::Handle => "g-handle",
            Self::Open => "g-open",
            Self::Stand => "g-stand",
            Self::Admin => "g-admin",
            Self::Kind => "g-kind",
            Self::SelfProxy => "g-self",
            Self::Forward => "g-f",
            Self::Revoke => "g-v",
            Self::Grant => "g-grant",
            Self::Read => "g-r",
            Self::Direct => "g-direct",
            Self::Key => "g-key",
        }
    }

    /// The code of a refusal by this guard, unless the rule has another.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Id => "invalid-id",
            Self::Exist => "not-found",
            Self::Path => "no-token",
            Self::Device => "no-token-for-key",
            Self::Handle => "not-manageable",
            Self::Open => "session-closed",
            Self::Scope | Self::Stand | Self::Admin => "unauthorized",
            Self::Kind => "unsupported-change",
            Self::SelfProxy => "proxy-self",
            Self::Forward | Self::Revoke => "no-acl",
            Self::Grant => "grant-exceeds",
            Self::Read => "read-required",
            Self::Direct => "proxy-not-direct",
            Self::Key => "key-not-held",
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
