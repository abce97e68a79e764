//! From names to numbers and back.

use super::ScenarioError;
use super::text::{
    ActionText, GroupText, HolderText, LookupText, MemoryText, RecordText, SessionText, UserText, WantedText, WorldText,
};
use crate::{
    Access, Action, Actor, BadWorld, Devices, Group, Holder, Lookup, Members, Memory, Rights, Session, SymEncKey,
    TmrAccess, User, Wanted, World,
};
use std::collections::BTreeSet;

/// The names of everything that was named so far: the number is the place.
#[derive(Debug, Default)]
pub(super) struct Names {
    users: Table,
    groups: Table,
    sessions: Table,
    keys: Table,
    accesses: Table,
}

/// An action in numbers. With a malformed id in it the numbers mean nothing.
pub(super) struct Numbered {
    pub(super) action: Action,
    pub(super) malformed: bool,
}

#[derive(Debug, Default)]
struct Table(Vec<String>);

const LONGEST_NAME: usize = 64;

impl Table {
    /// The number of a well-formed name, a new one for a new name.
    fn number(&mut self, name: &str) -> Result<u16, ScenarioError> {
        let known = self.0.iter().position(|known| known == name);
        let place = known.unwrap_or(self.0.len());
        let number = u16::try_from(place).map_err(|_| ScenarioError::TooMany)?;
        if known.is_none() {
            self.0.push(name.to_owned());
        }
        Ok(number)
    }

    fn name(&self, number: u16) -> String {
        self.0.get(usize::from(number)).cloned().unwrap_or_default()
    }
}

/// Reads names of a step and remembers whether one was malformed.
struct Reader<'a> {
    names: &'a mut Names,
    malformed: bool,
}

impl Reader<'_> {
    fn number(&mut self, table: impl Fn(&mut Names) -> &mut Table, name: &str) -> Result<u16, ScenarioError> {
        if is_name(name) {
            return table(self.names).number(name);
        }
        self.malformed = true;
        Ok(0)
    }

    fn user(&mut self, name: &str) -> Result<User, ScenarioError> {
        self.number(|names| &mut names.users, name).map(User)
    }

    fn group(&mut self, name: &str) -> Result<Group, ScenarioError> {
        self.number(|names| &mut names.groups, name).map(Group)
    }

    fn session(&mut self, name: &str) -> Result<Session, ScenarioError> {
        self.number(|names| &mut names.sessions, name).map(Session)
    }

    fn key(&mut self, name: &str) -> Result<SymEncKey, ScenarioError> {
        self.number(|names| &mut names.keys, name).map(SymEncKey)
    }

    fn access(&mut self, name: &str) -> Result<TmrAccess, ScenarioError> {
        self.number(|names| &mut names.accesses, name).map(TmrAccess)
    }

    fn holder(&mut self, holder: &HolderText) -> Result<Holder, ScenarioError> {
        Ok(match holder {
            HolderText::User(name) => Holder::User(self.user(name)?),
            HolderText::Group(name) => Holder::Group(self.group(name)?),
            HolderText::Proxy(name) => Holder::Proxy(self.session(name)?),
            HolderText::SymEncKey(name) => Holder::SymEncKey(self.key(name)?),
            HolderText::Tmr(name) => Holder::Tmr(self.access(name)?),
        })
    }

    fn action(&mut self, action: &ActionText) -> Result<Action, ScenarioError> {
        use ActionText as Text;
        Ok(match *action {
            Text::Create { ref session, ref records } => {
                let session = self.session(session)?;
                let wanted = |WantedText { holder, rights }: &WantedText| {
                    Ok::<_, ScenarioError>(Wanted { holder: self.holder(holder)?, rights: *rights })
                };
                Action::Create { session, records: records.iter().map(wanted).collect::<Result<_, _>>()? }
            }
            Text::Retrieve { ref session, lookup: LookupText { group, proxy }, device } => {
                Action::Retrieve { session: self.session(session)?, lookup: Lookup { group, proxy }, device }
            }
            Text::Use { ref session } => Action::Use { session: self.session(session)? },
            Text::Recall { ref session } => Action::Recall { session: self.session(session)? },
            Text::Forget { ref session } => Action::Forget { session: self.session(session)? },
            Text::Add { ref session, ref holder, rights } => {
                let wanted = Wanted { holder: self.holder(holder)?, rights };
                Action::Add { session: self.session(session)?, wanted }
            }
            Text::Change { ref session, ref holder, add, remove } => {
                Action::Change { session: self.session(session)?, holder: self.holder(holder)?, add, remove }
            }
            Text::Revoke { ref session, ref holders } => {
                let session = self.session(session)?;
                let holders = holders.iter().map(|holder| self.holder(holder)).collect::<Result<_, _>>()?;
                Action::Revoke { session, holders }
            }
            Text::Leave { ref session } => Action::Leave { session: self.session(session)? },
            Text::RevokeAll { ref session } => Action::RevokeAll { session: self.session(session)? },
            Text::RevokeOthers { ref session } => Action::RevokeOthers { session: self.session(session)? },
            Text::List { ref session } => Action::List { session: self.session(session)? },
            Text::ListOwn { ref session } => Action::ListOwn { session: self.session(session)? },
            Text::ReadBySymEncKey { ref session, ref key, proven } => {
                Action::ReadBySymEncKey { session: self.session(session)?, key: self.key(key)?, proven }
            }
            Text::SelfAdd { ref session, ref key, proven, rights } => {
                Action::SelfAdd { session: self.session(session)?, key: self.key(key)?, proven, rights }
            }
            Text::ReadAnonymously { ref session, ref key, proven, scope } => {
                Action::ReadAnonymously { session: self.session(session)?, key: self.key(key)?, proven, scope }
            }
            Text::ReadByTmr { ref session, ref access, proven } => {
                Action::ReadByTmr { session: self.session(session)?, access: self.access(access)?, proven }
            }
            Text::Convert { ref session, ref access, proven, delete_on_convert } => {
                let (session, access) = (self.session(session)?, self.access(access)?);
                Action::Convert { session, access, proven, delete_on_convert }
            }
            Text::GroupAdd { ref group, ref user, admin } => {
                Action::GroupAdd { group: self.group(group)?, user: self.user(user)?, admin }
            }
            Text::GroupRemove { ref group, ref user } => {
                Action::GroupRemove { group: self.group(group)?, user: self.user(user)? }
            }
            Text::GroupLeave { ref group } => Action::GroupLeave { group: self.group(group)? },
            Text::SetManagingGroup { ref session, ref group } => {
                Action::SetManagingGroup { session: self.session(session)?, group: self.group(group)? }
            }
        })
    }
}

impl Names {
    /// Who acts. Somebody who is not in the world is a mistake of the story.
    pub(super) fn actor(&mut self, name: Option<&str>, world: &World) -> Result<Actor, ScenarioError> {
        let Some(name) = name else { return Ok(Actor::Anonymous) };
        let user = self.strict(name, |reader| reader.user(name))?;
        match world.users().any(|known| known == user) {
            true => Ok(Actor::User(user)),
            false => Err(ScenarioError::Actor(name.to_owned())),
        }
    }

    pub(super) fn action(&mut self, action: &ActionText) -> Result<Numbered, ScenarioError> {
        let mut reader = Reader { names: self, malformed: false };
        let action = reader.action(action)?;
        Ok(Numbered { action, malformed: reader.malformed })
    }

    pub(super) fn world(&mut self, text: &WorldText) -> Result<World, ScenarioError> {
        let mut world = World::new(text.cache);
        for UserText { id, devices } in &text.users {
            let user = self.user(id)?;
            world.add_user(user, *devices).map_err(|why| bad("user", id, why))?;
        }
        for GroupText { id, members, admins } in &text.groups {
            let (members, admins) = (self.user_set(members)?, self.user_set(admins)?);
            let group = self.strict(id, |reader| reader.group(id))?;
            world.add_group(group, Members { members, admins }).map_err(|why| bad("group", id, why))?;
        }
        // A record may name a session that stands further down.
        for SessionText { id, creator, .. } in &text.sessions {
            let creator = creator.as_deref().map(|name| self.user(name)).transpose()?;
            let session = self.session(id)?;
            world.add_session(session, creator).map_err(|why| bad("session", id, why))?;
        }
        for SessionText { id, closed, records, memory, .. } in &text.sessions {
            let session = self.session(id)?;
            for record in records {
                let record = self.record(record, &world, id)?;
                world.add_record(session, record).map_err(|why| bad("session", id, why))?;
            }
            if *closed {
                world.close_session(session).map_err(|why| bad("session", id, why))?;
            }
            let mut actors = BTreeSet::new();
            for &MemoryText { ref actor, handle, holds, cached } in memory {
                let actor = self.actor(actor.as_deref(), &world)?;
                if !actors.insert(actor) {
                    return Err(bad("session", id, BadWorld::Twice));
                }
                let memory = Memory { handle, holds, cached };
                world.set_memory(actor, session, memory).map_err(|why| bad("session", id, why))?;
            }
        }
        Ok(world)
    }

    fn record(&mut self, text: &RecordText, world: &World, session: &str) -> Result<Access, ScenarioError> {
        let RecordText { holder, rights, by, active, wrapped } = text;
        let by = by.as_deref().map(|name| self.user(name)).transpose()?;
        let mut reader = Reader { names: self, malformed: false };
        let numbered = reader.holder(holder)?;
        if reader.malformed {
            return Err(ScenarioError::Name(holder_name(holder).to_owned()));
        }
        let wrapped = match wrapped {
            Some(devices) => device_set(devices).ok_or_else(|| bad("session", session, BadWorld::Record))?,
            None if rights.contains(Rights::READ) => world.devices(numbered),
            None => Devices::NONE,
        };
        Ok(Access { holder: numbered, rights: *rights, by, active: *active, wrapped })
    }

    fn user(&mut self, name: &str) -> Result<User, ScenarioError> {
        self.strict(name, |reader| reader.user(name))
    }

    fn session(&mut self, name: &str) -> Result<Session, ScenarioError> {
        self.strict(name, |reader| reader.session(name))
    }

    fn user_set(&mut self, names: &[String]) -> Result<BTreeSet<User>, ScenarioError> {
        names.iter().map(|name| self.user(name)).collect()
    }

    /// In the world itself no name may be malformed.
    fn strict<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, ScenarioError>,
    ) -> Result<T, ScenarioError> {
        let mut reader = Reader { names: self, malformed: false };
        let number = read(&mut reader)?;
        if reader.malformed { Err(ScenarioError::Name(name.to_owned())) } else { Ok(number) }
    }

    pub(super) fn holder_text(&self, holder: Holder) -> HolderText {
        match holder {
            Holder::User(user) => HolderText::User(self.users.name(user.0)),
            Holder::Group(group) => HolderText::Group(self.groups.name(group.0)),
            Holder::Proxy(session) => HolderText::Proxy(self.sessions.name(session.0)),
            Holder::SymEncKey(key) => HolderText::SymEncKey(self.keys.name(key.0)),
            Holder::Tmr(access) => HolderText::Tmr(self.accesses.name(access.0)),
        }
    }

    pub(super) fn world_text(&self, world: &World) -> WorldText {
        let users = world.users().map(|user| {
            let devices =
                (0..Devices::MOST).filter(|&device| world.devices(Holder::User(user)).contains(device)).count();
            UserText { id: self.users.name(user.0), devices: u8::try_from(devices).unwrap_or(Devices::MOST) }
        });
        let user_names = |users: &BTreeSet<User>| users.iter().map(|user| self.users.name(user.0)).collect();
        let groups = world.groups().filter_map(|group| {
            let Members { members, admins } = world.members(group)?;
            let (members, admins) = (user_names(members), user_names(admins));
            Some(GroupText { id: self.groups.name(group.0), members, admins })
        });
        WorldText {
            users: users.collect(),
            groups: groups.collect(),
            sessions: world.sessions().filter_map(|session| self.session_text(world, session)).collect(),
            cache: world.cache_policy(),
        }
    }

    fn session_text(&self, world: &World, session: Session) -> Option<SessionText> {
        let acl = world.acl(session)?;
        let user_name = |user: User| self.users.name(user.0);
        let records = acl.records().iter().map(|record| RecordText {
            holder: self.holder_text(record.holder),
            rights: record.rights,
            by: record.by.map(user_name),
            active: record.active,
            wrapped: Some((0..Devices::MOST).filter(|&device| record.wrapped.contains(device)).collect()),
        });
        let actors = world.users().map(Actor::User).chain([Actor::Anonymous]);
        let memory = actors.filter_map(|actor| {
            let memory = world.memory(actor, session);
            let Memory { handle, holds, cached } = memory;
            let entry = MemoryText { actor: actor.user().map(user_name), handle, holds, cached };
            (memory != Memory::default()).then_some(entry)
        });
        Some(SessionText {
            id: self.sessions.name(session.0),
            creator: acl.creator().map(user_name),
            closed: acl.is_closed(),
            records: records.collect(),
            memory: memory.collect(),
        })
    }
}

/// Devices that are listed once each; none beyond the last that a holder may have.
fn device_set(devices: &[u8]) -> Option<Devices> {
    devices.iter().try_fold(Devices::NONE, |all, &device| {
        (device < Devices::MOST && !all.contains(device)).then(|| all.with(device))
    })
}

fn bad(kind: &str, id: &str, why: BadWorld) -> ScenarioError {
    ScenarioError::World { at: format!("{kind} {id}"), why }
}

/// Whether a text is well formed as a name.
pub(super) fn is_name(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(of_name)
}

fn holder_name(holder: &HolderText) -> &str {
    match holder {
        HolderText::User(name)
        | HolderText::Group(name)
        | HolderText::Proxy(name)
        | HolderText::SymEncKey(name)
        | HolderText::Tmr(name) => name,
    }
}
