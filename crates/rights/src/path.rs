//! The paths by which a user comes to a session, and what they carry together (RIGHTS.md section 3).

use crate::fault::{Fault, broken};
use crate::{Acl, Devices, Group, Holder, Lookup, Rights, Session, User, World};

/// A way of a user to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The user is a recipient (RIGHT-10).
    Direct {
        /// The record's rights.
        rights: Rights,
        /// The devices for which the key is wrapped.
        wrapped: Devices,
    },
    /// A group of the user is a recipient (RIGHT-11).
    Group {
        /// The group.
        group: Group,
        /// The record's rights.
        rights: Rights,
        /// Whether the key is wrapped for the group's device.
        wrapped: Devices,
    },
    /// A proxy on the session, and the user is a direct, reading recipient of the proxy (RIGHT-12).
    Proxy {
        /// The proxy session.
        proxy: Session,
        /// How the user came into the proxy.
        entry: Entry,
        /// What the proxy may do on the session.
        passage: Passage,
    },
}

/// The rights of a user on a proxy session: the first of the two independent sets (RIGHT-17).
///
/// They decide whether the user comes through, and nothing else: no function gives them out, so that they cannot count on a session
/// behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    rights: Rights,
    wrapped: Devices,
}

/// The rights of a proxy on a session: the second of the two independent sets (RIGHT-17), for everybody who comes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage(Rights);

impl Entry {
    /// The user's own record on the proxy session, if it allows to come through.
    fn of(user: User, proxy: &Acl) -> Option<Self> {
        let record = proxy.of(Holder::User(user))?;
        record.rights.contains(Rights::READ).then_some(Self { rights: record.rights, wrapped: record.wrapped })
    }
}

impl Passage {
    /// What whoever comes through may do on the session.
    pub const fn rights(self) -> Rights {
        self.0
    }
}

impl Path {
    /// What it lets the user do on the session.
    pub fn rights(self) -> Rights {
        match self {
            Self::Direct { rights, .. } | Self::Group { rights, .. } => rights,
            Self::Proxy { entry, passage, .. } if broken(Fault::EntryRightsCarry) => entry.rights.union(passage.0),
            Self::Proxy { passage, .. } => passage.rights(),
        }
    }

    /// Whether a retrieval with `lookup` takes it.
    pub fn is_allowed(self, lookup: Lookup) -> bool {
        match self {
            Self::Direct { .. } => true,
            Self::Group { .. } => lookup.group,
            Self::Proxy { .. } => lookup.proxy != broken(Fault::LookupReversed),
        }
    }

    /// Whether the key is wrapped for what `device` of the user can open.
    pub fn covers(self, device: u8) -> bool {
        match self {
            Self::Direct { wrapped, .. } => wrapped.contains(device),
            // Every device of a member holds the group's key.
            Self::Group { wrapped, .. } => !wrapped.is_empty(),
            Self::Proxy { entry, .. } => entry.wrapped.contains(device),
        }
    }
}

impl World {
    /// Every path of `user` to `session`.
    pub fn paths(&self, user: User, session: Session) -> impl Iterator<Item = Path> {
        let records = self.acl(session).map_or(&[][..], Acl::records);
        records
            .iter()
            .filter(|record| record.active || broken(Fault::RevokedOpens))
            .filter_map(move |record| match record.holder {
                Holder::User(holder) if holder == user => {
                    Some(Path::Direct { rights: record.rights, wrapped: record.wrapped })
                }
                Holder::Group(group) if self.is_member(user, group) || broken(Fault::StrangersInGroup) => {
                    Some(Path::Group { group, rights: record.rights, wrapped: record.wrapped })
                }
                Holder::Proxy(proxy) => {
                    let entry = self.entry(user, proxy)?;
                    Some(Path::Proxy { proxy, entry, passage: Passage(record.rights) })
                }
                _ => None,
            })
            .take(if broken(Fault::FirstPathOnly) { 1 } else { usize::MAX })
    }

    /// How `user` comes through `proxy`: as a direct recipient only (RIGHT-12).
    fn entry(&self, user: User, proxy: Session) -> Option<Entry> {
        let acl = self.acl(proxy)?;
        let by_group = |group| self.is_member(user, group).then(|| acl.of(Holder::Group(group))).flatten();
        match Entry::of(user, acl) {
            None if broken(Fault::ProxyByGroup) => {
                let record = self.groups().find_map(by_group)?;
                Some(Entry { rights: record.rights, wrapped: Devices::first(Devices::MOST) })
            }
            entry => entry,
        }
    }

    /// Whether `user` made `session` (RIGHT-13).
    pub fn is_creator(&self, user: User, session: Session) -> bool {
        self.acl(session).is_some_and(|acl| acl.creator() == Some(user))
    }

    /// What `user` may do on `session`, over all paths (RIGHT-16).
    pub fn effective(&self, user: User, session: Session) -> Rights {
        let standing = if self.is_creator(user, session) { Rights::MANAGE } else { Rights::NONE };
        self.paths(user, session).fold(standing, |rights, path| rights.union(path.rights()))
    }

    /// Whether some path of `user` to `session` that `lookup` allows reads. Creating it is none (RIGHT-13).
    pub fn reads(&self, user: User, session: Session, lookup: Lookup) -> bool {
        self.reading_paths(user, session, lookup).next().is_some()
            || (broken(Fault::CreatorReads) && self.is_creator(user, session))
    }

    pub(crate) fn reading_paths(&self, user: User, session: Session, lookup: Lookup) -> impl Iterator<Item = Path> {
        self.paths(user, session).filter(move |path| path.is_allowed(lookup) && path.rights().contains(Rights::READ))
    }

    /// Which rights `user` may give to others on `session`.
    pub fn grantable(&self, user: User, session: Session) -> Rights {
        if self.is_creator(user, session) { Rights::ALL } else { self.effective(user, session) }
    }

    /// Whether `user` has anything to do with `session`: made it, or has a path, whatever that carries.
    pub fn stands(&self, user: User, session: Session) -> bool {
        self.is_creator(user, session) || self.paths(user, session).next().is_some()
    }
}
