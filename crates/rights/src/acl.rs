//! What a session's access list holds: who has which rights, by whom, and whether still.

use crate::{Devices, Group, Rights, Session, SymEncKey, TmrAccess, User};

/// To whom or what a record gives access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A user.
    User(User),
    /// Every member of a group.
    Group(Group),
    /// Everybody who is a direct, reading recipient of this session (RIGHT-12).
    Proxy(Session),
    /// Whoever proves to know a SymEncKey.
    SymEncKey(SymEncKey),
    /// Whoever proves the factor of a TMR access.
    Tmr(TmrAccess),
}

/// One access record of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Access {
    /// Who or what it is for.
    pub holder: Holder,
    /// What it allows.
    pub rights: Rights,
    /// Who made it; nobody for a session that was made anonymously.
    pub by: Option<User>,
    /// Whether it is in force. Once not, never again (RIGHT-02).
    pub active: bool,
    /// For a user or group: for which of the devices the key is wrapped. None without the right to read (RIGHT-03).
    pub wrapped: Devices,
}

/// The access list of a session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Acl {
    pub(crate) creator: Option<User>,
    pub(crate) closed: bool,
    pub(crate) records: Vec<Access>,
}

impl Holder {
    /// Whether at most one active record names this holder, so that adding it again changes nothing (RIGHT-01).
    pub const fn is_unique(self) -> bool {
        matches!(self, Self::User(_) | Self::Group(_) | Self::Proxy(_))
    }

    /// Whether records of this kind carry a key wrapped for devices (RIGHT-03).
    pub const fn has_devices(self) -> bool {
        matches!(self, Self::User(_) | Self::Group(_))
    }
}

impl Acl {
    /// Who made the session; nobody if that was done anonymously. Never changes (INV-25).
    pub const fn creator(&self) -> Option<User> {
        self.creator
    }

    /// Whether everything was revoked, so that nothing can be added any more (INV-13).
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Every record that there ever was, oldest first.
    pub fn records(&self) -> &[Access] {
        &self.records
    }

    /// The records in force.
    pub fn active(&self) -> impl Iterator<Item = &Access> {
        self.records.iter().filter(|record| record.active)
    }

    /// The record in force for `holder`.
    pub fn of(&self, holder: Holder) -> Option<&Access> {
        self.active().find(|record| record.holder == holder)
    }

    /// The active records that hang together with `holder` through "added by": those that the holder added, those that these added,
    /// and so on. Nothing revokes them on its own (RIGHT-54); a caller may.
    ///
    /// Whom one of them added once, but somebody else again after a revocation, is not among them: the new record has a new origin (RIGHT-02).
    /// Only users add, so that it is empty for every other holder.
    pub fn added_by_closure(&self, holder: Holder) -> Vec<Holder> {
        let mut reached = vec![holder];
        let mut next = 0;
        while let Some(&from) = reached.get(next) {
            next += 1;
            let Holder::User(user) = from else { continue };
            for record in self.records.iter().filter(|record| record.by == Some(user)) {
                if !reached.contains(&record.holder) {
                    reached.push(record.holder);
                }
            }
        }
        let is_reached = |user| reached.contains(&Holder::User(user));
        let hangs = |&holder: &Holder| self.of(holder).and_then(|record| record.by).is_some_and(is_reached);
        reached.iter().copied().skip(1).filter(hangs).collect()
    }

    pub(crate) fn of_mut(&mut self, holder: Holder) -> Option<&mut Access> {
        self.records.iter_mut().find(|record| record.active && record.holder == holder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Holder = Holder::User(User(1));
    const BOB: Holder = Holder::User(User(2));
    const CY: Holder = Holder::User(User(3));
    const DAN: Holder = Holder::User(User(4));
    const KEY: Holder = Holder::SymEncKey(SymEncKey(1));

    fn list(records: &[(Holder, u16, bool)]) -> Acl {
        let record = |&(holder, by, active)| Access {
            holder,
            rights: Rights::READ,
            by: Some(User(by)),
            active,
            wrapped: Devices::NONE,
        };
        Acl { creator: Some(User(1)), closed: false, records: records.iter().map(record).collect() }
    }

    #[test]
    fn closure_follows_who_added_whom() {
        let acl = list(&[(BOB, 1, true), (CY, 2, true), (KEY, 3, true), (DAN, 1, true)]);
        assert_eq!(acl.added_by_closure(BOB), [CY, KEY]);
        assert_eq!(acl.added_by_closure(CY), [KEY]);
        assert_eq!(acl.added_by_closure(ANN), [BOB, DAN, CY, KEY]);
        assert_eq!(acl.added_by_closure(KEY), []);
    }

    #[test]
    fn closure_goes_through_who_was_revoked() {
        let acl = list(&[(BOB, 1, true), (CY, 2, false), (KEY, 3, true)]);
        assert_eq!(acl.added_by_closure(BOB), [KEY]);
    }

    #[test]
    fn closure_leaves_out_whom_somebody_else_added_again() {
        let acl = list(&[(BOB, 1, true), (DAN, 2, false), (DAN, 1, true)]);
        assert_eq!(acl.added_by_closure(BOB), []);
        let acl = list(&[(BOB, 1, true), (DAN, 1, false), (DAN, 2, true)]);
        assert_eq!(acl.added_by_closure(BOB), [DAN]);
    }

    #[test]
    fn closure_ends_where_two_added_each_other() {
        let acl = list(&[(BOB, 1, false), (CY, 2, true), (BOB, 3, true)]);
        assert_eq!(acl.added_by_closure(BOB), [CY]);
        assert_eq!(acl.added_by_closure(CY), [BOB]);
    }
}
