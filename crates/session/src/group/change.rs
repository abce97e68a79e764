//! Changing a group: members who join, and new keys (GRP-05 to GRP-07, GRP-20, GRP-21, GTK-04).

use super::membership::{Membership, Role};
use super::temporary::RenewedTemporaryKey;
use super::{DeviceKeys, GroupError, GroupGeneration, GroupKeyPairs, MemberDevices, OpenedGroup};
use crate::share::{UnverifiedDevice, same};
use sealwright_envelope::SymKey;
use sealwright_types::{MessageId, UserId};
use sealwright_wrap::record::{Created, DeviceToken, GroupKeyRecord, TemporaryKeyRecord};
use subtle::ConstantTimeEq as _;

/// Somebody who is to be added to a group.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The user, and where they read.
    pub member: MemberDevices,
    /// What they may do.
    pub role: Role,
}

/// What has to be published when somebody joined.
#[derive(Debug)]
pub struct Joined {
    /// **All** message keys of the group, current and former, for the devices of whoever joined: they read everything earlier (GRP-07).
    pub tokens: Vec<DeviceToken>,
    /// The new membership: its list goes into a `members` block, signed by the current signing key of the group.
    pub membership: Membership,
}

/// The keys that a group gets at a renewal.
#[derive(Debug)]
pub struct NewKeys {
    /// The session that will carry the message key.
    pub message_id: MessageId,
    /// The new key pairs.
    pub keys: GroupKeyPairs,
    /// The message key.
    pub message_key: NextMessageKey,
    /// When. Raised to the next whole second after the latest of the group's generations if it is not later: the order of the records is theirs
    /// (GRP-04), and the clocks of administrators differ.
    pub created: Created,
}

/// The message key after a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextMessageKey {
    /// 64 random bytes. A member who was removed before does not know it.
    Random,
    /// The same as before: a must in groups that members join by themselves (GRP-21). Whoever knows it reads on.
    Same,
}

/// What has to be published when a group's keys were renewed (GRP-05).
#[derive(Debug)]
pub struct Renewal {
    /// The new sealed private keys.
    pub record: GroupKeyRecord,
    /// The new message key, for the devices of all members.
    pub tokens: Vec<DeviceToken>,
    /// What the renewal block says. The **former** signing key signs it.
    pub block: DeviceKeys,
    /// Every pending temporary key, moved on to the new keys (GTK-04).
    pub temporary_keys: Vec<RenewedTemporaryKey>,
    /// The new generation, for [`OpenedGroup::adopt`] once it is published.
    pub generation: GroupGeneration,
}

/// In a second.
const MILLISECONDS: i64 = 1000;
/// 180 days.
const MARGIN_MILLISECONDS: i64 = 180 * 24 * 3600 * 1000;

/// Whether the keys are to be renewed before members are added or removed: the caller is an administrator, and they expire within 180 days of
/// `now` or have expired (GRP-06).
pub fn is_renewal_due(expires: Created, now: Created, caller: Role) -> bool {
    let left = expires.unix_milliseconds().saturating_sub(now.unix_milliseconds());
    caller == Role::Admin && left <= MARGIN_MILLISECONDS
}

impl OpenedGroup {
    /// Adds members (GRP-07). Only administrators do.
    ///
    /// # Errors
    /// [`GroupError::Membership`]; [`GroupError::Share`] if a new member has no device.
    pub fn add_members(&self, by: UserId, membership: &Membership, new: &[NewMember]) -> Result<Joined, GroupError> {
        membership.require_admin(by)?;
        let mut joined = Joined { tokens: Vec::new(), membership: membership.clone() };
        for NewMember { member, role } in new {
            let next = self.join(&joined.membership, member, *role)?;
            joined.tokens.extend(next.tokens);
            joined.membership = next.membership;
        }
        Ok(joined)
    }

    /// Joins a group that was opened by its self-add key or by an invitation (GRP-20, GTK-02).
    ///
    /// # Errors
    /// [`GroupError::Share`] if there is no device.
    pub fn join(&self, membership: &Membership, who: &MemberDevices, role: Role) -> Result<Joined, GroupError> {
        let devices: Vec<&UnverifiedDevice> = who.devices.iter().collect();
        let mut tokens = Vec::new();
        for generation in self.generations() {
            tokens.extend(generation.wrap_for(&devices)?);
        }
        Ok(Joined { tokens, membership: membership.joined_by(who.user, role) })
    }

    /// Renews the keys of the group (GRP-05, GTK-04). Only administrators do.
    ///
    /// # Errors
    /// [`GroupError::SelfAddKeyChanged`] if a key that members join by themselves with, or that served twice, would change;
    /// [`GroupError::MessageIdReused`]; [`GroupError::NoLaterMoment`]; [`GroupError::BadSignature`] if a pending temporary key is
    /// signed by no key of the group, current or former (GTK-03); [`GroupError::Rejected`] if none of them opens it.
    pub fn renew(
        &self,
        by: UserId,
        membership: &Membership,
        devices: &[MemberDevices],
        new: NewKeys,
        pending: &[TemporaryKeyRecord],
    ) -> Result<Renewal, GroupError> {
        membership.require_admin(by)?;
        let message = new.message_id;
        if self.generations().any(|generation| generation.message_id == message) {
            return Err(GroupError::MessageIdReused { message });
        }
        let devices = MemberDevices::of_all(devices, membership.members())?;
        let message_key = match new.message_key {
            NextMessageKey::Same => same(&self.current.message_key)?,
            NextMessageKey::Random if self.is_self_add() => return Err(GroupError::SelfAddKeyChanged),
            NextMessageKey::Random => SymKey::generate()?,
        };
        let created = Some(self.later(new.created)?);
        let generation = GroupGeneration { message_id: new.message_id, message_key, keys: new.keys, created };
        let temporary_keys =
            pending.iter().map(|key| self.renew_temporary_key(key, &generation)).collect::<Result<_, _>>()?;
        Ok(Renewal {
            record: self.record(&generation)?,
            tokens: generation.wrap_for(&devices)?,
            block: self.device_keys(&generation, &self.current),
            temporary_keys,
            generation,
        })
    }

    /// Goes on with the keys of a renewal that was published.
    pub fn adopt(&mut self, generation: GroupGeneration) {
        self.former.push(std::mem::replace(&mut self.current, generation));
    }

    /// The moment of a renewal at `created`: with an earlier one the former keys would be taken for the current ones when the records are read
    /// again (GRP-05). In whole seconds, because not every reader takes fractions.
    fn later(&self, created: Created) -> Result<Created, GroupError> {
        let last = self.generations().filter_map(|generation| generation.created).max();
        let Some(last) = last.filter(|last| created <= *last) else { return Ok(created) };
        let second = last.unix_milliseconds().div_euclid(MILLISECONDS);
        let next = second.checked_add(1).and_then(|second| second.checked_mul(MILLISECONDS));
        next.map(Created::from_unix_milliseconds).ok_or(GroupError::NoLaterMoment)
    }

    /// Whether members join by themselves: the group was made or opened so, or a message key served more than one generation. Of a group that
    /// was opened otherwise nothing tells before the first renewal.
    fn is_self_add(&self) -> bool {
        let is_current = |former: &GroupGeneration| former.message_key.ct_eq(&self.current.message_key).into();
        self.self_add || self.former.iter().any(is_current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grp_06_keys_are_renewed_when_they_expire_within_180_days() {
        let at = |days: i64, milliseconds: i64| Created::from_unix_milliseconds(days * 86_400_000 + milliseconds);
        let now = at(1000, 0);
        for (expires, due) in [(at(1180, 1), false), (at(1180, 0), true), (at(1000, 0), true), (at(0, 0), true)] {
            assert_eq!(is_renewal_due(expires, now, Role::Admin), due, "{expires:?}");
            assert!(!is_renewal_due(expires, now, Role::Member));
        }
        let (first, last) = (Created::from_unix_milliseconds(i64::MIN), Created::from_unix_milliseconds(i64::MAX));
        assert!(is_renewal_due(first, last, Role::Admin) && !is_renewal_due(last, first, Role::Admin));
    }
}
