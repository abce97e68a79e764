//! Session keys that are kept for a while, and when they are forgotten (docs/spec/KEYS.md section 9).
//!
//! **A cache lets a revoked user keep reading** (CACHE-02): whether to have one, and for how long, is the application's choice. It is off by
//! default.

use crate::flow::Flow;
use crate::serialized::{RetrievalDetails, SerializedSession, Through};
use crate::share::{ShareError, same};
use sealwright_envelope::SymKey;
use sealwright_types::{GroupId, SessionId};
use std::collections::HashMap;

/// How long an entry is used (CACHE-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeToLive {
    /// Nothing is kept, the default; written as 0.
    #[default]
    Disabled,
    /// While less than so many milliseconds have passed; at least 1.
    Milliseconds(u64),
    /// For ever; written as any number below 0.
    Forever,
}

/// Session keys in memory. Moments are milliseconds since 1970, given by the caller.
#[derive(Debug, Default)]
pub struct SessionCache {
    time_to_live: TimeToLive,
    entries: HashMap<SessionId, CachedSession>,
}

/// A session that is kept.
#[derive(Debug)]
pub struct CachedSession {
    /// Its key.
    pub key: SymKey,
    /// How it was retrieved; a session without details is local (SER-13).
    pub details: Option<RetrievalDetails>,
    /// When it was put there, in milliseconds since 1970.
    pub stored: i64,
}

/// What was revoked from a session, as far as its own reader is concerned (CACHE-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The reader.
    Myself,
    /// A group.
    Group(GroupId),
    /// A proxy session.
    Proxy(SessionId),
    /// Everybody.
    All,
    /// Everybody but the reader's own direct access.
    Others,
    /// Somebody else, a SymEncKey or a TMR access.
    Somebody,
}

impl TimeToLive {
    /// Reads the number of milliseconds that other implementations are configured with.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        match milliseconds {
            0 => Self::Disabled,
            1.. => Self::Milliseconds(milliseconds.unsigned_abs()),
            _ => Self::Forever,
        }
    }

    /// Whether what was stored then is used now. A clock that was set back makes nothing old.
    pub fn is_fresh(self, stored: i64, now: i64) -> bool {
        match self {
            Self::Disabled => false,
            Self::Milliseconds(limit) => i128::from(now) - i128::from(stored) < i128::from(limit),
            Self::Forever => true,
        }
    }
}

impl Revocation {
    /// Whether a session that was retrieved so is forgotten (CACHE-02): also where it came through a group or a proxy that is not told.
    pub fn evicts(self, details: Option<&RetrievalDetails>) -> bool {
        let (through, flow) = (details.and_then(|details| details.through), details.map(|details| details.flow));
        match self {
            Self::Myself | Self::All => true,
            Self::Group(group) => match through {
                Some(Through::Group(through)) => through == group,
                _ => flow == Some(Flow::Group),
            },
            Self::Proxy(proxy) => match through {
                Some(Through::Proxy(through)) => through == proxy,
                _ => flow == Some(Flow::Proxy),
            },
            Self::Others => matches!(flow, Some(Flow::Group | Flow::Proxy)),
            Self::Somebody => false,
        }
    }
}

impl SessionCache {
    /// An empty cache.
    pub fn new(time_to_live: TimeToLive) -> Self {
        Self { time_to_live, entries: HashMap::new() }
    }

    /// Keeps a session in place of what was kept of it, unless the cache is disabled.
    pub fn store(&mut self, session: SerializedSession, now: i64) {
        if self.time_to_live != TimeToLive::Disabled {
            let SerializedSession { id, key, details } = session;
            self.entries.insert(id, CachedSession { key, details, stored: now });
        }
    }

    /// The session, if it is kept and not too old; an old one is forgotten. Its details say that it came from a cache; where there were none
    /// it counts as local.
    ///
    /// # Errors
    /// [`ShareError`] never for a key that was stored.
    pub fn get(&mut self, id: SessionId, now: i64) -> Result<Option<SerializedSession>, ShareError> {
        let Some(entry) = self.entries.get(&id) else { return Ok(None) };
        if !self.time_to_live.is_fresh(entry.stored, now) {
            self.entries.remove(&id);
            return Ok(None);
        }
        let local = RetrievalDetails { flow: Flow::Local, through: None, from_cache: true };
        let details = entry.details.map_or(local, |details| RetrievalDetails { from_cache: true, ..details });
        Ok(Some(SerializedSession { id, key: same(&entry.key)?, details: Some(details) }))
    }

    /// Forgets everything that is too old.
    pub fn clean(&mut self, now: i64) {
        let time_to_live = self.time_to_live;
        self.entries.retain(|_, entry| time_to_live.is_fresh(entry.stored, now));
    }

    /// Forgets a session if what was revoked was, or may have been, the reader's way to it (CACHE-02). Tells whether it did.
    pub fn revoked(&mut self, id: SessionId, what: Revocation) -> bool {
        let evicted = self.entries.get(&id).is_some_and(|entry| what.evicts(entry.details.as_ref()));
        evicted && self.entries.remove(&id).is_some()
    }

    /// How many sessions are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(details: Option<RetrievalDetails>) -> SerializedSession {
        SerializedSession { id: SessionId::random().unwrap(), key: SymKey::generate().unwrap(), details }
    }

    fn retrieved(flow: Flow, through: Option<Through>) -> Option<RetrievalDetails> {
        Some(RetrievalDetails { flow, through, from_cache: false })
    }

    #[test]
    fn cache_01_zero_is_disabled_and_below_zero_is_for_ever() {
        for (written, stored, now, kept) in [
            (0, 0, 0, false),
            (-1, i64::MIN, i64::MAX, true),
            (i64::MIN, 0, 0, true),
            (1000, 5, 1004, true),
            (1000, 5, 1005, false),
            (1000, 5000, 5, true),
            (i64::MAX, i64::MIN, i64::MAX, false),
            (1, i64::MAX, i64::MIN, true),
        ] {
            let time_to_live = TimeToLive::from_milliseconds(written);
            assert_eq!(time_to_live.is_fresh(stored, now), kept, "{written} {stored} {now}");
            let mut cache = SessionCache::new(time_to_live);
            let session = session(None);
            let id = session.id;
            cache.store(session, stored);
            assert_eq!(cache.is_empty(), written == 0);
            assert_eq!(cache.get(id, now).unwrap().is_some(), kept);
            assert_eq!(cache.len(), usize::from(kept), "what is too old is forgotten");
            cache.clean(now);
            assert_eq!(cache.len(), usize::from(kept));
        }
        assert_eq!(SessionCache::default().time_to_live, TimeToLive::Disabled);
    }

    #[test]
    fn what_comes_out_says_so() {
        let mut cache = SessionCache::new(TimeToLive::Forever);
        let (direct, bare) = (session(retrieved(Flow::Direct, None)), session(None));
        let (ids, key) = ([direct.id, bare.id], direct.key.expose().to_vec());
        cache.store(direct, 0);
        cache.store(bare, 0);
        let [direct, bare] = ids.map(|id| cache.get(id, 1).unwrap().unwrap());
        assert_eq!(direct.key.expose(), key);
        assert_eq!(direct.details, Some(RetrievalDetails { flow: Flow::Direct, through: None, from_cache: true }));
        assert_eq!((bare.flow(), bare.details.unwrap().from_cache), (Flow::Local, true));
    }

    #[test]
    fn cache_02_a_revocation_forgets_what_it_may_concern() {
        let (group, proxy) = (GroupId::random().unwrap(), SessionId::random().unwrap());
        let ways = [
            retrieved(Flow::Direct, None),
            retrieved(Flow::Group, Some(Through::Group(group))),
            retrieved(Flow::Proxy, Some(Through::Proxy(proxy))),
            retrieved(Flow::SymEncKey, None),
            None,
            retrieved(Flow::Group, None),
            retrieved(Flow::Proxy, None),
        ];
        let other_group = Revocation::Group(GroupId::random().unwrap());
        let other_proxy = Revocation::Proxy(SessionId::random().unwrap());
        for (what, evicted) in [
            (Revocation::Myself, [true; 7]),
            (Revocation::All, [true; 7]),
            (Revocation::Group(group), [false, true, false, false, false, true, false]),
            (Revocation::Proxy(proxy), [false, false, true, false, false, false, true]),
            (Revocation::Others, [false, true, true, false, false, true, true]),
            (Revocation::Somebody, [false; 7]),
            (other_group, [false, false, false, false, false, true, false]),
            (other_proxy, [false, false, false, false, false, false, true]),
        ] {
            for (details, evicted) in ways.iter().zip(evicted) {
                let mut cache = SessionCache::new(TimeToLive::Forever);
                let session = session(*details);
                let id = session.id;
                cache.store(session, 0);
                assert_eq!(cache.revoked(id, what), evicted, "{what:?} {details:?}");
                assert_eq!(cache.is_empty(), evicted);
            }
        }
    }
}
