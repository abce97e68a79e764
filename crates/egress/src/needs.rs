//! Which sessions the data needs, and how often: twenty bytes a session, however many items there are (EGR-51).

use sealwright_types::SessionId;

/// Sessions with the numbers of their items.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Sorted, each session once.
    counted: Vec<(SessionId, u32)>,
    fresh: Vec<SessionId>,
}

impl Needs {
    /// Counts an item of a session.
    pub(crate) fn add(&mut self, session: SessionId) {
        const FEWEST: usize = 65_536;
        self.fresh.push(session);
        if self.fresh.len() >= FEWEST.max(self.counted.len()) {
            self.count();
        }
    }

    /// Counts what others counted.
    pub(crate) fn append(&mut self, mut other: Self) {
        other.count();
        self.count();
        if self.counted.is_empty() {
            self.counted = other.counted;
        } else {
            self.merge(other.counted);
        }
    }

    /// The sessions, sorted, and how many items each has.
    pub(crate) fn finish(mut self) -> (Vec<SessionId>, Vec<u32>) {
        self.count();
        self.counted.into_iter().unzip()
    }

    fn count(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        self.fresh.sort_unstable();
        let fresh = std::mem::take(&mut self.fresh);
        self.merge(fresh.into_iter().map(|session| (session, 1)));
    }

    /// Adds what is sorted too.
    fn merge(&mut self, others: impl IntoIterator<Item = (SessionId, u32)>) {
        let before = std::mem::take(&mut self.counted);
        let mut counted: Vec<(SessionId, u32)> = Vec::with_capacity(before.len());
        let mut add = |session, times: u32| match counted.last_mut() {
            Some((last, count)) if *last == session => *count = count.saturating_add(times),
            _ => counted.push((session, times)),
        };
        let (mut before, mut others) = (before.into_iter().peekable(), others.into_iter().peekable());
        loop {
            let next = match (before.peek(), others.peek()) {
                (Some((one, _)), Some((other, _))) if one > other => others.next(),
                (Some(_), _) => before.next(),
                (None, _) => others.next(),
            };
            let Some((session, times)) = next else { break };
            add(session, times);
        }
        self.counted = counted;
    }
}

impl Extend<SessionId> for Needs {
    fn extend<I: IntoIterator<Item = SessionId>>(&mut self, sessions: I) {
        sessions.into_iter().for_each(|session| self.add(session));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_item_is_counted_once() {
        let ids: Vec<_> = (0..1000).map(|_| SessionId::random().unwrap()).collect();
        let (mut needs, mut expected) = (Needs::default(), BTreeMap::new());
        for item in 0..200_000_usize {
            let session = ids[item * item % 997];
            needs.add(session);
            *expected.entry(session).or_insert(0) += 1;
        }
        assert_eq!(needs.finish(), expected.into_iter().unzip());
        assert_eq!(Needs::default().finish(), (vec![], vec![]));
    }
}
