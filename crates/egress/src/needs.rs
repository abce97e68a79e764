//! Which sessions the data needs, and how often: twenty bytes a session, however many items there are (EGR-51).

use sealwright_types::SessionId;

/// Sessions with the numbers of their items.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Sorted, each session once.
    counted: Vec<(SessionId, u32)>,
    /// Not sorted yet.
    fresh: Vec<(SessionId, u32)>,
}

impl Needs {
    /// Counts an item of a session.
    pub(crate) fn add(&mut self, session: SessionId) {
        self.add_times(session, 1);
    }

    /// Counts what others counted.
    pub(crate) fn append(&mut self, other: Self) {
        other.counted.into_iter().chain(other.fresh).for_each(|(session, times)| self.add_times(session, times));
    }

    fn add_times(&mut self, session: SessionId, times: u32) {
        // As many as are counted already, so that each is moved a few times only.
        const FEWEST: usize = 65_536;
        self.fresh.push((session, times));
        if self.fresh.len() >= FEWEST.max(self.counted.len()) {
            self.count();
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
        self.merge(fresh);
    }

    /// Adds what is sorted too.
    fn merge(&mut self, others: Vec<(SessionId, u32)>) {
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

    #[test]
    fn what_others_counted_counts() {
        let ids: Vec<_> = (0..200_000).map(|_| SessionId::random().unwrap()).collect();
        let mut needs = Needs::default();
        let mut expected: BTreeMap<SessionId, u32> = BTreeMap::new();
        for (number, &id) in ids.iter().enumerate() {
            let mut other = Needs::default();
            other.extend([id, ids[number / 2]]);
            needs.append(other);
            *expected.entry(id).or_default() += 1;
            *expected.entry(ids[number / 2]).or_default() += 1;
        }
        assert_eq!(needs.finish(), expected.into_iter().unzip());
    }
}
