//! Keys are wrapped for devices that a verified chain vouches for, and for no others.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use sealwright_envelope::SymKey;
use sealwright_session::{RecipientDevice, RecipientError, Recipients, wrap_for, wrap_for_unverified};
use sealwright_sigchain::{Author, DEFAULT_LIFE, Expired, KeyringFault, Mode, NewDevice, Owner, Verified};
use sealwright_types::{Coded as _, DeviceId, SessionId, UserId};
use sealwright_wrap::{KeySize, PrivateKey, unwrap};
use std::sync::LazyLock;

const NOW: u64 = 1_795_289_567;

static KEYS: LazyLock<[PrivateKey; 4]> =
    LazyLock::new(|| [(); 4].map(|()| PrivateKey::generate(KeySize::Rsa2048).unwrap()));

struct Person {
    chain: Verified,
    devices: Vec<RecipientDevice>,
}

fn device(encryption: &PrivateKey, signing: &PrivateKey) -> RecipientDevice {
    RecipientDevice {
        id: DeviceId::random().unwrap(),
        encryption_key: encryption.public().clone(),
        signing_key: signing.hash(),
        revoked: false,
    }
}

/// Two devices, the second made a day after the first.
fn person() -> Person {
    let [first, first_signing, second, second_signing] = &*KEYS;
    let devices = vec![device(first, first_signing), device(second, second_signing)];
    let author = Author { device: devices[0].id, key: first_signing };
    let new = |place: usize, signing| NewDevice {
        id: devices[place].id,
        encryption_key: devices[place].encryption_key.hash(),
        signing_key: signing,
    };
    let chain = Verified::empty(Mode::Normal).next(NOW).creation(author, new(0, first_signing.public())).unwrap().chain;
    let chain = chain.next(NOW + 86_400).creation(author, new(1, second_signing.public())).unwrap().chain;
    Person { chain, devices }
}

fn refused(person: &Person, devices: &[RecipientDevice], owner: Owner<'_>) -> RecipientError {
    Recipients::verified(&person.chain, devices, owner, NOW, Expired::Warned).unwrap_err()
}

#[test]
fn every_device_of_a_verified_user_opens_its_token() {
    let person = person();
    let recipients = Recipients::verified(&person.chain, &person.devices, Owner::User, NOW, Expired::Refused).unwrap();
    assert!(recipients.warnings().is_empty());
    let (session, key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
    let tokens = wrap_for(&recipients, session, &key).unwrap();
    assert_eq!(tokens.len(), 2);
    for ((token, device), private) in tokens.iter().zip(&person.devices).zip([&KEYS[0], &KEYS[2]]) {
        assert_eq!((token.session_id, token.device_id), (session, Some(device.id)));
        assert_eq!(token.created_for_key_hash, Some(private.hash()));
        assert_eq!(unwrap(private, &token.token).unwrap().expose(), key.expose());
    }
    let unverified = wrap_for_unverified(session, &key, recipients.devices()).unwrap();
    assert_eq!(unwrap(&KEYS[0], &unverified[0].token).unwrap().expose(), key.expose());
}

#[test]
fn one_device_that_does_not_fit_refuses_all() {
    let person = person();
    let [first, second] = [person.devices[0].clone(), person.devices[1].clone()];
    let forged = RecipientDevice { encryption_key: KEYS[3].public().clone(), ..second.clone() };
    let user = Owner::User;
    assert_eq!(
        refused(&person, &[first.clone(), forged], user),
        KeyringFault::EncryptionKeyHash(second.id).into(),
        "another encryption key"
    );
    let stranger = device(&KEYS[2], &KEYS[3]);
    let with_stranger = [first.clone(), second.clone(), stranger.clone()];
    assert_eq!(refused(&person, &with_stranger, user), KeyringFault::SigchainMissingDevice(stranger.id).into());
    assert_eq!(refused(&person, std::slice::from_ref(&first), user), KeyringFault::DbMissingDevice(second.id).into());
    let signing = RecipientDevice { signing_key: KEYS[0].hash(), ..second.clone() };
    assert_eq!(refused(&person, &[first, signing], user).code(), "signing-key-hash");
    let members = [UserId::random().unwrap()];
    assert_eq!(refused(&person, &person.devices, Owner::Group(&members)), KeyringFault::GroupMembers.into());
}

#[test]
fn revoked_devices_receive_nothing() {
    let Person { chain, mut devices } = person();
    let author = Author { device: devices[0].id, key: &KEYS[1] };
    let chain = chain.next(NOW + 86_500).revocation(author, devices[1].id).unwrap().chain;
    let receiving =
        |devices: &[RecipientDevice]| Recipients::verified(&chain, devices, Owner::User, NOW, Expired::Warned);
    assert_eq!(receiving(&devices).unwrap_err(), KeyringFault::DeviceRevoked(devices[1].id).into());
    devices[1].revoked = true;
    for held in [&devices[..1], &devices] {
        assert_eq!(
            receiving(held).unwrap().devices().iter().map(|device| device.id).collect::<Vec<_>>(),
            [devices[0].id]
        );
    }
    let chain = chain.next(NOW + 86_501).revocation(author, devices[0].id).unwrap().chain;
    for held in [&[][..], &devices[1..]] {
        let nobody = Recipients::verified(&chain, held, Owner::User, NOW, Expired::Warned);
        assert_eq!(nobody.unwrap_err(), RecipientError::NoDevice);
    }
    let nothing = Recipients::verified(&Verified::empty(Mode::Normal), &devices, Owner::User, NOW, Expired::Warned);
    assert_eq!(nothing.unwrap_err().code(), "sigchain-missing-device");
}

#[test]
fn expired_devices_are_warned_of_or_refused() {
    let person = person();
    let receiving = |now, expired| Recipients::verified(&person.chain, &person.devices, Owner::User, now, expired);
    let end = NOW + DEFAULT_LIFE;
    assert!(receiving(end, Expired::Refused).unwrap().warnings().is_empty());
    let warned = receiving(end + 1, Expired::Warned).unwrap();
    assert_eq!(
        (warned.devices().len(), warned.warnings()),
        (2, &[KeyringFault::DeviceExpired(person.devices[0].id)][..])
    );
    assert_eq!(receiving(end + 1, Expired::Refused).unwrap_err().code(), "device-expired");
}
