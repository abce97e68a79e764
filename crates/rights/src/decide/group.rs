//! Who comes into groups and out of them (RIGHT-80).

use super::{Case, Decision};
use crate::decision::{Change, Denied, Guard};
use crate::world::Members;
use crate::{Group, Holder, User};

impl Case<'_> {
    pub(super) fn group_add(&self, group: Group, user: User, admin: bool) -> Decision {
        let members = self.group(group)?;
        self.require(Guard::Exist, self.world.exists(Holder::User(user)))?;
        self.admin(members)?;
        // A member may become an admin so, but an admin stays one.
        if members.members.contains(&user) && (!admin || members.admins.contains(&user)) {
            return self.unchanged();
        }
        self.grant(vec![Change::Joined { group, user, admin }])
    }

    pub(super) fn group_remove(&self, group: Group, user: User) -> Decision {
        let members = self.group(group)?;
        self.require(Guard::Exist, self.world.exists(Holder::User(user)))?;
        self.admin(members)?;
        self.leaves_admin(members, user)?;
        if !members.members.contains(&user) {
            return self.unchanged();
        }
        self.grant(vec![Change::Left { group, user }])
    }

    pub(super) fn group_leave(&self, group: Group) -> Decision {
        let members = self.group(group)?;
        let own = self.actor.user().filter(|user| members.members.contains(user));
        let Some(user) = own else { return self.deny(Guard::Admin) };
        self.leaves_admin(members, user)?;
        self.grant(vec![Change::Left { group, user }])
    }

    fn group(&self, group: Group) -> Result<&Members, Denied> {
        self.world.members(group).ok_or(Denied::new(self.rule, Guard::Exist))
    }

    fn admin(&self, members: &Members) -> Result<(), Denied> {
        self.require(Guard::Admin, self.actor.user().is_some_and(|user| members.admins.contains(&user)))
    }

    /// A group is never without an admin (GRP-08).
    fn leaves_admin(&self, members: &Members, user: User) -> Result<(), Denied> {
        self.require(Guard::Kind, members.admins.iter().any(|&admin| admin != user))
    }
}
