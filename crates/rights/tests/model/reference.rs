//! The rules once more: slow, obvious, sentence by sentence from RIGHTS.md sections 2 to 5, over plain lists of facts. Nothing here comes
//! from the product but the names of things.

use sealwright_rights::{
    Access, Action, Actor, CachePolicy, Devices, Group, Handle, Holder, Lookup, Memory, Outcome, Rights, Session, User,
    Wanted, World,
};

const R: Rights = Rights::READ;
const F: Rights = Rights::FORWARD;
const V: Rights = Rights::REVOKE;

/// `users` with their devices, `members` and `admins` as pairs, and so on: a list for each relation of section 1.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub users: Vec<(User, Devices)>,
    pub groups: Vec<Group>,
    pub members: Vec<(Group, User)>,
    pub admins: Vec<(Group, User)>,
    pub sessions: Vec<(Session, Option<User>)>,
    pub closed: Vec<Session>,
    pub records: Vec<(Session, Access)>,
    pub memory: Vec<(Actor, Session, Memory)>,
    pub cache: CachePolicy,
}

/// Rule and guard.
pub type Refusal = (&'static str, &'static str);

type Answer = Result<Outcome, Refusal>;

impl Clone for Facts {
    fn clone(&self) -> Self {
        let mut facts = Self::default();
        facts.clone_from(self);
        facts
    }

    /// As cloning, in the room that there is.
    fn clone_from(&mut self, other: &Self) {
        self.users.clone_from(&other.users);
        self.groups.clone_from(&other.groups);
        self.members.clone_from(&other.members);
        self.admins.clone_from(&other.admins);
        self.sessions.clone_from(&other.sessions);
        self.closed.clone_from(&other.closed);
        self.records.clone_from(&other.records);
        self.memory.clone_from(&other.memory);
        self.cache = other.cache;
    }
}

impl Facts {
    /// The facts of a world. Sorted, so that equal worlds are equal facts.
    pub fn of(world: &World) -> Self {
        let mut facts = Self::default();
        facts.take(world);
        facts
    }

    /// Becomes the facts of a world.
    pub fn take(&mut self, world: &World) {
        let Self { users, groups, members, admins, sessions, closed, records, memory, cache } = self;
        for list in [&mut *members, admins] {
            list.clear();
        }
        users.clear();
        users.extend(world.users().map(|user| (user, world.devices(Holder::User(user)))));
        groups.clear();
        groups.extend(world.groups());
        for group in world.groups() {
            let of_group = world.members(group).unwrap();
            members.extend(of_group.members.iter().map(|&user| (group, user)));
            admins.extend(of_group.admins.iter().map(|&user| (group, user)));
        }
        sessions.clear();
        closed.clear();
        records.clear();
        memory.clear();
        for session in world.sessions() {
            let acl = world.acl(session).unwrap();
            sessions.push((session, acl.creator()));
            if acl.is_closed() {
                closed.push(session);
            }
            records.extend(acl.records().iter().map(|&record| (session, record)));
            let actors = world.users().map(Actor::User).chain([Actor::Anonymous]);
            memory.extend(actors.map(|actor| (actor, session, world.memory(actor, session))));
        }
        *cache = world.cache_policy();
        self.sort();
    }

    fn sort(&mut self) {
        self.members.sort();
        self.admins.sort();
        self.sessions.sort();
        self.closed.sort();
        // Records keep their order within a session: it is the order in which they were made.
        self.records.sort_by_key(|(session, _)| *session);
        self.memory.retain(|(.., memory)| *memory != Memory::default());
        self.memory.sort();
    }

    // Section 1.

    pub fn session_exists(&self, s: Session) -> bool {
        self.sessions.iter().any(|(session, _)| *session == s)
    }

    pub fn creator(&self, s: Session) -> Option<User> {
        self.sessions.iter().find(|(session, _)| *session == s).and_then(|(_, creator)| *creator)
    }

    pub fn is_closed(&self, s: Session) -> bool {
        self.closed.contains(&s)
    }

    pub fn is_member(&self, u: User, g: Group) -> bool {
        self.members.contains(&(g, u))
    }

    pub fn active(&self, s: Session) -> impl Iterator<Item = Access> {
        self.records.iter().filter(move |(session, record)| *session == s && record.active).map(|(_, record)| *record)
    }

    pub fn record(&self, s: Session, holder: Holder) -> Option<Access> {
        self.records
            .iter()
            .find(|(session, record)| *session == s && record.active && record.holder == holder)
            .map(|(_, record)| *record)
    }

    pub fn memory_of(&self, actor: Actor, s: Session) -> Memory {
        let found = self.memory.iter().find(|(a, session, _)| *a == actor && *session == s);
        found.map(|(.., memory)| *memory).unwrap_or_default()
    }

    fn holds(&self, actor: Actor, s: Session) -> bool {
        self.memory_of(actor, s).holds
    }

    fn set_memory(&mut self, actor: Actor, s: Session, memory: Memory) {
        self.memory.retain(|(a, session, _)| !(*a == actor && *session == s));
        self.memory.push((actor, s, memory));
    }

    fn named_exists(&self, holder: Holder) -> bool {
        match holder {
            Holder::User(user) => self.users.iter().any(|(known, _)| *known == user),
            Holder::Group(group) => self.groups.contains(&group),
            Holder::Proxy(session) => self.session_exists(session),
            Holder::SymEncKey(_) | Holder::Tmr(_) => true,
        }
    }

    fn id_is_used(&self, holder: Holder) -> bool {
        self.records.iter().any(|(_, record)| record.holder == holder)
    }

    /// All devices of a user; the one device of a group; nothing is wrapped for others.
    fn devices(&self, holder: Holder) -> Devices {
        match holder {
            Holder::User(user) => {
                self.users.iter().find(|(known, _)| *known == user).map_or(Devices(0), |(_, all)| *all)
            }
            Holder::Group(_) => Devices(1),
            _ => Devices(0),
        }
    }

    fn new_record(&self, actor: Actor, holder: Holder, rights: Rights) -> Access {
        let wrapped = if rights.contains(R) { self.devices(holder) } else { Devices(0) };
        Access { holder, rights, by: actor.user(), active: true, wrapped }
    }

    // Section 3. A path is what it carries, and whether a device of the user can open it.

    pub fn direct_path(&self, u: User, s: Session) -> Option<Access> {
        self.record(s, Holder::User(u))
    }

    pub fn group_paths(&self, u: User, s: Session) -> impl Iterator<Item = Access> {
        self.active(s).filter(move |record| matches!(record.holder, Holder::Group(g) if self.is_member(u, g)))
    }

    /// The record of the user on the proxy, and the record of the proxy on the session.
    pub fn proxy_paths(&self, u: User, s: Session) -> impl Iterator<Item = (Access, Access)> {
        self.active(s).filter_map(move |record| {
            let Holder::Proxy(p) = record.holder else { return None };
            let own = self.record(p, Holder::User(u)).filter(|own| own.rights.contains(R))?;
            Some((own, record))
        })
    }

    /// The records on the session itself whose rights a user has there.
    pub fn carriers(&self, u: User, s: Session) -> impl Iterator<Item = Access> {
        let by_proxy = self.proxy_paths(u, s).map(|(_, proxy)| proxy);
        self.direct_path(u, s).into_iter().chain(self.group_paths(u, s)).chain(by_proxy)
    }

    pub fn eff(&self, u: User, s: Session) -> Rights {
        let mut rights = Rights::NONE;
        for carrier in self.carriers(u, s) {
            rights = rights.union(carrier.rights);
        }
        if self.creator(s) == Some(u) {
            rights = rights.union(F).union(V);
        }
        rights
    }

    pub fn read(&self, u: User, s: Session, lookup: Lookup) -> bool {
        self.direct_path(u, s).is_some_and(|record| record.rights.contains(R))
            || (lookup.group && self.group_paths(u, s).any(|record| record.rights.contains(R)))
            || (lookup.proxy && self.proxy_paths(u, s).any(|(_, proxy)| proxy.rights.contains(R)))
    }

    fn device_covered(&self, u: User, s: Session, lookup: Lookup, device: u8) -> bool {
        let direct = |record: &Access| record.rights.contains(R) && record.wrapped.contains(device);
        self.direct_path(u, s).iter().any(direct)
            || (lookup.group
                && self.group_paths(u, s).any(|record| record.rights.contains(R) && record.wrapped != Devices(0)))
            || (lookup.proxy
                && self.proxy_paths(u, s).any(|(own, proxy)| proxy.rights.contains(R) && own.wrapped.contains(device)))
    }

    pub fn grantable(&self, u: User, s: Session) -> Rights {
        if self.creator(s) == Some(u) { Rights::ALL } else { self.eff(u, s) }
    }

    pub fn standing(&self, u: User, s: Session) -> bool {
        self.creator(s) == Some(u) || self.carriers(u, s).next().is_some()
    }

    // Sections 4 and 5.

    /// What the actor gets to know and the facts afterwards, or which rule and guard refuse.
    pub fn step(&self, actor: Actor, handle: Handle, action: &Action) -> Result<(Outcome, Self), Refusal> {
        let mut after = self.clone();
        let outcome = after.answer(actor, handle, action)?;
        Ok((outcome, after))
    }

    /// As [`Self::step`], but becomes the facts afterwards. Stays as it is when refused.
    pub fn answer(&mut self, actor: Actor, handle: Handle, action: &Action) -> Answer {
        let outcome = self.row(actor, handle, action)?;
        // A user who looks at the own record, or takes access away, sees whether a path is left.
        let takes = matches!(
            action,
            Action::Leave { .. } | Action::Revoke { .. } | Action::RevokeAll { .. } | Action::RevokeOthers { .. }
        );
        let sees = takes || matches!(action, Action::ListOwn { .. } | Action::Change { .. });
        if let (Actor::User(u), Some(s), true) = (actor, action.session(), sees && self.cache == CachePolicy::Evict)
            && !self.read(u, s, Lookup::ALL)
        {
            let memory = self.memory_of(actor, s);
            self.set_memory(actor, s, Memory { cached: false, ..memory });
        }
        self.sort();
        Ok(outcome)
    }

    fn row(&mut self, actor: Actor, handle: Handle, action: &Action) -> Answer {
        // Somebody without an account is nobody's record, member or creator.
        let u = actor.user();
        let eff = |facts: &Self, s| u.map_or(Rights::NONE, |u| facts.eff(u, s));
        let grantable = |facts: &Self, s| u.map_or(Rights::NONE, |u| facts.grantable(u, s));
        let standing = |facts: &Self, s| u.is_some_and(|u| facts.standing(u, s));
        let is_creator = |facts: &Self, s| u.is_some() && facts.creator(s) == u;
        let own = |facts: &Self, s| u.and_then(|u| facts.record(s, Holder::User(u)));
        let is_direct = |facts: &Self, p| own(facts, p).is_some_and(|record| record.rights.contains(R));
        let manages = handle != Handle::Bearer && handle != Handle::Anonymous;

        match *action {
            Action::Create { session: s, records: ref wanted } => {
                let rule = "RIGHT-20";
                guard(rule, "g-id", !self.session_exists(s))?;
                let is_new = |holder| matches!(holder, Holder::SymEncKey(_) | Holder::Tmr(_));
                for (i, w) in wanted.iter().enumerate() {
                    let listed = wanted[..i].iter().any(|earlier| earlier.holder == w.holder);
                    guard(rule, "g-id", !(is_new(w.holder) && (listed || self.id_is_used(w.holder))))?;
                }
                let mut records: Vec<Access> = Vec::new();
                for w in wanted {
                    let to_creator = u.is_some_and(|u| w.holder == Holder::User(u));
                    let default = if to_creator { Rights::ALL } else { R.union(F) };
                    records.push(self.new_record(actor, w.holder, w.rights.unwrap_or(default)));
                }
                for record in &records {
                    guard(rule, "g-exist", record.holder == Holder::Proxy(s) || self.named_exists(record.holder))?;
                }
                for record in &records {
                    let fits = u.is_some() || matches!(record.holder, Holder::User(_) | Holder::Tmr(_));
                    guard(rule, "g-kind", fits)?;
                }
                for record in &records {
                    for other in &records {
                        guard(rule, "g-kind", record.holder != other.holder || record.rights == other.rights)?;
                    }
                }
                for record in &records {
                    guard(rule, "g-self", record.holder != Holder::Proxy(s))?;
                }
                for record in &records {
                    let needs_r = !matches!(record.holder, Holder::User(_) | Holder::Group(_));
                    guard(rule, "g-r", !needs_r || record.rights.contains(R))?;
                }
                for record in &records {
                    if let Holder::Proxy(p) = record.holder {
                        guard(rule, "g-direct", is_direct(self, p))?;
                    }
                }
                self.sessions.push((s, u));
                for record in records {
                    if self.record(s, record.holder).is_none() {
                        self.records.push((s, record));
                    }
                }
                let handle = if u.is_some() { Handle::Created } else { Handle::Anonymous };
                self.set_memory(actor, s, Memory { handle, holds: true, cached: false });
                Ok(Outcome::Done)
            }

            Action::Retrieve { session: s, lookup, device } => {
                let rule = "RIGHT-21";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-path", u.is_some_and(|u| self.read(u, s, lookup)))?;
                guard(rule, "g-device", u.is_some_and(|u| self.device_covered(u, s, lookup, device)))?;
                let cached = self.cache != CachePolicy::Off;
                self.set_memory(actor, s, Memory { handle: Handle::Plain, holds: true, cached });
                Ok(Outcome::Done)
            }

            Action::Use { session: s } => {
                guard("RIGHT-22", "g-key", self.holds(actor, s))?;
                Ok(Outcome::Done)
            }

            Action::Recall { session: s } => {
                guard("RIGHT-22", "g-key", self.memory_of(actor, s).cached)?;
                self.set_memory(actor, s, Memory { handle: Handle::Plain, holds: true, cached: true });
                Ok(Outcome::Done)
            }

            Action::Forget { session: s } => {
                let cached = self.memory_of(actor, s).cached;
                self.set_memory(actor, s, Memory { handle: Handle::None, holds: false, cached });
                Ok(Outcome::Done)
            }

            Action::Add { session: s, wanted: Wanted { holder, rights } } => {
                let wanted = rights.unwrap_or(R.union(F));
                let rule = match holder {
                    Holder::User(_) | Holder::Group(_) => "RIGHT-31",
                    Holder::Proxy(_) => "RIGHT-32",
                    Holder::SymEncKey(_) => "RIGHT-33",
                    Holder::Tmr(_) => "RIGHT-34",
                };
                let is_new = matches!(holder, Holder::SymEncKey(_) | Holder::Tmr(_));
                guard(rule, "g-id", !(is_new && self.id_is_used(holder)))?;
                guard(rule, "g-exist", self.session_exists(s) && self.named_exists(holder))?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-open", !self.is_closed(s))?;
                guard(rule, "g-stand", standing(self, s))?;
                if rule == "RIGHT-32" {
                    guard(rule, "g-self", holder != Holder::Proxy(s))?;
                }
                guard(rule, "g-f", eff(self, s).contains(F))?;
                guard(rule, "g-grant", grantable(self, s).contains(wanted))?;
                if rule != "RIGHT-31" {
                    guard(rule, "g-r", wanted.contains(R))?;
                }
                if let Holder::Proxy(p) = holder {
                    guard(rule, "g-direct", is_direct(self, p))?;
                }
                if !is_new && self.record(s, holder).is_some() {
                    return Ok(Outcome::Unchanged);
                }
                guard(rule, "g-key", self.holds(actor, s))?;
                if let Holder::Proxy(p) = holder {
                    guard(rule, "g-key", self.holds(actor, p))?;
                }
                self.records.push((s, self.new_record(actor, holder, wanted)));
                Ok(Outcome::Done)
            }

            Action::Change { session: s, holder, add, remove } => {
                let rule = match holder {
                    Holder::Proxy(_) => "RIGHT-43",
                    Holder::Tmr(_) => "RIGHT-44",
                    _ if remove == Rights::NONE => "RIGHT-40",
                    _ if add == Rights::NONE => "RIGHT-41",
                    _ => "RIGHT-42",
                };
                guard(rule, "g-exist", self.session_exists(s) && self.record(s, holder).is_some())?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-open", !self.is_closed(s))?;
                guard(rule, "g-stand", standing(self, s))?;
                let has = self.record(s, holder).unwrap().rights;
                let a = add.without(has);
                let b = remove.intersection(has);
                guard(rule, "g-kind", rule != "RIGHT-43" && rule != "RIGHT-44")?;
                guard(rule, "g-kind", add.intersection(remove) == Rights::NONE)?;
                guard(rule, "g-kind", !(matches!(holder, Holder::SymEncKey(_)) && add.contains(R)))?;
                guard(rule, "g-f", rule == "RIGHT-41" || eff(self, s).contains(F))?;
                guard(rule, "g-v", rule == "RIGHT-40" || eff(self, s).contains(V))?;
                // Only real differences count in RIGHT-42.
                let to_give = if rule == "RIGHT-42" { a } else { add };
                guard(rule, "g-grant", grantable(self, s).contains(to_give))?;
                guard(rule, "g-key", !to_give.contains(R) || self.holds(actor, s))?;
                if a == Rights::NONE && b == Rights::NONE {
                    return Ok(Outcome::Unchanged);
                }
                let all = self.devices(holder);
                let (_, record) = self
                    .records
                    .iter_mut()
                    .find(|(session, record)| *session == s && record.active && record.holder == holder)
                    .unwrap();
                record.rights = has.union(a).without(b);
                if a.contains(R) {
                    record.wrapped = all;
                }
                if !record.rights.contains(R) {
                    record.wrapped = Devices(0);
                }
                Ok(Outcome::Done)
            }

            Action::Revoke { session: s, ref holders } => {
                let rule = "RIGHT-50";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-stand", standing(self, s))?;
                let mut targets = Vec::new();
                for &holder in holders {
                    let record = self.record(s, holder);
                    if let Some(record) = record {
                        let mine = record.by.is_some() && record.by == u;
                        guard(rule, "g-v", is_creator(self, s) || eff(self, s).contains(V) || mine)?;
                    }
                    targets.push(record.is_some());
                }
                for (session, record) in &mut self.records {
                    if *session == s && holders.contains(&record.holder) {
                        record.active = false;
                    }
                }
                Ok(Outcome::Targets(targets))
            }

            Action::Leave { session: s } => {
                let rule = "RIGHT-51";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-handle", manages)?;
                let was = own(self, s).is_some();
                for (session, record) in &mut self.records {
                    if *session == s && u.is_some_and(|u| record.holder == Holder::User(u)) {
                        record.active = false;
                    }
                }
                Ok(Outcome::Targets(vec![was]))
            }

            Action::RevokeAll { session: s } => {
                let rule = "RIGHT-52";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-stand", standing(self, s))?;
                guard(rule, "g-v", is_creator(self, s) || eff(self, s).contains(V))?;
                for (session, record) in &mut self.records {
                    if *session == s {
                        record.active = false;
                    }
                }
                if !self.closed.contains(&s) {
                    self.closed.push(s);
                }
                Ok(Outcome::Done)
            }

            Action::RevokeOthers { session: s } => {
                let rule = "RIGHT-53";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-stand", standing(self, s))?;
                guard(rule, "g-v", is_creator(self, s) || eff(self, s).contains(V))?;
                for (session, record) in &mut self.records {
                    if *session == s && u.is_none_or(|u| record.holder != Holder::User(u)) {
                        record.active = false;
                    }
                }
                Ok(Outcome::Done)
            }

            Action::List { session: s } => {
                let rule = "RIGHT-60";
                guard(rule, "g-exist", self.session_exists(s))?;
                guard(rule, "g-handle", manages)?;
                guard(rule, "g-stand", standing(self, s))?;
                guard(rule, "g-f", eff(self, s).contains(F))?;
                let holders = self.active(s).map(|record| record.holder);
                Ok(Outcome::Listed(holders.filter(|holder| u.is_none_or(|u| *holder != Holder::User(u))).collect()))
            }

            Action::ListOwn { session: s } => {
                guard("RIGHT-61", "g-exist", self.session_exists(s))?;
                Ok(Outcome::Listed(own(self, s).into_iter().map(|record| record.holder).collect()))
            }

            Action::ReadBySymEncKey { session: s, key, proven } => {
                self.read_by("RIGHT-71", actor, s, Holder::SymEncKey(key), proven, Handle::Bearer)
            }

            Action::ReadAnonymously { session: s, key, proven, scope } => {
                guard("RIGHT-73", "g-scope", scope == 5 || scope == -1)?;
                self.read_by("RIGHT-73", actor, s, Holder::SymEncKey(key), proven, Handle::Anonymous)
            }

            Action::ReadByTmr { session: s, access, proven } => {
                self.read_by("RIGHT-74", actor, s, Holder::Tmr(access), proven, Handle::Bearer)
            }

            Action::SelfAdd { session: s, key, proven, rights } => {
                let rule = "RIGHT-72";
                let wanted = rights.unwrap_or(R.union(F));
                guard(rule, "g-exist", self.session_exists(s))?;
                let record = self.record(s, Holder::SymEncKey(key));
                guard(rule, "g-path", record.is_some() && proven)?;
                guard(rule, "g-open", !self.is_closed(s))?;
                guard(rule, "g-stand", u.is_some())?;
                let of_key = record.unwrap().rights;
                guard(rule, "g-f", of_key.contains(F) && of_key.contains(R))?;
                guard(rule, "g-grant", of_key.contains(wanted))?;
                guard(rule, "g-r", wanted.contains(R))?;
                Ok(self.become_recipient(actor, s, wanted))
            }

            Action::Convert { session: s, access, proven, delete_on_convert } => {
                let rule = "RIGHT-75";
                guard(rule, "g-exist", self.session_exists(s))?;
                let record = self.record(s, Holder::Tmr(access));
                guard(rule, "g-path", record.is_some_and(|record| record.rights.contains(R)) && proven)?;
                guard(rule, "g-stand", u.is_some())?;
                let outcome = self.become_recipient(actor, s, record.unwrap().rights);
                if !delete_on_convert {
                    return Ok(outcome);
                }
                for (session, record) in &mut self.records {
                    if *session == s && record.holder == Holder::Tmr(access) {
                        record.active = false;
                    }
                }
                Ok(Outcome::Done)
            }

            Action::GroupAdd { group, user, admin } => {
                let rule = "RIGHT-80";
                guard(rule, "g-exist", self.groups.contains(&group) && self.named_exists(Holder::User(user)))?;
                guard(rule, "g-admin", u.is_some_and(|u| self.admins.contains(&(group, u))))?;
                let mut outcome = Outcome::Unchanged;
                if !self.is_member(user, group) {
                    self.members.push((group, user));
                    outcome = Outcome::Done;
                }
                if admin && !self.admins.contains(&(group, user)) {
                    self.admins.push((group, user));
                    outcome = Outcome::Done;
                }
                Ok(outcome)
            }

            Action::GroupRemove { group, user } => {
                let rule = "RIGHT-80";
                guard(rule, "g-exist", self.groups.contains(&group) && self.named_exists(Holder::User(user)))?;
                guard(rule, "g-admin", u.is_some_and(|u| self.admins.contains(&(group, u))))?;
                guard(rule, "g-kind", self.keeps_an_admin(group, user))?;
                if !self.is_member(user, group) {
                    return Ok(Outcome::Unchanged);
                }
                self.remove_member(group, user);
                Ok(Outcome::Done)
            }

            Action::GroupLeave { group } => {
                let rule = "RIGHT-80";
                guard(rule, "g-exist", self.groups.contains(&group))?;
                guard(rule, "g-admin", u.is_some_and(|u| self.is_member(u, group)))?;
                guard(rule, "g-kind", self.keeps_an_admin(group, u.unwrap()))?;
                self.remove_member(group, u.unwrap());
                Ok(Outcome::Done)
            }

            Action::SetManagingGroup { .. } => Err(("RIGHT-81", "g-kind")),
        }
    }

    fn read_by(
        &mut self,
        rule: &'static str,
        actor: Actor,
        s: Session,
        holder: Holder,
        proven: bool,
        handle: Handle,
    ) -> Answer {
        let record = self.record(s, holder);
        guard(rule, "g-path", proven && record.is_some_and(|record| record.rights.contains(R)))?;
        // Without an account only RIGHT-73 reads.
        guard(rule, "g-stand", rule == "RIGHT-73" || actor != Actor::Anonymous)?;
        let cached = self.memory_of(actor, s).cached;
        self.set_memory(actor, s, Memory { handle, holds: true, cached });
        Ok(Outcome::Done)
    }

    fn become_recipient(&mut self, actor: Actor, s: Session, rights: Rights) -> Outcome {
        let holder = Holder::User(actor.user().unwrap());
        if self.record(s, holder).is_some() {
            return Outcome::Unchanged;
        }
        self.records.push((s, self.new_record(actor, holder, rights)));
        let memory = self.memory_of(actor, s);
        self.set_memory(actor, s, Memory { holds: true, ..memory });
        Outcome::Done
    }

    fn keeps_an_admin(&self, group: Group, without: User) -> bool {
        self.admins.iter().any(|(of, admin)| *of == group && *admin != without)
    }

    fn remove_member(&mut self, group: Group, user: User) {
        self.members.retain(|pair| *pair != (group, user));
        self.admins.retain(|pair| *pair != (group, user));
    }
}

fn guard(rule: &'static str, name: &'static str, holds: bool) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err((rule, name)) }
}
