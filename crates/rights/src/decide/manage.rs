//! Creating a session, adding records, changing their rights (RIGHT-20, RIGHT-31 to RIGHT-44).

use super::{Case, Decision};
use crate::decision::{Change, Guard};
use crate::fault::{Fault, broken};
use crate::world::Memory;
use crate::{Access, Actor, Devices, Handle, Holder, Rights, Session, Wanted, default};

impl Case<'_> {
    /// RIGHT-20. Every entry has to hold; one that says the same as an earlier one makes no second record (RIGHT-01).
    pub(super) fn create(&self, session: Session, records: &[Wanted]) -> Decision {
        let creator = self.actor.user();
        let mut listed = Vec::<Access>::new();
        for (place, &Wanted { holder, rights }) in records.iter().enumerate() {
            let repeated = records.iter().take(place).any(|earlier| earlier.holder == holder);
            self.require(Guard::Id, holder.is_unique() || !(repeated || self.world.was_used(holder)))?;
            listed.push(self.record(holder, rights.unwrap_or_else(|| default::at_creation(holder, creator))));
        }
        self.require(Guard::Id, self.world.acl(session).is_none())?;
        let holders = || listed.iter().map(|record| record.holder);
        let known = |holder| holder == Holder::Proxy(session) || self.world.exists(holder);
        self.require(Guard::Exist, holders().all(known))?;
        let listed_by_anonymous = |holder| matches!(holder, Holder::User(_) | Holder::Tmr(_));
        self.require(Guard::Kind, creator.is_some() || holders().all(listed_by_anonymous))?;
        let first = |of: &Access| listed.iter().copied().find(|record| record.holder == of.holder);
        self.require(Guard::Kind, listed.iter().all(|record| first(record) == Some(*record)))?;
        self.require(Guard::SelfProxy, holders().all(|holder| holder != Holder::Proxy(session)))?;
        self.require(Guard::Read, listed.iter().all(|record| may_lack_read(record.holder) || reads(record.rights)))?;
        self.require(Guard::Direct, holders().all(|holder| self.is_direct(holder)))?;

        let handle = if creator.is_some() { Handle::Created } else { Handle::Anonymous };
        let memory = Memory { handle, holds: true, cached: false };
        let mut changes = vec![Change::Session { session, creator }];
        for record in listed {
            let change = Change::Record { session, record };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        changes.push(Change::Memory { actor: self.actor, session, memory });
        self.grant(changes)
    }

    /// RIGHT-31 to RIGHT-34.
    pub(super) fn add(&self, session: Session, Wanted { holder, rights }: Wanted) -> Decision {
        let rights = rights.unwrap_or_else(|| default::when_added(holder));
        self.require(Guard::Id, holder.is_unique() || !self.world.was_used(holder))?;
        let acl = self.session(session)?;
        self.require(Guard::Exist, self.world.exists(holder))?;
        self.handle()?;
        self.open(acl)?;
        self.stand(session)?;
        self.require(Guard::SelfProxy, holder != Holder::Proxy(session))?;
        self.forward(session)?;
        self.grantable(session, rights)?;
        self.require(Guard::Read, may_lack_read(holder) || reads(rights))?;
        self.require(Guard::Direct, self.is_direct(holder))?;
        if holder.is_unique() && acl.of(holder).is_some() {
            return match broken(Fault::AddsAgain) {
                true => self.grant(vec![self.set_rights(session, holder, rights)]),
                false => self.unchanged(),
            };
        }
        self.key(session)?;
        if let Holder::Proxy(proxy) = holder {
            self.key(proxy)?;
        }
        self.grant(vec![Change::Record { session, record: self.record(holder, rights) }])
    }

    /// RIGHT-40 to RIGHT-44. The rights to forward and to revoke are asked for whatever the record has, so that nobody learns its rights
    /// from being refused. In a call that does both, only what the record lacks has to be given (RIGHT-42).
    pub(super) fn change(&self, session: Session, holder: Holder, add: Rights, remove: Rights) -> Decision {
        let acl = self.session(session)?;
        let Some(record) = acl.of(holder) else { return self.deny(Guard::Exist) };
        self.handle()?;
        self.open(acl)?;
        self.stand(session)?;
        let (gained, lost) = (add.without(record.rights), remove.intersection(record.rights));
        let changeable = match holder {
            Holder::User(_) | Holder::Group(_) => true,
            // Nobody but its bearer could wrap the key for it again.
            Holder::SymEncKey(_) => !reads(add),
            Holder::Proxy(_) | Holder::Tmr(_) => false,
        };
        self.require(Guard::Kind, changeable && add.intersection(remove).is_empty())?;
        if remove.is_empty() || !add.is_empty() {
            self.forward(session)?;
        }
        if !remove.is_empty() {
            self.revoking(session)?;
        }
        let given = if remove.is_empty() { add } else { gained };
        self.grantable(session, given)?;
        if reads(given) && holder.has_devices() {
            self.key(session)?;
        }
        if gained.is_empty() && lost.is_empty() {
            return self.unchanged();
        }
        let rights = record.rights.union(gained).without(lost);
        let wrapped = match (reads(rights), reads(gained)) {
            (true, true) => self.wrapped(holder, rights),
            (true, false) => record.wrapped,
            (false, _) if broken(Fault::KeepsWrapped) => record.wrapped,
            (false, _) => Devices::NONE,
        };
        self.grant(vec![Change::Rights { session, holder, rights, wrapped }])
    }

    fn set_rights(&self, session: Session, holder: Holder, rights: Rights) -> Change {
        Change::Rights { session, holder, rights, wrapped: self.wrapped(holder, rights) }
    }

    /// g-direct: whether the actor is a direct, reading recipient of the holder, if that is a proxy (PROXY-04).
    fn is_direct(&self, holder: Holder) -> bool {
        let Holder::Proxy(proxy) = holder else { return true };
        let Actor::User(user) = self.actor else { return false };
        let own = self.world.acl(proxy).and_then(|acl| acl.of(Holder::User(user)));
        own.is_some_and(|record| reads(record.rights))
    }
}

/// Whether a record of this kind may be without the right to read (RIGHT-03).
const fn may_lack_read(holder: Holder) -> bool {
    holder.has_devices()
}

const fn reads(rights: Rights) -> bool {
    rights.contains(Rights::READ)
}
