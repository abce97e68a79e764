//! Everything that decisions depend on: users, groups, sessions, and what is in whose memory.

use crate::decision::Change;
use crate::fault::{Fault, broken};
use crate::{Access, Acl, Action, Actor, Denied, Devices, Grant, Group, Handle, Holder, Lookup, Rights, Session, User};
use sealwright_types::Coded;
use std::collections::{BTreeMap, BTreeSet};

/// All that there is. Decisions look at it and at nothing else (RIGHT-04).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    users: BTreeMap<User, Devices>,
    groups: BTreeMap<Group, Members>,
    sessions: BTreeMap<Session, Acl>,
    memory: BTreeMap<(Actor, Session), Memory>,
    cache: CachePolicy,
}

/// Who is in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Members {
    /// All of them.
    pub members: BTreeSet<User>,
    /// Those who add and remove; every one is a member.
    pub admins: BTreeSet<User>,
}

/// What somebody has in memory of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    /// How the session object came.
    pub handle: Handle,
    /// Whether the session key is there.
    pub holds: bool,
    /// Whether the session key is in the cache.
    pub cached: bool,
}

/// What is done with keys after a retrieval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CachePolicy {
    /// They are not cached.
    #[default]
    Off,
    /// They stay in the cache, whatever happens to the path: a revoked user keeps reading.
    Keep,
    /// They leave the cache when their user sees that no path is left (INV-23).
    Evict,
}

/// A world that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadWorld {
    /// A number that is given twice.
    #[error("something is there twice")]
    Twice,
    /// Somebody or something that is named, but is not there.
    #[error("a user, group or session is named that does not exist")]
    Missing,
    /// An admin who is no member, or a group without an admin.
    #[error("a group needs an admin, and admins are members")]
    Admins,
    /// Two active records for one holder, or a SymEncKey or TMR access that occurs twice (RIGHT-01).
    #[error("two records for one holder (RIGHT-01)")]
    TwoRecords,
    /// A proxy of itself (PROXY-05).
    #[error("a session is a proxy of itself (PROXY-05)")]
    ProxySelf,
    /// A record whose rights or wrapped keys its kind cannot have (RIGHT-03).
    #[error("a record with rights or wrapped keys that it cannot have (RIGHT-03)")]
    Record,
    /// A closed session with an active record (RIGHT-52).
    #[error("a closed session with an active record (RIGHT-52)")]
    Closed,
    /// A key in the cache although nothing is cached, or the handle of a creator with somebody who is not.
    #[error("a key in a cache that there is not, or a creator's handle with somebody else")]
    Memory,
    /// More devices than [`Devices::MOST`].
    #[error("more than 16 devices")]
    Devices,
}

impl Coded for BadWorld {
    fn code(&self) -> &'static str {
        "bad-world"
    }
}

impl World {
    /// A world without anybody.
    pub fn new(cache: CachePolicy) -> Self {
        Self { cache, ..Self::default() }
    }

    /// Adds a user with this many devices.
    ///
    /// # Errors
    /// [`BadWorld`] if the user exists or has too many devices.
    pub fn add_user(&mut self, user: User, devices: u8) -> Result<(), BadWorld> {
        if devices > Devices::MOST {
            return Err(BadWorld::Devices);
        }
        once(self.users.insert(user, Devices::first(devices)))
    }

    /// Adds a group.
    ///
    /// # Errors
    /// [`BadWorld`] if the group exists, somebody in it does not, or the admins are not as they have to be.
    pub fn add_group(&mut self, group: Group, members: Members) -> Result<(), BadWorld> {
        if members.admins.is_empty() || !members.admins.is_subset(&members.members) {
            return Err(BadWorld::Admins);
        }
        if !members.members.iter().all(|user| self.users.contains_key(user)) {
            return Err(BadWorld::Missing);
        }
        once(self.groups.insert(group, members))
    }

    /// Adds a session without records.
    ///
    /// # Errors
    /// [`BadWorld`] if the session exists or its creator does not.
    pub fn add_session(&mut self, session: Session, creator: Option<User>) -> Result<(), BadWorld> {
        if creator.is_some_and(|user| !self.users.contains_key(&user)) {
            return Err(BadWorld::Missing);
        }
        once(self.sessions.insert(session, Acl { creator, closed: false, records: Vec::new() }))
    }

    /// Adds a record to a session, as it is.
    ///
    /// # Errors
    /// [`BadWorld`] if the record contradicts a rule or what it names does not exist.
    pub fn add_record(&mut self, session: Session, record: Access) -> Result<(), BadWorld> {
        if !self.exists(record.holder) || record.by.is_some_and(|user| !self.users.contains_key(&user)) {
            return Err(BadWorld::Missing);
        }
        if record.holder == Holder::Proxy(session) {
            return Err(BadWorld::ProxySelf);
        }
        let reads = record.rights.contains(Rights::READ);
        let fits = match record.holder {
            Holder::User(_) | Holder::Group(_) => {
                self.devices(record.holder).contains_all(record.wrapped) && (reads || record.wrapped.is_empty())
            }
            Holder::Proxy(_) | Holder::Tmr(_) => reads && record.wrapped.is_empty(),
            // The right to read may have been taken away from it.
            Holder::SymEncKey(_) => record.wrapped.is_empty(),
        };
        if !fits {
            return Err(BadWorld::Record);
        }
        let taken = match record.holder.is_unique() {
            true => record.active && self.acl(session).is_some_and(|acl| acl.of(record.holder).is_some()),
            false => self.was_used(record.holder),
        };
        if taken {
            return Err(BadWorld::TwoRecords);
        }
        let acl = self.sessions.get_mut(&session).ok_or(BadWorld::Missing)?;
        if acl.closed && record.active {
            return Err(BadWorld::Closed);
        }
        acl.records.push(record);
        Ok(())
    }

    /// Closes a session, all of whose records are inactive.
    ///
    /// # Errors
    /// [`BadWorld`] if the session does not exist or has an active record.
    pub fn close_session(&mut self, session: Session) -> Result<(), BadWorld> {
        let acl = self.sessions.get_mut(&session).ok_or(BadWorld::Missing)?;
        if acl.active().next().is_some() {
            return Err(BadWorld::Closed);
        }
        acl.closed = true;
        Ok(())
    }

    /// Says what an actor has in memory of a session.
    ///
    /// # Errors
    /// [`BadWorld`] if one of both does not exist, or the actor cannot have that: a key in a cache that is off, a creator's handle without
    /// being the creator.
    pub fn set_memory(&mut self, actor: Actor, session: Session, memory: Memory) -> Result<(), BadWorld> {
        if !self.sessions.contains_key(&session) || actor.user().is_some_and(|user| !self.users.contains_key(&user)) {
            return Err(BadWorld::Missing);
        }
        let is_creator = actor.user().is_some_and(|user| self.is_creator(user, session));
        if (memory.cached && self.cache == CachePolicy::Off) || (memory.handle == Handle::Created && !is_creator) {
            return Err(BadWorld::Memory);
        }
        self.remember(actor, session, memory);
        Ok(())
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = User> {
        self.users.keys().copied()
    }

    /// The groups.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        self.groups.keys().copied()
    }

    /// The sessions.
    pub fn sessions(&self) -> impl Iterator<Item = Session> {
        self.sessions.keys().copied()
    }

    /// The access list of a session.
    pub fn acl(&self, session: Session) -> Option<&Acl> {
        self.sessions.get(&session)
    }

    /// Who is in a group.
    pub fn members(&self, group: Group) -> Option<&Members> {
        self.groups.get(&group)
    }

    /// Whether `user` is in `group` now.
    pub fn is_member(&self, user: User, group: Group) -> bool {
        self.members(group).is_some_and(|group| group.members.contains(&user))
    }

    /// What `actor` has in memory of `session`.
    pub fn memory(&self, actor: Actor, session: Session) -> Memory {
        self.memory.get(&(actor, session)).copied().unwrap_or_default()
    }

    /// How `actor` got the session object of what `action` is about, as far as this world knows.
    pub fn handle(&self, actor: Actor, action: &Action) -> Handle {
        action.session().map_or(Handle::None, |session| self.memory(actor, session).handle)
    }

    /// What is done with keys after a retrieval.
    pub const fn cache_policy(&self) -> CachePolicy {
        self.cache
    }

    /// The devices of a user or group.
    pub fn devices(&self, holder: Holder) -> Devices {
        match holder {
            Holder::User(user) => self.users.get(&user).copied().unwrap_or_default(),
            Holder::Group(_) => Devices::OF_GROUP,
            _ => Devices::NONE,
        }
    }

    /// Decides, and does what was granted. What is refused changes nothing (RIGHT-04).
    ///
    /// # Errors
    /// [`Denied`] as [`World::decide`].
    pub fn apply(&mut self, actor: Actor, handle: Handle, action: &Action) -> Result<Grant, Denied> {
        let grant = self.decide(actor, handle, action)?;
        for &change in grant.changes() {
            self.change(change);
        }
        if let (Actor::User(user), Some(session), true) = (actor, action.session(), action.shows_own_paths()) {
            self.evict(user, session);
        }
        Ok(grant)
    }

    /// Whether a record could name `holder`: a user, group or session that exists. SymEncKeys and TMR accesses exist by their records.
    pub(crate) fn exists(&self, holder: Holder) -> bool {
        match holder {
            Holder::User(user) => self.users.contains_key(&user),
            Holder::Group(group) => self.groups.contains_key(&group),
            Holder::Proxy(session) => self.sessions.contains_key(&session),
            Holder::SymEncKey(_) | Holder::Tmr(_) => true,
        }
    }

    /// Whether a record anywhere names `holder` or did so.
    pub(crate) fn was_used(&self, holder: Holder) -> bool {
        self.sessions.values().any(|acl| acl.records.iter().any(|record| record.holder == holder))
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Session { session, creator } => {
                self.sessions.insert(session, Acl { creator, closed: false, records: Vec::new() });
            }
            Change::Record { session, record } => {
                if let Some(acl) = self.sessions.get_mut(&session) {
                    acl.records.push(record);
                }
            }
            Change::Rights { session, holder, rights, wrapped } => {
                if let Some(record) = self.sessions.get_mut(&session).and_then(|acl| acl.of_mut(holder)) {
                    (record.rights, record.wrapped) = (rights, wrapped);
                }
            }
            Change::Revoked { session, holder } => {
                if let Some(record) = self.sessions.get_mut(&session).and_then(|acl| acl.of_mut(holder)) {
                    record.active = false;
                }
            }
            Change::Closed { session } => {
                if let Some(acl) = self.sessions.get_mut(&session) {
                    acl.closed = true;
                }
            }
            Change::Memory { actor, session, memory } => self.remember(actor, session, memory),
            Change::Joined { group, user, admin } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.members.insert(user);
                    if admin {
                        group.admins.insert(user);
                    }
                }
            }
            Change::Left { group, user } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group.members.remove(&user);
                    group.admins.remove(&user);
                }
            }
        }
    }

    /// What is seen to have no path left is not kept (CACHE-02).
    fn evict(&mut self, user: User, session: Session) {
        let memory = self.memory(Actor::User(user), session);
        let seen_revoked = memory.cached && !self.reads(user, session, Lookup::ALL);
        if self.cache == CachePolicy::Evict && seen_revoked && !broken(Fault::NeverEvicts) {
            self.remember(Actor::User(user), session, Memory { cached: false, ..memory });
        }
    }

    /// Nothing in memory is no entry, so that equal worlds are equal.
    fn remember(&mut self, actor: Actor, session: Session, memory: Memory) {
        if memory == Memory::default() {
            self.memory.remove(&(actor, session));
        } else {
            self.memory.insert((actor, session), memory);
        }
    }
}

/// Refuses what replaced something.
fn once<T>(replaced: Option<T>) -> Result<(), BadWorld> {
    if replaced.is_none() { Ok(()) } else { Err(BadWorld::Twice) }
}
