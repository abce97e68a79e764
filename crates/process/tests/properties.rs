//! Laws that hold for every process: swaps are noticed, keys go to whom the roles say, updates carry what they do not name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod worlds;

use proptest::prelude::*;
use sealwright_process::{
    AcceptError, Attributes, Change, ChangeError, Class, Delta, Field, Memory, Name, Outcome, Process, ReadError, Role,
    Roles, Sealed, Update, Value, accept, apply, blobs, create, load_process, update,
};
use std::collections::{BTreeMap, BTreeSet};
use worlds::{author, electorate, member, name, owned_by_zero, peers, process, roles, rule};

fn values(texts: &[(usize, String)]) -> Attributes {
    texts.iter().map(|(number, text)| (name(*number), Value::of(text).unwrap())).collect()
}

/// Every way of putting blob, key, salt, label and commitment of two attributes together: only what belongs together opens.
#[test]
fn any_swap_is_noticed() {
    for blinded in [BTreeSet::new(), BTreeSet::from([name(0), name(1)]), BTreeSet::from([name(1)])] {
        // The same value twice: nothing but the label tells them apart.
        let private = values(&[(0, "same".into()), (1, "same".into())]);
        let made = create(process(), &private, &Attributes::new(), owned_by_zero(2), &blinded, author(0)).unwrap();
        let state = &made.process.states()[0];
        let other = sealwright_process::Outpoint::new([8; 32], 1);
        for choice in 0..64_usize {
            let pick = |bit: usize| name(choice >> bit & 1);
            let (blob, key, salt, label, commitment) = (pick(0), pick(1), pick(2), pick(3), pick(4));
            let process = if choice >> 5 == 0 { process() } else { other };
            let sealed = Sealed {
                process: &process,
                label: &label.clone().into(),
                commitment: state.commitment(&commitment).unwrap(),
                key: state.key(&key).unwrap(),
                salt: state.salt(&salt),
                blob: &made.blobs[&state.commitment(&blob).unwrap()],
            };
            let same_salt = salt == label || !(blinded.contains(&salt) || blinded.contains(&label));
            let whole = choice >> 5 == 0 && blob == key && label == commitment && same_salt && label == blob;
            // With equal values and without salts, blob and key of the other attribute hold just what was committed to.
            let equal = choice >> 5 == 0 && blob == key && label == commitment && same_salt;
            match sealed.read() {
                Ok(_) => assert!(whole || equal, "{choice:06b}"),
                Err(ReadError::CommitmentMismatch) => assert!(blob == key && !equal, "{choice:06b}"),
                Err(ReadError::Open(_)) => assert!(blob != key, "{choice:06b}"),
                Err(error) => panic!("{choice:06b}: {error}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn a_swap_of_different_values_never_opens(one: String, other: String) {
        prop_assume!(one != other);
        let private = values(&[(0, one), (1, other)]);
        let made = create(process(), &private, &Attributes::new(), owned_by_zero(2), &BTreeSet::new(), author(0)).unwrap();
        let state = &made.process.states()[0];
        for choice in 0..16_usize {
            let pick = |bit: usize| name(choice >> bit & 1);
            let sealed = Sealed {
                process: &process(),
                label: &pick(0).into(),
                commitment: state.commitment(&pick(1)).unwrap(),
                key: state.key(&pick(2)).unwrap(),
                salt: None,
                blob: &made.blobs[&state.commitment(&pick(3)).unwrap()],
            };
            prop_assert_eq!(sealed.read().is_ok(), choice == 0 || choice == 15);
        }
    }
}

/// The rule of PROC-50 as it is said, over plain lists.
fn obviously_entitled(world: &[(Vec<usize>, Vec<usize>)], member: usize, attribute: usize) -> bool {
    let mut entitled = false;
    for (members, fields) in world {
        for one in members {
            for field in fields {
                if *one == member && *field == attribute {
                    entitled = true;
                }
            }
        }
    }
    entitled
}

fn check_world(world: &[(Vec<usize>, Vec<usize>)], members: usize, attributes: usize) {
    let roles = roles(world);
    for attribute in 0..attributes {
        let label = Field::from(name(attribute));
        let recipients = roles.recipients(&label);
        for one in 0..members {
            let expected = obviously_entitled(world, one, attribute);
            assert_eq!(roles.allow(&member(one), &label), expected, "{world:?} {one} {attribute}");
            assert_eq!(recipients.contains(&member(one)), expected, "{world:?} {one} {attribute}");
        }
        assert!(recipients.len() <= members);
    }
    for one in 0..members {
        let coarse = world.iter().any(|(members, _)| members.contains(&one));
        assert_eq!(roles.contain(&member(one)), coarse);
    }
}

fn subset(bits: usize, of: usize) -> Vec<usize> {
    (0..of).filter(|bit| bits >> bit & 1 == 1).collect()
}

#[test]
fn entitlement_in_all_small_worlds() {
    let (members, attributes) = (3, 3);
    for bits in 0..1_usize << 12 {
        let part = |shift: usize, of| subset(bits >> shift & 7, of);
        check_world(
            &[(part(0, members), part(3, attributes)), (part(6, members), part(9, attributes))],
            members,
            attributes,
        );
    }
}

proptest! {
    #[test]
    fn entitlement_in_greater_worlds(world in prop::collection::vec((0..64_usize, 0..256_usize), 0..=5)) {
        let world: Vec<_> = world.into_iter().map(|(members, fields)| (subset(members, 6), subset(fields, 8))).collect();
        check_world(&world, 6, 8);
    }

    /// The creator keeps exactly the keys that its roles cover (PROC-52).
    #[test]
    fn the_creator_keeps_what_it_may_read(fields in 0..16_usize, keep: bool) {
        let private = values(&[(0, "a".into()), (1, "b".into()), (2, "c".into()), (3, "d".into())]);
        let world = roles(&[(vec![0], subset(fields, 4))]);
        let author = sealwright_process::Author { member: member(0), keep_creator_keys: keep };
        let made = create(process(), &private, &Attributes::new(), world, &BTreeSet::new(), author).unwrap();
        for number in 0..4 {
            let kept = made.process.states()[0].key(&name(number)).is_some();
            prop_assert_eq!(kept, keep || fields >> number & 1 == 1);
            prop_assert!(made.fresh_keys.contains_key(&name(number)));
        }
    }
}

/// What one update does to each of four attributes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wish {
    Absent,
    Same,
    Other,
    Remove,
    OtherClass,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    use Wish::{Absent, Other, OtherClass, Remove, Same};
    prop::collection::vec(prop::sample::select(vec![Absent, Same, Other, Remove, OtherClass]), 4)
}

const ATTRIBUTES: usize = 4;

/// Attributes 0 and 1 are private, 2 and 3 public.
fn start() -> (Process, BTreeMap<sealwright_process::Commitment, Vec<u8>>) {
    let (private, public) =
        (values(&[(0, "v0".into()), (1, "v1".into())]), values(&[(2, "v2".into()), (3, "v3".into())]));
    let made = create(process(), &private, &public, owned_by_zero(ATTRIBUTES), &BTreeSet::new(), author(0)).unwrap();
    (made.process, made.blobs)
}

fn update_of(wishes: &[Wish]) -> Update {
    let mut update = Update::default();
    for (number, wish) in wishes.iter().enumerate() {
        let is_private = number < 2;
        let set = |text: String| Change::Set(Value::of(&text).unwrap());
        let mut put = |private: bool, change| {
            let delta: &mut Delta = if private { &mut update.private } else { &mut update.public };
            delta.insert(name(number), change);
        };
        match wish {
            Wish::Absent => {}
            Wish::Same => put(is_private, set(format!("v{number}"))),
            Wish::Other => put(is_private, set("other".to_owned())),
            Wish::Remove => put(is_private, Change::Remove),
            Wish::OtherClass => put(!is_private, set(format!("v{number}"))),
        }
    }
    update
}

proptest! {
    #[test]
    fn an_update_does_what_it_names_and_nothing_else(wishes in wishes()) {
        let (before, mut stored) = start();
        let peers = peers(1);
        let old = before.last().unwrap();
        let made = update(&before, &old.id(), &update_of(&wishes), author(0), electorate(&peers), &stored);
        if wishes.iter().all(|wish| matches!(wish, Wish::Absent | Wish::Same)) {
            prop_assert!(matches!(made, Err(ChangeError::Unchanged)));
            return Ok(());
        }
        let made = made.unwrap();
        let new = made.process.last().unwrap();
        stored.extend(made.blobs.clone());
        prop_assert_eq!((new.index(), new.previous()), (1, old.id()));
        for (number, wish) in wishes.iter().enumerate() {
            let (name, is_private) = (name(number), number < 2);
            let class = |private: bool| Some(if private { Class::Private } else { Class::Public });
            match wish {
                Wish::Absent | Wish::Same => {
                    prop_assert_eq!(new.commitment(&name), old.commitment(&name));
                    prop_assert_eq!(new.class(&name), class(is_private));
                    prop_assert_eq!(new.key(&name).map(|key| *key.expose()), old.key(&name).map(|key| *key.expose()));
                }
                Wish::Other => {
                    prop_assert_ne!(new.commitment(&name), old.commitment(&name));
                    prop_assert_eq!(new.class(&name), class(is_private));
                }
                Wish::Remove => {
                    prop_assert!(new.commitment(&name).is_none() && new.key(&name).is_none() && new.salt(&name).is_none());
                }
                Wish::OtherClass => prop_assert_eq!(new.class(&name), class(!is_private)),
            }
            let changed = !matches!(wish, Wish::Absent | Wish::Same);
            prop_assert_eq!(old.changed(new).contains(&Field::from(name.clone())), changed);
            prop_assert_eq!(made.diffs.iter().any(|diff| diff.attribute == Field::from(name.clone())), changed);
            // Whatever is private opens, and its blob had no name of an earlier state.
            if new.class(&name) == Some(Class::Private) {
                let commitment = new.commitment(&name).unwrap();
                let sealed = Sealed {
                    process: &process(), label: &name.clone().into(), commitment,
                    key: new.key(&name).unwrap(), salt: new.salt(&name), blob: &stored[&commitment],
                };
                let expected = if *wish == Wish::Other { "other".to_owned() } else { format!("v{number}") };
                prop_assert!(sealed.read().unwrap() == Value::of(&expected).unwrap());
                prop_assert_eq!(made.blobs.contains_key(&commitment), changed);
            }
        }
        prop_assert_eq!(accept(Some(old), new, electorate(&peers)), Ok(Outcome::Satisfied));
        let text = made.process.to_json();
        let again = Process::from_json(text.expose()).unwrap().to_json();
        prop_assert!(again.expose() == text.expose());
    }
}

#[test]
fn a_value_that_comes_back_is_blinded_under_another_name() {
    let (mut process, mut stored) = start();
    let peers = peers(1);
    let first = process.last().unwrap().commitment(&name(0)).unwrap();
    let mut names = BTreeSet::from([first]);
    for text in ["other", "v0", "other", "v0"] {
        let change = Update {
            private: values(&[(0, text.into())]).into_iter().map(|(name, value)| (name, Change::Set(value))).collect(),
            ..Update::default()
        };
        let previous = process.last().unwrap().id();
        let made = update(&process, &previous, &change, author(0), electorate(&peers), &stored).unwrap();
        stored.extend(made.blobs);
        process = made.process;
        let last = process.last().unwrap();
        assert!(names.insert(last.commitment(&name(0)).unwrap()), "a name comes back");
        // The first other value is plain, whatever comes back is not.
        assert_eq!(last.salt(&name(0)).is_some(), names.len() > 2);
    }
    assert_eq!(process.states().len(), 5);
}

fn two_readers(second_reads: bool) -> Roles {
    let all = || (0..ATTRIBUTES).map(|number| name(number).into()).chain([Field::Roles]);
    let owner = Role { members: BTreeSet::from([member(0)]), rules: BTreeSet::from([rule(all(), 0)]) };
    let members = if second_reads { BTreeSet::from([member(1)]) } else { BTreeSet::new() };
    let reader = Role { members, rules: BTreeSet::from([rule([Field::from(name(0))], 10_000)]) };
    Roles::new(BTreeMap::from([("owner".parse().unwrap(), owner), ("reader".parse().unwrap(), reader)]))
}

#[test]
fn readers_who_leave_lose_new_blobs_and_readers_who_come_get_the_old_key() {
    let private = values(&[(0, "v0".into()), (1, "v1".into())]);
    let made = create(process(), &private, &Attributes::new(), two_readers(true), &BTreeSet::new(), author(0)).unwrap();
    let (before, stored, peers) = (made.process, made.blobs, peers(2));
    let old = before.last().unwrap();
    let change = |second| Update { roles: Some(two_readers(second)), ..Update::default() };
    let shrunk = update(&before, &old.id(), &change(false), author(0), electorate(&peers), &stored).unwrap();
    let new = shrunk.process.last().unwrap();
    // Re-keyed and blinded, although the value is the same; the other attribute is untouched.
    assert_ne!(new.commitment(&name(0)), old.commitment(&name(0)));
    assert!(new.salt(&name(0)).is_some() && new.key(&name(0)).unwrap().expose() != old.key(&name(0)).unwrap().expose());
    assert_eq!(new.commitment(&name(1)), old.commitment(&name(1)));
    assert_eq!(old.changed(new), BTreeSet::from([Field::Roles, name(0).into()]));
    let blob = &shrunk.blobs[&new.commitment(&name(0)).unwrap()];
    assert!(sealwright_process::open(old.key(&name(0)).unwrap(), blob).is_err());
    // And back again: the new reader gets the key that there is.
    let mut all = stored.clone();
    all.extend(shrunk.blobs.clone());
    let grown = update(&shrunk.process, &new.id(), &change(true), author(0), electorate(&peers), &all).unwrap();
    let last = grown.process.last().unwrap();
    assert_eq!(last.commitment(&name(0)), new.commitment(&name(0)));
    assert_eq!(last.key(&name(0)).unwrap().expose(), new.key(&name(0)).unwrap().expose());
    let told: Vec<_> = grown.diffs.iter().filter(|diff| diff.attribute == name(0).into()).collect();
    assert_eq!((told.len(), &told[0].notify, told[0].old == told[0].new), (1, &vec![member(1)], true));
    // Without the key or the blob nobody can be kept out.
    let keyless = before.without_secrets();
    let refused = update(&keyless, &old.id(), &change(false), author(0), electorate(&peers), &stored).unwrap_err();
    assert_eq!(refused, ChangeError::KeyMissing(name(0)));
    let nothing = BTreeMap::new();
    let refused = update(&before, &old.id(), &change(false), author(0), electorate(&peers), &nothing).unwrap_err();
    assert_eq!(refused, ChangeError::BlobMissing(name(0)));
    // A caller without keys carries commitments without keys.
    let elsewhere = update_of(&[Wish::Absent, Wish::Other, Wish::Absent, Wish::Absent]);
    let carried = update(&keyless, &old.id(), &elsewhere, author(0), electorate(&peers), &nothing).unwrap();
    assert_eq!(carried.process.last().unwrap().commitment(&name(0)), old.commitment(&name(0)));
    assert!(carried.process.last().unwrap().key(&name(0)).is_none());
}

#[test]
fn only_the_latest_valid_state_is_built_on() {
    let (process, stored) = start();
    let peers = peers(1);
    let first = process.last().unwrap().id();
    let change = update_of(&[Wish::Other, Wish::Absent, Wish::Absent, Wish::Absent]);
    let made = update(&process, &first, &change, author(0), electorate(&peers), &stored).unwrap();
    let stale = update(&made.process, &first, &change, author(0), electorate(&peers), &stored).unwrap_err();
    assert!(matches!(stale, ChangeError::Stale(_)));
    assert_eq!(accept(None, made.process.last().unwrap(), electorate(&peers)), Err(AcceptError::Stale));
    // A name that no rule covers cannot change.
    let world = roles(&[(vec![0], vec![0])]);
    let private = values(&[(0, "a".into()), (1, "b".into())]);
    let made = create(self::process(), &private, &Attributes::new(), world, &BTreeSet::new(), author(0)).unwrap();
    let id = made.process.last().unwrap().id();
    let change = update_of(&[Wish::Absent, Wish::Other, Wish::Absent, Wish::Absent]);
    let mut next = update(&made.process, &id, &change, author(0), electorate(&peers), &made.blobs).unwrap().process;
    let [old, new] = next.states() else { panic!("two states") };
    let uncovered: BTreeSet<Field> = BTreeSet::from([name(1).into()]);
    assert_eq!(accept(Some(old), new, electorate(&peers)), Err(AcceptError::Uncovered(uncovered)));
    // It is not valid, so nothing is built on it before it is withdrawn.
    let last = new.id();
    assert!(update(&next, &last, &change, author(0), electorate(&peers), &made.blobs).is_err());
    assert!(next.withdraw_undecided(electorate(&peers)) && !next.withdraw_undecided(electorate(&peers)));
    assert_eq!(next.last().unwrap().id(), id);
}

/// A process in which member 0 decides about attribute 0 and nobody about attribute 1, with two states that nobody has agreed to; the
/// second one of them changes what needs no vote.
#[test]
fn what_stands_on_an_invalid_state_is_stale_and_gives_nobody_a_key() {
    let peers = peers(2);
    let private = values(&[(0, "a".into()), (1, "b".into())]);
    let world = roles(&[(vec![0], vec![0])]);
    let made = create(process(), &private, &Attributes::new(), world, &BTreeSet::new(), author(0)).unwrap();
    let first = made.process.last().unwrap().id();
    let grab = Update { roles: Some(roles(&[(vec![0, 1], vec![0, 1])])), ..Update::default() };
    let invalid = update(&made.process, &first, &grab, author(0), electorate(&peers), &made.blobs).unwrap().process;
    // The state that a careless program would make on it: its own content, at index 2.
    let record =
        |process: &Process| -> serde_json::Value { serde_json::from_slice(process.to_json().expose()).unwrap() };
    let change = update_of(&[Wish::Other, Wish::Absent, Wish::Absent, Wish::Absent]);
    let elsewhere = create(
        process(),
        &private,
        &Attributes::new(),
        roles(&[(vec![0, 1], vec![0, 1])]),
        &BTreeSet::new(),
        author(0),
    )
    .unwrap();
    let id = elsewhere.process.last().unwrap().id();
    let on_top = update(&elsewhere.process, &id, &change, author(0), electorate(&peers), &elsewhere.blobs).unwrap();
    let mut all = record(&invalid);
    let mut third = record(&on_top.process)["states"][1].clone();
    third["index"] = 2.into();
    third["prev"] = invalid.last().unwrap().id().to_string().into();
    all["states"].as_array_mut().unwrap().insert(2, third);
    let mut process = Process::from_json(all.to_string().as_bytes()).unwrap();
    let outcomes = process.outcomes(electorate(&peers));
    assert!(matches!(outcomes[..], [Ok(Outcome::Satisfied), Err(AcceptError::Uncovered(_)), Err(AcceptError::Stale)]));
    let last = process.last().unwrap().id();
    assert_eq!(process.outcome(&last, electorate(&peers)), Err(AcceptError::Stale));
    assert_eq!(process.latest_valid(electorate(&peers)).unwrap().id(), first);
    // Everything that is not accepted, at once.
    assert!(process.withdraw_undecided(electorate(&peers)) && !process.withdraw_undecided(electorate(&peers)));
    assert_eq!(process.last().unwrap().id(), first);
}

#[test]
fn both_classes_at_once_are_refused() {
    let (private, public) = (values(&[(0, "a".into())]), values(&[(0, "b".into())]));
    let refused = create(process(), &private, &public, owned_by_zero(1), &BTreeSet::new(), author(0)).unwrap_err();
    assert!(matches!(refused, ChangeError::BadName(_)));
}

#[test]
fn a_listing_has_no_place_for_secrets() {
    let blinded = BTreeSet::from([name(0)]);
    let private = values(&[(0, "the secret value".into())]);
    let made =
        create(process(), &private, &values(&[(1, "open".into())]), owned_by_zero(2), &blinded, author(0)).unwrap();
    let state = &made.process.states()[0];
    let (key, salt) = (state.key(&name(0)).unwrap().to_hex(), state.salt(&name(0)).unwrap().to_hex());
    let listed = serde_json::to_string(&made.process.view()).unwrap();
    let sent = String::from_utf8(made.process.without_secrets().to_json().into_exposed()).unwrap();
    let shown = format!("{:?} {:?}", made.process, made.process.view());
    for text in [&listed, &sent, &shown] {
        assert!(!text.contains(key.expose()) && !text.contains(salt.expose()) && !text.contains("secret value"));
    }
    assert!(listed.contains("open") && listed.contains(&state.commitment(&name(0)).unwrap().to_string()));
    let whole = String::from_utf8(made.process.to_json().into_exposed()).unwrap();
    assert!(whole.contains(key.expose()) && whole.contains(salt.expose()));
}

#[test]
fn a_result_is_applied_and_read_again() {
    let (process, stored) = start();
    let mut memory = Memory::default();
    let change = update_of(&[Wish::Absent, Wish::Absent, Wish::Other, Wish::Absent]);
    let mut made =
        update(&process, &process.last().unwrap().id(), &change, author(0), electorate(&peers(1)), &stored).unwrap();
    made.blobs = stored;
    apply(&made, &mut memory, 0).unwrap();
    let read = load_process(&memory, &process.id()).unwrap().unwrap();
    assert_eq!(read.to_json().expose(), made.process.to_json().expose());
    for (name, blob) in &made.blobs {
        assert_eq!(&blobs::get(&memory, name, u64::MAX - 1).unwrap(), blob);
    }
    let names: Vec<&Name> = read.last().unwrap().private_names().collect();
    assert_eq!(names.len(), 2);
}
