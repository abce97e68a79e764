//! Ways to the key: retrieval, SymEncKeys, TMR accesses, memory and cache (RIGHT-21, RIGHT-22, RIGHT-71 to RIGHT-75).

use super::{Case, Decision};
use crate::decision::{Change, Denied, Guard, Outcome};
use crate::fault::{Fault, broken};
use crate::world::{CachePolicy, Memory};
use crate::{Access, Handle, Holder, Lookup, Rights, Session, SymEncKey, TmrAccess, User, default};

/// The scopes of a token with which a session is read without an account (RIGHT-73).
const ANONYMOUS_SCOPES: [i32; 2] = [5, -1];

impl Case<'_> {
    /// RIGHT-21.
    pub(super) fn retrieve(&self, session: Session, lookup: Lookup, device: u8) -> Decision {
        self.session(session)?;
        let reads = self.actor.user().is_some_and(|user| self.world.reads(user, session, lookup));
        self.require(Guard::Path, reads)?;
        let covers = |user| {
            self.world.reading_paths(user, session, lookup).any(|path| path.covers(device))
                || (broken(Fault::CreatorReads) && self.world.is_creator(user, session))
        };
        self.require(Guard::Device, self.actor.user().is_some_and(covers))?;
        let cached = self.world.cache_policy() != CachePolicy::Off;
        self.remember(session, Memory { handle: Handle::Plain, holds: true, cached })
    }

    /// RIGHT-22.
    pub(super) fn use_key(&self, session: Session) -> Decision {
        self.key(session)?;
        self.grant(Vec::new())
    }

    /// RIGHT-22, with the key from the cache.
    pub(super) fn recall(&self, session: Session) -> Decision {
        let memory = self.world.memory(self.actor, session);
        self.require(Guard::Key, memory.cached)?;
        self.remember(session, Memory { handle: Handle::Plain, holds: true, ..memory })
    }

    pub(super) fn forget(&self, session: Session) -> Decision {
        let Memory { cached, .. } = self.world.memory(self.actor, session);
        self.remember(session, Memory { cached, ..Memory::default() })
    }

    /// RIGHT-71 and RIGHT-74: by a SymEncKey, by a TMR access. Without an account RIGHT-73 is the only way.
    pub(super) fn read_by(&self, session: Session, holder: Holder, proven: bool) -> Decision {
        self.reading(session, holder, proven)?;
        self.account()?;
        self.take_key(session, Handle::Bearer)
    }

    /// RIGHT-73.
    pub(super) fn read_anonymously(&self, session: Session, key: SymEncKey, proven: bool, scope: i32) -> Decision {
        self.require(Guard::Scope, ANONYMOUS_SCOPES.contains(&scope))?;
        self.reading(session, Holder::SymEncKey(key), proven)?;
        self.take_key(session, Handle::Anonymous)
    }

    /// RIGHT-72. The handle stays what it was: a plain retrieval is what makes the session manageable.
    pub(super) fn self_add(&self, session: Session, key: SymEncKey, proven: bool, rights: Option<Rights>) -> Decision {
        let rights = rights.unwrap_or(default::SELF_ADD);
        let acl = self.session(session)?;
        let record = self.proven(session, Holder::SymEncKey(key), proven)?;
        self.open(acl)?;
        let user = self.account()?;
        self.require(Guard::Forward, record.rights.contains(Rights::READ_FORWARD))?;
        self.require(Guard::Grant, record.rights.contains(rights) || broken(Fault::SelfAddExceeds))?;
        self.require(Guard::Read, rights.contains(Rights::READ))?;
        self.become_recipient(session, user, rights)
    }

    /// RIGHT-75. The rights are the access's (DEF-07): a conversion is not a grant.
    pub(super) fn convert(&self, session: Session, access: TmrAccess, proven: bool, delete: bool) -> Decision {
        self.session(session)?;
        let record = self.reading(session, Holder::Tmr(access), proven)?;
        let user = self.account()?;
        let mut grant = self.become_recipient(session, user, record.rights)?;
        if delete {
            // Then something is done for a recipient too.
            grant.outcome = Outcome::Done;
            grant.changes.push(Change::Revoked { session, holder: record.holder });
        }
        Ok(grant)
    }

    /// A record of the actor's own and the key in memory; nothing if there is such a record.
    fn become_recipient(&self, session: Session, user: User, rights: Rights) -> Decision {
        let holder = Holder::User(user);
        if self.world.acl(session).is_some_and(|acl| acl.of(holder).is_some()) {
            return self.unchanged();
        }
        let memory = Memory { holds: true, ..self.world.memory(self.actor, session) };
        self.grant(vec![
            Change::Record { session, record: self.record(holder, rights) },
            Change::Memory { actor: self.actor, session, memory },
        ])
    }

    /// g-stand for whoever comes by a secret: an account is all that it takes.
    fn account(&self) -> Result<User, Denied> {
        self.actor.user().ok_or(Denied::new(self.rule, Guard::Stand))
    }

    /// The active record behind a proof, which has to read.
    fn reading(&self, session: Session, holder: Holder, proven: bool) -> Result<Access, Denied> {
        let record = self.proven(session, holder, proven)?;
        self.require(Guard::Path, record.rights.contains(Rights::READ))?;
        Ok(record)
    }

    /// The active record behind a proof. A wrong proof, a revoked record and none at all are one answer.
    fn proven(&self, session: Session, holder: Holder, proven: bool) -> Result<Access, Denied> {
        let records = self.world.acl(session).map_or(&[][..], |acl| acl.records());
        let record = records
            .iter()
            .find(|record| record.holder == holder && (record.active || broken(Fault::RevokedOpens)))
            .filter(|_| proven);
        record.copied().ok_or(Denied::new(self.rule, Guard::Path))
    }

    fn take_key(&self, session: Session, handle: Handle) -> Decision {
        let memory = self.world.memory(self.actor, session);
        self.remember(session, Memory { handle, holds: true, ..memory })
    }

    fn remember(&self, session: Session, memory: Memory) -> Decision {
        self.grant(vec![Change::Memory { actor: self.actor, session, memory }])
    }
}
