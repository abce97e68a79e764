//! Who is in a group, and who administers it (GRP-08).

use sealwright_types::{Coded, UserId};
use std::collections::BTreeSet;

/// The members of a group in the order of its `members` block, and those of them who administer it. There is at least one administrator, and
/// every administrator is a member (GRP-08).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    members: Vec<UserId>,
    admins: BTreeSet<UserId>,
}

/// What a new member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// To read.
    Member,
    /// To add and remove members too, and to renew the group's keys.
    Admin,
}

/// Why a group cannot have these members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MembershipError {
    /// Only administrators may do this (GRP-08).
    #[error("only an administrator of the group may do this (GRP-08)")]
    Unauthorized,
    /// Whoever creates a group is its member and administrates it (GRP-08).
    #[error("whoever creates a group is a member and an administrator of it (GRP-08)")]
    CreatorNotAdmin,
    /// An administrator who is no member (GRP-08).
    #[error("an administrator of a group is a member of it (GRP-08)")]
    AdminNotMember,
    /// Nobody would administer the group any more (GRP-08).
    #[error("a group has an administrator (GRP-08)")]
    NoAdmin,
    /// Somebody who should leave is not there.
    #[error("somebody who is to be removed is no member")]
    NotMember,
}

impl Coded for MembershipError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::CreatorNotAdmin | Self::AdminNotMember | Self::NoAdmin => "unsupported-change",
            Self::NotMember => "unknown-member",
        }
    }
}

impl Membership {
    /// The members of a group that `creator` makes (GRP-08).
    ///
    /// # Errors
    /// [`MembershipError::CreatorNotAdmin`], and those of [`Self::existing`].
    pub fn founded_by(creator: UserId, members: &[UserId], admins: &[UserId]) -> Result<Self, MembershipError> {
        if !members.contains(&creator) || !admins.contains(&creator) {
            return Err(MembershipError::CreatorNotAdmin);
        }
        Self::existing(members, admins)
    }

    /// The members of a group that exists.
    ///
    /// # Errors
    /// [`MembershipError::AdminNotMember`], [`MembershipError::NoAdmin`].
    pub fn existing(members: &[UserId], admins: &[UserId]) -> Result<Self, MembershipError> {
        let mut seen = BTreeSet::new();
        let members: Vec<_> = members.iter().copied().filter(|&member| seen.insert(member)).collect();
        let admins: BTreeSet<_> = admins.iter().copied().collect();
        if !admins.is_subset(&seen) {
            return Err(MembershipError::AdminNotMember);
        }
        if admins.is_empty() {
            return Err(MembershipError::NoAdmin);
        }
        Ok(Self { members, admins })
    }

    /// The members: what a `members` block lists.
    pub fn members(&self) -> &[UserId] {
        &self.members
    }

    /// The administrators.
    pub fn admins(&self) -> &BTreeSet<UserId> {
        &self.admins
    }

    /// Refuses everybody but administrators.
    ///
    /// # Errors
    /// [`MembershipError::Unauthorized`].
    pub fn require_admin(&self, user: UserId) -> Result<(), MembershipError> {
        if self.admins.contains(&user) { Ok(()) } else { Err(MembershipError::Unauthorized) }
    }

    /// The list after somebody joined: the old one, then the newcomer (GTK-02, GRP-20). Who is there already stays where and what they are.
    #[must_use]
    pub fn joined_by(&self, user: UserId, role: Role) -> Self {
        let mut joined = self.clone();
        if !joined.members.contains(&user) {
            joined.members.push(user);
            if role == Role::Admin {
                joined.admins.insert(user);
            }
        }
        joined
    }

    /// The list after `by` removed `users`, or left (GRP-07). Members leave by themselves; others are removed by administrators.
    ///
    /// # Errors
    /// [`MembershipError::Unauthorized`], [`MembershipError::NotMember`], [`MembershipError::NoAdmin`].
    pub fn without(&self, by: UserId, users: &[UserId]) -> Result<Self, MembershipError> {
        if users != [by] {
            self.require_admin(by)?;
        }
        if !users.iter().all(|user| self.members.contains(user)) {
            return Err(MembershipError::NotMember);
        }
        let stays = |user: &UserId| !users.contains(user);
        let members: Vec<_> = self.members.iter().copied().filter(stays).collect();
        let admins: Vec<_> = self.admins.iter().copied().filter(stays).collect();
        Self::existing(&members, &admins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> [UserId; 4] {
        std::array::from_fn(|_| UserId::random().unwrap())
    }

    #[test]
    fn grp_08_whoever_creates_a_group_is_member_and_administrator() {
        let [alice, bob, carol, _] = users();
        let founded = |members: &[UserId], admins: &[UserId]| Membership::founded_by(alice, members, admins);
        assert_eq!(founded(&[alice, bob, bob], &[alice]).unwrap().members(), [alice, bob]);
        assert_eq!(founded(&[bob], &[alice]), Err(MembershipError::CreatorNotAdmin));
        assert_eq!(founded(&[alice, bob], &[bob]), Err(MembershipError::CreatorNotAdmin));
        assert_eq!(founded(&[alice, bob], &[alice, carol]), Err(MembershipError::AdminNotMember));
        assert_eq!(Membership::existing(&[alice], &[]), Err(MembershipError::NoAdmin));
    }

    #[test]
    fn grp_07_members_are_removed_by_administrators_and_leave_by_themselves() {
        let [alice, bob, carol, nobody] = users();
        let group = Membership::existing(&[alice, bob, carol], &[alice]).unwrap();
        assert_eq!(group.without(alice, &[bob, carol]).unwrap().members(), [alice]);
        assert_eq!(group.without(bob, &[bob]).unwrap().members(), [alice, carol]);
        assert_eq!(group.without(bob, &[carol]), Err(MembershipError::Unauthorized));
        assert_eq!(group.without(bob, &[bob, carol]), Err(MembershipError::Unauthorized));
        assert_eq!(group.without(alice, &[nobody]), Err(MembershipError::NotMember));
        assert_eq!(group.without(alice, &[alice]), Err(MembershipError::NoAdmin));
    }

    #[test]
    fn whoever_joins_stands_last_and_once() {
        let [alice, bob, ..] = users();
        let group = Membership::existing(&[alice], &[alice]).unwrap();
        let joined = group.joined_by(bob, Role::Admin);
        assert_eq!((joined.members(), joined.admins().len()), ([alice, bob].as_slice(), 2));
        assert_eq!(joined.joined_by(bob, Role::Member), joined);
        assert_eq!(group.joined_by(bob, Role::Member).admins().len(), 1);
    }
}
