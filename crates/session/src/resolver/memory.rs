//! What a resolver remembers of sessions: about a hundred and fifty bytes of each, more only of those in use and of those with several keys.

use super::{Progress, Resolved};
use crate::route::Route;
use crate::serialized::Through;
use crate::slots::{ABOUT, Slots};
use sealwright_types::{Cursor, GroupId, SecretVec, SessionId, SymEncKeyId};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// What has been found out about a session.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The first own token that opens, and its key.
    pub(super) own: OnceLock<Option<(usize, Arc<Resolved>)>>,
    /// What the own tokens after it open, where that is another key.
    pub(super) further: OnceLock<Arc<[Arc<Resolved>]>>,
    /// The first key of a way that is no proxy, and the place of its step.
    pub(super) delegated: OnceLock<Option<(usize, Arc<Resolved>)>>,
    /// The other keys of ways that are no proxies.
    pub(super) delegated_further: OnceLock<Arc<[Arc<Resolved>]>>,
    pub(super) progress: Mutex<Progress>,
}

/// The memories of all sessions, in parts that threads lock one by one.
pub(super) struct Memories {
    parts: Vec<Mutex<Part>>,
}

#[derive(Default)]
struct Part {
    /// Sessions that nobody uses now and of which little is known.
    places: HashMap<SessionId, u32>,
    slots: Slots,
    whole: HashMap<SessionId, Arc<Memory>>,
}

/// The memory of a session while it is in use. What is found out twice at once is found out once.
pub(super) struct Held<'m> {
    memories: &'m Memories,
    session: SessionId,
    memory: Arc<Memory>,
}

/// A memory with one key or none: what fits into a slot.
struct Compact {
    flags: u8,
    next: u32,
    own: u32,
    key: Option<Arc<Resolved>>,
}

/// It is known whether own tokens open.
const OWN_TRIED: u8 = 1;
/// They do, and give the key.
const OWN: u8 = 2;
/// The key is what the session resolves to.
const FIRST: u8 = 4;
/// No further own token opens to another key.
const NOTHING_FURTHER: u8 = 8;
const CHAIN: u8 = 16;

const PARTS: usize = 64;

impl Default for Memories {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Mutex::default()).collect() }
    }
}

impl fmt::Debug for Memories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memories")
    }
}

impl Memories {
    /// The memory of a session, to be used until it is dropped.
    pub(super) fn hold(&self, session: SessionId) -> Held<'_> {
        let mut part = self.part(session);
        let part = &mut *part;
        let memory = part.whole.entry(session).or_insert_with(|| {
            let place = part.places.get(&session);
            Arc::new(place.map_or_else(Memory::default, |place| Compact::read(&part.slots, *place).expand()))
        });
        Held { memories: self, session, memory: Arc::clone(memory) }
    }

    /// What the session resolves to, if that has been found out and is all that is known.
    pub(super) fn first(&self, session: SessionId) -> Option<Arc<Resolved>> {
        let part = self.part(session);
        let place = part.places.get(&session).filter(|_| !part.whole.contains_key(&session))?;
        let compact = Compact::read(&part.slots, *place);
        compact.key.filter(|_| compact.flags & FIRST != 0)
    }

    fn release(&self, session: SessionId, memory: &Arc<Memory>) {
        /// The part's and the one that is being released.
        const LAST: usize = 2;
        let mut part = self.part(session);
        let part = &mut *part;
        if Arc::strong_count(memory) > LAST {
            return;
        }
        if let Some(compact) = memory.compact() {
            let (about, key) = (compact.about(), compact.key.as_ref().map_or(&[][..], |key| key.bytes.expose()));
            match part.places.get(&session) {
                Some(place) => part.slots.fill(*place, &about, key),
                None => {
                    part.places.insert(session, part.slots.push(&about, key));
                }
            }
            part.whole.remove(&session);
        }
    }

    fn part(&self, session: SessionId) -> MutexGuard<'_, Part> {
        // The last byte of an id is random, whatever its version.
        let part = session.as_bytes().last().map_or(0, |byte| usize::from(*byte) % PARTS);
        self.parts[part].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Held<'_> {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.memory
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.memories.release(self.session, &self.memory);
    }
}

impl Memory {
    /// The short form, if there is no more to this memory.
    fn compact(&self) -> Option<Compact> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let has_more = progress.keys.len() > 1
            || self.delegated.get().is_some()
            || self.delegated_further.get().is_some()
            || self.further.get().is_some_and(|further| !further.is_empty());
        if has_more {
            return None;
        }
        let further = if self.further.get().is_some() { NOTHING_FURTHER } else { 0 };
        let (first, next) = (progress.keys.first(), u32::try_from(progress.next).ok()?);
        let (own, place) = match self.own.get() {
            None => (None, None),
            Some(None) => (Some(None), None),
            Some(Some((place, key))) => (Some(Some(key)), Some(u32::try_from(*place).ok()?)),
        };
        let (flags, key) = match (first, own) {
            (None, None) => (0, None),
            (None, Some(None)) => (OWN_TRIED, None),
            (None, Some(Some(own))) => (OWN_TRIED | OWN, Some(own)),
            (Some(first), None) => (FIRST, Some(first)),
            (Some(first), Some(None)) => (FIRST | OWN_TRIED, Some(first)),
            (Some(first), Some(Some(own))) if Arc::ptr_eq(first, own) => (FIRST | OWN_TRIED | OWN, Some(first)),
            (Some(_), Some(Some(_))) => return None,
        };
        Some(Compact { flags: flags | further, next, own: place.unwrap_or(0), key: key.cloned() })
    }
}

impl Compact {
    fn read(slots: &Slots, place: u32) -> Self {
        let (about, key) = (slots.about(place), slots.key(place));
        Self::parse(about, key).unwrap_or(Self { flags: 0, next: 0, own: 0, key: None })
    }

    fn parse(about: &[u8], key: &[u8]) -> Option<Self> {
        let mut about = Cursor::new(about);
        let [flags, route, kind] = about.array().ok()?;
        let id = about.array().ok()?;
        let through = match kind {
            1 => Some(Through::Group(GroupId::from_bytes(id).ok()?)),
            2 => Some(Through::Proxy(SessionId::from_bytes(id).ok()?)),
            3 => Some(Through::SymEncKey(SymEncKeyId::from_bytes(id).ok()?)),
            _ => None,
        };
        let (next, own) = (about.u32_le().ok()?, about.u32_le().ok()?);
        let route = *Route::ALL.get(usize::from(route))?;
        let resolved = || Resolved { bytes: SecretVec::copy_of(key), route, through, chain: flags & CHAIN != 0 };
        Some(Self { flags, next, own, key: (!key.is_empty()).then(|| Arc::new(resolved())) })
    }

    fn about(&self) -> [u8; ABOUT] {
        let mut about = [0; ABOUT];
        let key = self.key.as_deref();
        let chain = if key.is_some_and(|key| key.chain) { CHAIN } else { 0 };
        let route = key.and_then(|key| Route::ALL.iter().position(|route| *route == key.route)).unwrap_or(0);
        let (kind, id) = match key.and_then(|key| key.through) {
            Some(Through::Group(id)) => (1, *id.as_bytes()),
            Some(Through::Proxy(id)) => (2, *id.as_bytes()),
            Some(Through::SymEncKey(id)) => (3, *id.as_bytes()),
            None => (0, [0; 16]),
        };
        let parts =
            [&[self.flags | chain, route as u8, kind][..], &id, &self.next.to_le_bytes(), &self.own.to_le_bytes()];
        about.iter_mut().zip(parts.concat()).for_each(|(to, from)| *to = from);
        about
    }

    fn expand(self) -> Memory {
        let memory = Memory::default();
        if self.flags & OWN_TRIED != 0 {
            let own = self.key.as_ref().filter(|_| self.flags & OWN != 0);
            let _ = memory.own.set(own.map(|key| (self.own as usize, Arc::clone(key))));
        }
        if self.flags & NOTHING_FURTHER != 0 {
            let _ = memory.further.set(Arc::new([]));
        }
        let first = self.key.filter(|_| self.flags & FIRST != 0);
        *memory.progress.lock().unwrap_or_else(PoisonError::into_inner) = Progress::resumed(self.next as usize, first);
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(through: Option<Through>, chain: bool) -> Arc<Resolved> {
        Arc::new(Resolved { bytes: SecretVec::copy_of(&[7; 48]), route: Route::Tmr, through, chain })
    }

    #[test]
    fn a_short_memory_is_the_same_memory() {
        let session = SessionId::random().unwrap();
        for through in [
            None,
            Some(Through::Proxy(session)),
            Some(Through::Group(GroupId::random().unwrap())),
            Some(Through::SymEncKey(SymEncKeyId::random().unwrap())),
        ] {
            for (own, first, further, chain) in
                (0..16).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0, bits & 8 != 0))
            {
                let memories = Memories::default();
                let key = resolved(through, chain);
                let held = memories.hold(session);
                held.own.set(own.then(|| (3, Arc::clone(&key)))).unwrap();
                if further {
                    held.further.set(Arc::new([])).unwrap();
                }
                *held.progress.lock().unwrap() = Progress::resumed(5, first.then(|| Arc::clone(&key)));
                drop(held);
                assert!(memories.part(session).whole.is_empty());
                let found = memories.first(session);
                assert_eq!(
                    found.as_ref().map(|found| (found.route, found.through, found.chain)),
                    first.then_some((Route::Tmr, through, chain))
                );

                let again = memories.hold(session);
                assert_eq!(
                    again.own.get().unwrap().as_ref().map(|(place, key)| (*place, key.bytes.expose())),
                    own.then_some((3, &[7; 48][..]))
                );
                assert_eq!(again.further.get().map(|further| further.len()), further.then_some(0));
                let progress = again.progress.lock().unwrap();
                assert_eq!((progress.next, progress.keys.len()), (5, usize::from(first)));
                drop(progress);
                // It stays short when it is used again.
                drop(again);
                let part = memories.part(session);
                assert_eq!((part.whole.len(), part.places.len()), (0, 1));
            }
        }
    }

    #[test]
    fn what_does_not_fit_stays_whole() {
        let session = SessionId::random().unwrap();
        let memories = Memories::default();
        let held = memories.hold(session);
        held.own.set(Some((0, resolved(None, false)))).unwrap();
        *held.progress.lock().unwrap() = Progress::resumed(1, Some(resolved(None, true)));
        drop(held);
        assert_eq!(memories.part(session).whole.len(), 1);
        assert!(memories.first(session).is_none());
        let held = memories.hold(session);
        assert!(held.own.get().is_some());
    }

    #[test]
    fn a_memory_in_use_is_shared() {
        let session = SessionId::random().unwrap();
        let memories = Memories::default();
        let (one, other) = (memories.hold(session), memories.hold(session));
        assert!(Arc::ptr_eq(&one.memory, &other.memory));
        drop(one);
        assert_eq!(memories.part(session).whole.len(), 1, "somebody uses it");
        drop(other);
        assert_eq!(memories.part(session).whole.len(), 0);
    }
}
