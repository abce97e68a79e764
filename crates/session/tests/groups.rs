//! Groups that are made here open again, through every change (docs/spec/SESSIONS.md sections 10 to 12).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_kdf::value::AuthFactor;
use sealwright_session::group::{
    CreatedGroup, GroupIds, GroupKeyPairs, Invitation, MemberDevices, Membership, MessageKeyOrigin, NewKeys, NewMember,
    NextMessageKey, OpenedGroup, Renewal, Role, TemporaryKey, create_group,
};
use sealwright_session::{Keyring, Policy, Records, Resolver, Route, UnverifiedDevice, wrap_for_unverified};
use sealwright_types::{Coded as _, DeviceId, GroupId, MessageId, SessionId, TemporaryKeyId, UserId};
use sealwright_wrap::record::{Created, DeviceToken, GroupKeyRecord, TemporaryKeyRecord};
use sealwright_wrap::{KeySize, PrivateKey, PublicKey};
use std::sync::{Arc, LazyLock};

/// Key pairs are slow to make: these serve all tests.
static KEYS: LazyLock<Vec<Arc<PrivateKey>>> =
    LazyLock::new(|| (0..10).map(|_| Arc::new(PrivateKey::generate(KeySize::Rsa2048).unwrap())).collect());

/// A user with one device.
struct User {
    id: UserId,
    device: DeviceId,
    key: usize,
}

impl User {
    fn new(key: usize) -> Self {
        Self { id: UserId::random().unwrap(), device: DeviceId::random().unwrap(), key }
    }

    fn devices(&self) -> MemberDevices {
        let encryption_key = KEYS[self.key].public().clone();
        MemberDevices { user: self.id, devices: vec![UnverifiedDevice { id: self.device, encryption_key }] }
    }

    fn resolver(&self, tokens: &[DeviceToken], groups: &[GroupKeyRecord]) -> Resolver {
        let mut keyring = Keyring::default();
        keyring.add(Arc::clone(&KEYS[self.key]), Some(self.device));
        let mut records = Records::default();
        tokens.iter().for_each(|token| records.add_token(token.clone()));
        groups.iter().for_each(|record| records.add_group_key(record.clone()));
        Resolver::new(keyring, records, Policy::default())
    }
}

fn pairs(generation: usize) -> GroupKeyPairs {
    let place = 4 + 2 * generation;
    GroupKeyPairs { encryption: Arc::clone(&KEYS[place]), signing: Arc::clone(&KEYS[place + 1]) }
}

fn at(second: i64) -> Created {
    Created::from_unix_milliseconds(second * 1000)
}

fn created(members: &[&User], origin: MessageKeyOrigin) -> (CreatedGroup, Membership) {
    let ids = GroupIds {
        group: GroupId::random().unwrap(),
        device: DeviceId::random().unwrap(),
        message: MessageId::random().unwrap(),
    };
    let users: Vec<_> = members.iter().map(|user| user.id).collect();
    let membership = Membership::founded_by(users[0], &users, &users[..1]).unwrap();
    let devices: Vec<_> = members.iter().map(|user| user.devices()).collect();
    (create_group(ids, &membership, &devices, pairs(0), origin, at(1000)).unwrap(), membership)
}

fn new_keys(generation: usize, message_key: NextMessageKey) -> NewKeys {
    let (message_id, keys) = (MessageId::random().unwrap(), pairs(generation));
    NewKeys { message_id, keys, message_key, created: at(1000 + generation as i64) }
}

/// A session that was sealed for a generation of the group.
fn for_group(group: &OpenedGroup, key: &PublicKey) -> (SessionId, SymKey, DeviceToken) {
    let (id, session_key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
    let device = UnverifiedDevice { id: group.device(), encryption_key: key.clone() };
    let token = wrap_for_unverified(id, &session_key, &[device]).unwrap().remove(0);
    (id, session_key, token)
}

fn opens(
    user: &User,
    tokens: &[DeviceToken],
    groups: &[GroupKeyRecord],
    session: &(SessionId, SymKey, DeviceToken),
) -> bool {
    let tokens: Vec<_> = tokens.iter().chain([&session.2]).cloned().collect();
    match user.resolver(&tokens, groups).resolve(session.0) {
        Ok(resolved) => {
            assert_eq!(resolved.route, Route::Group);
            resolved.sym_key().unwrap().expose() == session.1.expose()
        }
        Err(closed) => {
            assert_eq!(closed.code(), "group-key-missing");
            false
        }
    }
}

#[test]
fn grp_01_a_group_opens_for_its_members_and_for_nobody_else() {
    let (alice, bob, eve) = (User::new(0), User::new(1), User::new(2));
    let (made, membership) = created(&[&alice, &bob], MessageKeyOrigin::Random);
    assert_eq!((made.tokens.len(), membership.members()), (2, [alice.id, bob.id].as_slice()));
    let block = &made.block;
    assert_eq!((block.device, block.signed_by), (made.group.device(), KEYS[5].hash()));
    assert_eq!((block.encryption.hash(), block.signing.hash()), (KEYS[4].hash(), KEYS[5].hash()));
    let session = for_group(&made.group, KEYS[4].public());
    let records = [made.record.clone()];
    for (user, expected) in [(&alice, true), (&bob, true), (&eve, false)] {
        assert_eq!(opens(user, &made.tokens, &records, &session), expected);
        let group = user.resolver(&made.tokens, &records).open_group(made.group.id());
        match group {
            Ok(group) => assert!(expected && group.current().keys.signing.hash() == KEYS[5].hash()),
            Err(error) => assert!(!expected && error.code() == "group-key-missing"),
        }
    }
    assert_eq!(alice.resolver(&[], &[]).open_group(made.group.id()).unwrap_err().code(), "no-token");
    let nobody = MemberDevices { user: bob.id, devices: Vec::new() };
    let ids =
        GroupIds { group: made.group.id(), device: made.group.device(), message: made.group.current().message_id };
    for devices in [vec![alice.devices()], vec![alice.devices(), nobody]] {
        let refused = create_group(ids, &membership, &devices, pairs(0), MessageKeyOrigin::Random, at(0)).unwrap_err();
        assert_eq!(refused.code(), "no-device");
    }
}

#[test]
fn grp_05_and_grp_07_old_and_new_sessions_open_after_renewal_and_joining() {
    let (alice, bob, carol) = (User::new(0), User::new(1), User::new(2));
    let (made, membership) = created(&[&alice, &bob], MessageKeyOrigin::Random);
    let CreatedGroup { record, mut tokens, mut group, .. } = made;
    let old = for_group(&group, KEYS[4].public());
    let all = [alice.devices(), bob.devices()];
    let denied = group.renew(bob.id, &membership, &all, new_keys(1, NextMessageKey::Random), &[]).unwrap_err();
    assert_eq!(denied.code(), "unauthorized");
    let lacking = group.renew(alice.id, &membership, &all[..1], new_keys(1, NextMessageKey::Random), &[]).unwrap_err();
    assert_eq!(lacking.code(), "no-device");
    let renewal = group.renew(alice.id, &membership, &all, new_keys(1, NextMessageKey::Random), &[]).unwrap();
    assert_eq!(renewal.block.signed_by, KEYS[5].hash(), "GRP-05: by the former signing key");
    assert_eq!(renewal.block.signing.hash(), KEYS[7].hash());
    let Renewal { record: second, tokens: more, generation, .. } = renewal;
    assert_ne!(generation.message_key.expose(), group.current().message_key.expose());
    group.adopt(generation);
    tokens.extend(more);
    let new = for_group(&group, KEYS[6].public());
    // GRP-04: the order of the records is that of `created`.
    let records = [second, record];
    assert_eq!(
        alice.resolver(&tokens, &records).open_group(group.id()).unwrap().current().keys.signing.hash(),
        KEYS[7].hash()
    );

    let newcomer = NewMember { member: carol.devices(), role: Role::Member };
    assert_eq!(
        group.add_members(bob.id, &membership, std::slice::from_ref(&newcomer)).unwrap_err().code(),
        "unauthorized"
    );
    let joined = group.add_members(alice.id, &membership, &[newcomer]).unwrap();
    assert_eq!(joined.tokens.len(), 2, "GRP-07: all message keys");
    assert_eq!(joined.membership.members(), [alice.id, bob.id, carol.id]);
    assert!(!opens(&carol, &tokens, &records, &new));
    for session in [&old, &new] {
        assert!(opens(&bob, &tokens, &records, session));
        assert!(opens(&carol, &joined.tokens, &records, session));
    }
    // Whoever has left before a renewal reads what was sealed for the keys of before, and nothing after (GRP-06).
    let without_bob = joined.membership.without(alice.id, &[bob.id]).unwrap();
    let devices = [alice.devices(), carol.devices()];
    let renewal = group.renew(alice.id, &without_bob, &devices, new_keys(2, NextMessageKey::Random), &[]).unwrap();
    let (records, after) = (
        [records.as_slice(), &[renewal.record]].concat(),
        for_group(&group, renewal.generation.keys.encryption.public()),
    );
    tokens.extend(renewal.tokens);
    assert!(opens(&bob, &tokens, &records, &old) && !opens(&bob, &tokens, &records, &after));
    assert!(opens(&alice, &tokens, &records, &after));
}

#[test]
fn grp_02_each_own_token_of_the_message_session_is_tried() {
    let alice = User::new(0);
    let (made, _) = created(&[&alice], MessageKeyOrigin::Random);
    let wrong = SymKey::generate().unwrap();
    let mut tokens = wrap_for_unverified(made.record.message_id.into(), &wrong, &alice.devices().devices).unwrap();
    tokens.extend(made.tokens);
    let resolver = alice.resolver(&tokens, std::slice::from_ref(&made.record));
    assert_eq!(resolver.open_group(made.group.id()).unwrap().current().keys.signing.hash(), KEYS[5].hash());
}

#[test]
fn grp_05_a_renewal_needs_a_new_message_session() {
    let alice = User::new(0);
    let (made, membership) = created(&[&alice], MessageKeyOrigin::Random);
    let new = NewKeys { message_id: made.record.message_id, ..new_keys(1, NextMessageKey::Random) };
    let renewed = made.group.renew(alice.id, &membership, &[alice.devices()], new, &[]);
    assert_eq!(renewed.unwrap_err().code(), "message-id-reused");
}

#[test]
fn grp_05_renewed_keys_are_the_current_ones_whatever_the_clock_says() {
    let alice = User::new(0);
    let milliseconds = Created::from_unix_milliseconds;
    let (mut made, membership) = created(&[&alice], MessageKeyOrigin::Random);
    let renewed = |group: &OpenedGroup, created: Created| {
        let new = NewKeys { created, ..new_keys(1, NextMessageKey::Random) };
        group.renew(alice.id, &membership, &[alice.devices()], new, &[])
    };
    // Later stays as it is; the same moment or an earlier one is raised to the next whole second.
    for (former, now, written) in [
        (1_000_000, 1_000_001, 1_000_001),
        (1_000_000, 1_000_000, 1_001_000),
        (1_000_000, 999_999, 1_001_000),
        (1_000_999, -5, 1_001_000),
        (-1_500, -1_500, -1_000),
        (i64::MIN, i64::MIN, i64::MIN / 1000 * 1000),
    ] {
        made.record.created = Some(milliseconds(former));
        let resolver = alice.resolver(&made.tokens, std::slice::from_ref(&made.record));
        let mut group = resolver.open_group(made.group.id()).unwrap();
        let renewal = renewed(&group, milliseconds(now)).unwrap();
        let wanted = Some(milliseconds(written));
        assert_eq!((renewal.record.created, renewal.generation.created), (wanted, wanted), "{former} {now}");
        // As the records are read again, in any order.
        let tokens = [made.tokens.as_slice(), &renewal.tokens].concat();
        let mut records = vec![renewal.record, made.record.clone()];
        for _ in 0..2 {
            let text = serde_json::to_string(&records).unwrap();
            let read: Vec<GroupKeyRecord> = serde_json::from_str(&text).unwrap();
            let opened = alice.resolver(&tokens, &read).open_group(group.id()).unwrap();
            assert_eq!(opened.current().message_id, renewal.generation.message_id, "{former} {now}");
            records.reverse();
        }
        // A former generation may be the latest one.
        group.adopt(renewal.generation);
        let again = renewed(&group, milliseconds(now)).unwrap().record.created.unwrap();
        assert!(again > milliseconds(written), "{former} {now}");
    }
    made.record.created = Some(milliseconds(i64::MAX));
    let resolver = alice.resolver(&made.tokens, std::slice::from_ref(&made.record));
    let group = resolver.open_group(made.group.id()).unwrap();
    assert_eq!(renewed(&group, at(1000)).unwrap_err().code(), "no-later-moment");
    // Where nothing tells when, nothing is raised: the order is that of the records.
    made.record.created = None;
    let resolver = alice.resolver(&made.tokens, std::slice::from_ref(&made.record));
    let group = resolver.open_group(made.group.id()).unwrap();
    assert_eq!(renewed(&group, at(1)).unwrap().record.created, Some(at(1)));
}

#[test]
fn grp_21_the_key_of_self_add_stays_the_same() {
    let (alice, bob) = (User::new(0), User::new(1));
    let self_add = SymKey::generate().unwrap();
    let origin = MessageKeyOrigin::SelfAdd(Box::new(SymKey::from_bytes(self_add.expose()).unwrap()));
    let (made, membership) = created(&[&alice], origin);
    let CreatedGroup { record, mut group, .. } = made;
    let old = for_group(&group, KEYS[4].public());
    let random = |group: &OpenedGroup| {
        let new = new_keys(2, NextMessageKey::Random);
        group.renew(alice.id, &membership, &[alice.devices()], new, &[]).unwrap_err().code()
    };
    assert_eq!(random(&group), "self-add-key-changed", "before the first renewal");
    let first = OpenedGroup::open_with_self_add_key(std::slice::from_ref(&record), &self_add).unwrap();
    assert_eq!(random(&first), "self-add-key-changed", "opened by its self-add key");
    let renewal =
        group.renew(alice.id, &membership, &[alice.devices()], new_keys(1, NextMessageKey::Same), &[]).unwrap();
    let records = [record, renewal.record];
    group.adopt(renewal.generation);
    let refused = group.renew(alice.id, &membership, &[alice.devices()], new_keys(2, NextMessageKey::Random), &[]);
    assert_eq!(refused.unwrap_err().code(), "self-add-key-changed");

    // GRP-20: whoever knows the key opens all generations, and joins.
    let opened = OpenedGroup::open_with_self_add_key(&records, &self_add).unwrap();
    assert_eq!(opened.generations().count(), 2);
    let joined = opened.join(&membership, &bob.devices(), Role::Member).unwrap();
    assert_eq!((joined.membership.members(), joined.tokens.len()), ([alice.id, bob.id].as_slice(), 2));
    assert!(opens(&bob, &joined.tokens, &records, &old));
    let wrong = SymKey::generate().unwrap();
    assert_eq!(OpenedGroup::open_with_self_add_key(&records, &wrong).unwrap_err().code(), "rejected");
    assert_eq!(OpenedGroup::open_with_self_add_key(&[], &self_add).unwrap_err().code(), "no-token");
    let mut mixed = records.clone();
    mixed[1].group_id = GroupId::random().unwrap();
    assert_eq!(OpenedGroup::open_with_self_add_key(&mixed, &self_add).unwrap_err().code(), "no-token");
}

/// An invitation to a group with one generation of keys.
struct Invited {
    alice: User,
    made: CreatedGroup,
    membership: Membership,
    over: SymKey,
    record: TemporaryKeyRecord,
}

fn invited(role: Role) -> Invited {
    let alice = User::new(0);
    let (made, membership) = created(&[&alice], MessageKeyOrigin::Random);
    let (over, factor) = (SymKey::generate().unwrap(), AuthFactor::email("bob@example.com").unwrap());
    let id = TemporaryKeyId::random().unwrap();
    let invitation = Invitation { id, auth_factor: &factor, role, over_encryption_key: &over };
    let stranger = made.group.invite(UserId::random().unwrap(), &membership, &invitation).unwrap_err();
    assert_eq!(stranger.code(), "unauthorized", "GTK-01");
    let record = made.group.invite(alice.id, &membership, &invitation).unwrap();
    Invited { alice, made, membership, over, record }
}

#[test]
fn gtk_02_an_invitation_makes_a_member() {
    for role in [Role::Member, Role::Admin] {
        let Invited { made, membership, over, record, .. } = invited(role);
        let bob = User::new(1);
        let known = [KEYS[7].public().clone(), KEYS[5].public().clone()];
        let key = TemporaryKey::open(&record, &over, &known).unwrap();
        assert_eq!((key.id(), key.role()), (record.temporary_key_id, role));
        let group = key.open_group(std::slice::from_ref(&made.record)).unwrap();
        let joined = group.join(&membership, &bob.devices(), key.role()).unwrap();
        assert_eq!(joined.membership.admins().contains(&bob.id), role == Role::Admin);
        let session = for_group(&made.group, KEYS[4].public());
        assert!(opens(&bob, &joined.tokens, &[made.record], &session));
    }
}

#[test]
fn gtk_03_the_signature_verifies_before_anything_is_opened() {
    let Invited { made, over, mut record, .. } = invited(Role::Member);
    let mine = [KEYS[5].public().clone()];
    assert_eq!(TemporaryKey::open(&record, &over, &[]).unwrap_err().code(), "bad-signature");
    let others = [KEYS[6].public().clone(), KEYS[4].public().clone()];
    assert_eq!(TemporaryKey::open(&record, &over, &others).unwrap_err().code(), "bad-signature");
    let stranger = SymKey::generate().unwrap();
    assert_eq!(TemporaryKey::open(&record, &stranger, &mine).unwrap_err().code(), "rejected");
    let key = TemporaryKey::open(&record, &over, &mine).unwrap();
    let mut lacking = record.clone();
    lacking.data.clear();
    let lacking = TemporaryKey::open(&lacking, &over, &mine).unwrap();
    assert_eq!(lacking.open_group(std::slice::from_ref(&made.record)).unwrap_err().code(), "group-key-missing");
    let foreign = GroupKeyRecord { group_id: GroupId::random().unwrap(), ..made.record };
    assert_eq!(key.open_group(&[foreign]).unwrap_err().code(), "no-token");
    // Whoever writes another key into the record cannot sign it.
    let forged = SymKey::generate().unwrap();
    record.encrypted_symkey_roek = sealwright_wrap::symmetric::wrap(&forged, &over).unwrap().into();
    assert_eq!(TemporaryKey::open(&record, &over, &mine).unwrap_err().code(), "bad-signature");
}

#[test]
fn gtk_03_a_signed_block_hash_is_no_temporary_key() {
    let Invited { alice, made, membership, over, record } = invited(Role::Member);
    let block_hash = "0123456789abcdef".repeat(4);
    let key = SymKey::from_bytes(block_hash.as_bytes()).unwrap();
    let forged = TemporaryKeyRecord {
        encrypted_symkey_roek: sealwright_wrap::symmetric::wrap(&key, &over).unwrap().into(),
        encrypted_symkey_group: sealwright_wrap::wrap(&key, KEYS[4].public()).unwrap().into(),
        symkey_signature: KEYS[5].sign(block_hash.as_bytes()).unwrap().into(),
        ..record
    };
    let opened = TemporaryKey::open(&forged, &over, &[KEYS[5].public().clone()]);
    assert_eq!(opened.unwrap_err().code(), "bad-signature");
    let new = new_keys(1, NextMessageKey::Random);
    let renewed = made.group.renew(alice.id, &membership, &[alice.devices()], new, &[forged]);
    assert_eq!(renewed.unwrap_err().code(), "bad-signature");
}

#[test]
fn gtk_04_pending_invitations_survive_renewals() {
    let Invited { alice, made, membership, over, record } = invited(Role::Member);
    let CreatedGroup { record: first, mut group, .. } = made;
    let mut pending = record.clone();
    let mut records = vec![first];
    for generation in 1..3 {
        let new = new_keys(generation, NextMessageKey::Random);
        let renewal =
            group.renew(alice.id, &membership, &[alice.devices()], new, std::slice::from_ref(&pending)).unwrap();
        let [renewed] = renewal.temporary_keys.as_slice() else { unreachable!() };
        assert_eq!(renewed.id, pending.temporary_key_id);
        pending.data.insert(renewal.generation.message_id, renewed.data.clone());
        pending.encrypted_symkey_group = renewed.encrypted_symkey_group.clone();
        pending.symkey_signature = renewed.signature.clone();
        records.push(renewal.record);
        group.adopt(renewal.generation);
        let known: Vec<_> = (0..=generation).map(|of| pairs(of).signing.public().clone()).collect();
        let key = TemporaryKey::open(&pending, &over, &known).unwrap();
        assert_eq!(key.open_group(&records).unwrap().generations().count(), generation + 1);
        let key = TemporaryKey::open(&pending, &over, &known[generation..]).unwrap();
        assert_eq!(key.open_group(&records).unwrap_err().code(), "bad-signature", "a generation that is not known");
        assert!(TemporaryKey::open(&pending, &over, &[KEYS[3 + 2 * generation].public().clone()]).is_err());
    }
    // Signed and wrapped by former keys, as one implementation does at renewals: accepted (GTK-03).
    let new = || new_keys(1, NextMessageKey::Random);
    let renew = |pending: TemporaryKeyRecord| group.renew(alice.id, &membership, &[alice.devices()], new(), &[pending]);
    assert!(renew(record.clone()).is_ok());
    let forged = TemporaryKeyRecord { symkey_signature: KEYS[0].sign(b"another").unwrap().into(), ..record.clone() };
    assert_eq!(renew(forged).unwrap_err().code(), "bad-signature");
    let damaged = TemporaryKeyRecord { encrypted_symkey_group: vec![7; 256].into(), ..record };
    assert_eq!(renew(damaged).unwrap_err().code(), "rejected");
}
