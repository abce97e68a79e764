//! Revoking, leaving and listing (RIGHT-50 to RIGHT-61).

use super::{Case, Decision};
use crate::decision::{Change, Denied, Guard, Outcome};
use crate::fault::{Fault, broken};
use crate::{Access, Acl, Holder, Rights, Session};

impl Case<'_> {
    /// g-v: the right to revoke on some path, or being the creator, who has it in any case.
    pub(super) fn revoking(&self, session: Session) -> Result<(), Denied> {
        self.require(Guard::Revoke, self.revokes(session))
    }

    /// RIGHT-50. All targets are judged on the state before.
    pub(super) fn revoke(&self, session: Session, holders: &[Holder]) -> Decision {
        let acl = self.session(session)?;
        self.handle()?;
        self.stand(session)?;
        let revokes = self.revokes(session);
        let added_by_actor = |record: &Access| record.by.is_some() && record.by == self.actor.user();
        let allowed = |record: &Access| revokes || added_by_actor(record);
        self.require(Guard::Revoke, holders.iter().filter_map(|&holder| acl.of(holder)).all(allowed))?;
        let targets = holders.iter().map(|&holder| acl.of(holder).is_some()).collect();
        let revoked = holders.iter().filter(|&&holder| acl.of(holder).is_some());
        // A target that is named twice is revoked once: then there is no active record any more, or it is another's.
        let mut changes = Vec::new();
        for &holder in revoked {
            let change = Change::Revoked { session, holder };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        self.tell(Outcome::Targets(targets), changes)
    }

    /// RIGHT-51.
    pub(super) fn leave(&self, session: Session) -> Decision {
        let acl = self.session(session)?;
        self.handle()?;
        let own = self.own(acl);
        let changes = own.map(|record| Change::Revoked { session, holder: record.holder });
        self.tell(Outcome::Targets(vec![own.is_some()]), changes.into_iter().collect())
    }

    /// RIGHT-52.
    pub(super) fn revoke_all(&self, session: Session) -> Decision {
        let acl = self.session(session)?;
        self.handle()?;
        self.stand(session)?;
        self.revoking(session)?;
        let mut changes = revoked(session, acl, |_| true);
        if !broken(Fault::StaysOpen) {
            changes.push(Change::Closed { session });
        }
        self.grant(changes)
    }

    /// RIGHT-53.
    pub(super) fn revoke_others(&self, session: Session) -> Decision {
        let acl = self.session(session)?;
        self.handle()?;
        self.stand(session)?;
        self.revoking(session)?;
        let own = self.actor.user().map(Holder::User);
        self.grant(revoked(session, acl, |holder| {
            Some(holder) != own && !(broken(Fault::OthersKeepSymEncKeys) && matches!(holder, Holder::SymEncKey(_)))
        }))
    }

    /// RIGHT-60.
    pub(super) fn list(&self, session: Session) -> Decision {
        let acl = self.session(session)?;
        self.handle()?;
        self.stand(session)?;
        self.forward(session)?;
        let own = self.actor.user().map(Holder::User);
        let others = acl.active().map(|record| record.holder).filter(|&holder| Some(holder) != own);
        self.tell(Outcome::Listed(others.collect()), Vec::new())
    }

    /// RIGHT-61.
    pub(super) fn list_own(&self, session: Session) -> Decision {
        let own = self.own(self.session(session)?).map(|record| record.holder);
        self.tell(Outcome::Listed(own.into_iter().collect()), Vec::new())
    }

    fn revokes(&self, session: Session) -> bool {
        self.is_creator(session) || self.effective(session).contains(Rights::REVOKE) || broken(Fault::NoRevokeNeeded)
    }

    fn own<'b>(&self, acl: &'b Acl) -> Option<&'b Access> {
        self.actor.user().and_then(|user| acl.of(Holder::User(user)))
    }
}

/// The revocation of every active record that `chosen` names.
fn revoked(session: Session, acl: &Acl, chosen: impl Fn(Holder) -> bool) -> Vec<Change> {
    let holders = acl.active().map(|record| record.holder).filter(|&holder| chosen(holder));
    holders.map(|holder| Change::Revoked { session, holder }).collect()
}
