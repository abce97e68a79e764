//! The decision table (RIGHTS.md section 5): for each action its guards in order, then what follows.

mod group;
mod manage;
mod read;
mod revoke;

use crate::decision::{Change, Denied, Grant, Guard, Outcome};
use crate::fault::{Fault, broken};
use crate::{Access, Acl, Action, Actor, Devices, Handle, Holder, Rights, Session, World};
use sealwright_types::RuleId;

impl World {
    /// Whether `actor` may do `action` with a session object got by `handle`, and what follows. Changes nothing.
    ///
    /// The handle is the caller's to say, because one user may have several objects of one session; [`World::handle`] knows the last.
    ///
    /// # Errors
    /// [`Denied`] with the rule and the first guard that failed.
    pub fn decide(&self, actor: Actor, handle: Handle, action: &Action) -> Result<Grant, Denied> {
        let case = Case { world: self, actor, handle, rule: action.rule() };
        match *action {
            Action::Create { session, ref records } => case.create(session, records),
            Action::Retrieve { session, lookup, device } => case.retrieve(session, lookup, device),
            Action::Use { session } => case.use_key(session),
            Action::Recall { session } => case.recall(session),
            Action::Forget { session } => case.forget(session),
            Action::Add { session, wanted } => case.add(session, wanted),
            Action::Change { session, holder, add, remove } => case.change(session, holder, add, remove),
            Action::Revoke { session, ref holders } => case.revoke(session, holders),
            Action::Leave { session } => case.leave(session),
            Action::RevokeAll { session } => case.revoke_all(session),
            Action::RevokeOthers { session } => case.revoke_others(session),
            Action::List { session } => case.list(session),
            Action::ListOwn { session } => case.list_own(session),
            Action::ReadBySymEncKey { session, key, proven } => case.read_by(session, Holder::SymEncKey(key), proven),
            Action::SelfAdd { session, key, proven, rights } => case.self_add(session, key, proven, rights),
            Action::ReadAnonymously { session, key, proven, scope } => {
                case.read_anonymously(session, key, proven, scope)
            }
            Action::ReadByTmr { session, access, proven } => case.read_by(session, Holder::Tmr(access), proven),
            Action::Convert { session, access, proven, delete_on_convert } => {
                case.convert(session, access, proven, delete_on_convert)
            }
            Action::GroupAdd { group, user, admin } => case.group_add(group, user, admin),
            Action::GroupRemove { group, user } => case.group_remove(group, user),
            Action::GroupLeave { group } => case.group_leave(group),
            Action::SetManagingGroup { .. } => case.deny(Guard::Kind),
        }
    }
}

type Decision = Result<Grant, Denied>;

/// One question under one rule.
#[derive(Clone, Copy)]
struct Case<'a> {
    world: &'a World,
    actor: Actor,
    handle: Handle,
    rule: RuleId,
}

impl<'a> Case<'a> {
    fn deny(&self, guard: Guard) -> Decision {
        Err(Denied::new(self.rule, guard))
    }

    fn require(&self, guard: Guard, holds: bool) -> Result<(), Denied> {
        if holds { Ok(()) } else { Err(Denied::new(self.rule, guard)) }
    }

    fn grant(&self, changes: Vec<Change>) -> Decision {
        Ok(Grant { rule: self.rule, outcome: Outcome::Done, changes })
    }

    fn tell(&self, outcome: Outcome, changes: Vec<Change>) -> Decision {
        Ok(Grant { rule: self.rule, outcome, changes })
    }

    fn unchanged(&self) -> Decision {
        self.tell(Outcome::Unchanged, Vec::new())
    }

    /// g-exist for a session.
    fn session(&self, session: Session) -> Result<&'a Acl, Denied> {
        self.world.acl(session).ok_or(Denied::new(self.rule, Guard::Exist))
    }

    /// g-handle (RIGHT-70).
    fn handle(&self) -> Result<(), Denied> {
        self.require(Guard::Handle, self.handle.manages() || broken(Fault::BearerManages))
    }

    /// g-open.
    fn open(&self, acl: &Acl) -> Result<(), Denied> {
        self.require(Guard::Open, !acl.is_closed())
    }

    /// g-stand.
    fn stand(&self, session: Session) -> Result<(), Denied> {
        self.require(Guard::Stand, self.actor.user().is_some_and(|user| self.world.stands(user, session)))
    }

    /// g-f.
    fn forward(&self, session: Session) -> Result<(), Denied> {
        let forwards = self.effective(session).contains(Rights::FORWARD) || broken(Fault::NoForwardNeeded);
        self.require(Guard::Forward, forwards)
    }

    /// g-grant.
    fn grantable(&self, session: Session, wanted: Rights) -> Result<(), Denied> {
        let most = self.actor.user().map_or(Rights::NONE, |user| self.world.grantable(user, session));
        self.require(Guard::Grant, most.contains(wanted) || broken(Fault::GrantsExceed))
    }

    /// g-key.
    fn key(&self, session: Session) -> Result<(), Denied> {
        self.require(Guard::Key, self.world.memory(self.actor, session).holds)
    }

    fn effective(&self, session: Session) -> Rights {
        self.actor.user().map_or(Rights::NONE, |user| self.world.effective(user, session))
    }

    fn is_creator(&self, session: Session) -> bool {
        self.actor.user().is_some_and(|user| self.world.is_creator(user, session))
    }

    /// A new record by the actor, with the key wrapped where its kind and rights want that (RIGHT-03).
    fn record(&self, holder: Holder, rights: Rights) -> Access {
        Access { holder, rights, by: self.actor.user(), active: true, wrapped: self.wrapped(holder, rights) }
    }

    fn wrapped(&self, holder: Holder, rights: Rights) -> Devices {
        if rights.contains(Rights::READ) { self.world.devices(holder) } else { Devices::NONE }
    }
}
