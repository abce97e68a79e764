//! What a plan reaches, by route, by user and by reason, and what that takes (EGR-22).

use sealwright_session::{Costs, Work};
use serde::Serialize;
use std::collections::BTreeMap;

/// Sessions and items by what leads to them or closes them.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// By the route that the plan takes.
    pub routes: BTreeMap<&'static str, Covered>,
    /// By the user whose private key opens the session's own token or that of its proxy; other sessions need nobody's key.
    pub users: BTreeMap<String, Covered>,
    /// By the code of what closes them.
    pub reasons: BTreeMap<&'static str, Covered>,
}

/// Numbers of sessions, and of the items and messages that need them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Sessions.
    pub sessions: u64,
    /// Files, and messages inside record files.
    pub items: u64,
}

/// What unlocking is expected to take.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Expected {
    /// Private-key operations by the bits of the key.
    pub private_key_operations: BTreeMap<usize, u64>,
    /// Derivations from passwords.
    pub scrypt: u64,
    /// Keys opened that are wrapped under another symmetric key.
    pub symmetric: u64,
    /// Threads that work.
    pub threads: usize,
    /// Seconds with these threads, by what was measured on this machine.
    pub seconds: f64,
}

/// What trying all keys would add at most (EGR-26).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Trials {
    /// Sessions that nothing reaches and that would get another chance.
    pub sessions: u64,
    /// Private-key operations.
    pub private_key_operations: u64,
    /// Seconds, as for what is expected.
    pub seconds: f64,
}

impl Coverage {
    pub(super) fn reached(&mut self, route: &'static str, user: Option<String>, items: u32) {
        self.routes.entry(route).or_default().add(items);
        if let Some(user) = user {
            self.users.entry(user).or_default().add(items);
        }
    }

    pub(super) fn closed(&mut self, error: &'static str, items: u32) {
        self.reasons.entry(error).or_default().add(items);
    }
}

impl Covered {
    fn add(&mut self, items: u32) {
        self.sessions += 1;
        self.items += u64::from(items);
    }
}

impl Expected {
    pub(super) fn new(work: &Work, costs: &Costs, threads: usize) -> Self {
        Self {
            private_key_operations: work.private_key.clone(),
            scrypt: work.scrypt,
            symmetric: work.symmetric,
            threads,
            seconds: work.seconds(costs) / threads as f64,
        }
    }
}
