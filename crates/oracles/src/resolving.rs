//! Finding session keys in arbitrary records: the resolver against an obvious and slow reference that knows what every record holds and so
//! needs no cryptography.

mod reference;

use self::reference::Reference;
use crate::Input;
use crate::sealing::next;
use sealwright_envelope::SymKey;
use sealwright_envelope::hazmat::seal_with_iv;
use sealwright_session::{
    Keyring, OverEncryptionKey, PasswordOrKey, Policy, ProxyDepth, Records, Resolver, Revoked, Route, SymEncKeySecret,
    UnknownHash,
};
use sealwright_types::{DeviceId, GroupId, MessageId, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::hazmat::wrap_bytes_with_seed;
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess};
use serde_json::Value;
use std::sync::{Arc, LazyLock};

/// Sessions; key number n is the right one of session n.
const SESSIONS: u8 = 6;
/// Keys that records hold or are sealed under.
const KEYS: u8 = 8;
/// Recipients: two keys of mine, the group's, a stranger's.
const RECIPIENTS: u8 = 4;
const GROUP: u8 = 2;
/// SymEncKeys, and TMR accesses.
const LOCKS: u8 = 2;
/// More records would only make an input slow.
const MOST: usize = 24;

/// A record as the reference sees it. Numbers name sessions, keys, recipients and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Known { session: u8, holds: u8 },
    Token { session: u8, holds: u8, recipient: u8, hash: Option<u8>, device: Device, revoked: bool },
    Proxy { session: u8, by: u8, holds: u8, under: u8, revoked: bool },
    GroupKey { message: u8, under: u8 },
    SymEncKey { session: u8, lock: u8, holds: u8, under: u8, revoked: bool },
    SymEncKeySecret { lock: u8, key: u8 },
    Tmr { session: u8, lock: u8, holds: u8, under: u8, revoked: bool },
    OverEncryptionKey { lock: Option<u8>, key: u8 },
}

/// The device that a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Device {
    None,
    Group,
    Another,
}

/// What the resolver may do.
#[derive(Debug, Clone, Copy)]
struct Options {
    try_all: bool,
    open_revoked: bool,
    chains: bool,
    /// Every record holds and is sealed under the right key.
    consistent: bool,
}

static PRIVATE_KEYS: LazyLock<Vec<Arc<PrivateKey>>> = LazyLock::new(|| {
    let data: Value = serde_json::from_str(include_str!("../../../vectors/peer/rsa.json")).expect("JSON");
    let small = data["keys"].as_array().into_iter().flatten().filter(|key| key["bits"] == 1024);
    let read = |key: &Value| {
        let der = sealwright_types::b64::decode_strict(key["pkcs8"].as_str().unwrap_or_default()).expect("base64");
        Arc::new(PrivateKey::from_der(&der).expect("a key").key)
    };
    small.take(RECIPIENTS.into()).map(read).collect()
});

/// A token for each recipient with each key inside.
static TOKENS: LazyLock<Vec<Vec<Vec<u8>>>> = LazyLock::new(|| {
    let wrapped = |recipient: &Arc<PrivateKey>, holds| {
        wrap_bytes_with_seed(key(holds).expose(), recipient.public(), &[7; 20]).expect("64 bytes fit")
    };
    PRIVATE_KEYS.iter().map(|recipient| (0..KEYS).map(|holds| wrapped(recipient, holds)).collect()).collect()
});

/// Input: a byte of options, then records, six bytes each.
pub(crate) fn resolving(mut input: &[u8]) -> Input {
    let flags = next(&mut input);
    let chains = flags & 4 != 0;
    let options =
        Options { try_all: flags & 1 != 0, open_revoked: flags & 2 != 0, chains, consistent: chains || flags & 8 != 0 };
    let records: Vec<_> = input.chunks(6).take(MOST).map(|bytes| read(bytes, options)).collect();
    if records.is_empty() {
        return Input::Useless;
    }
    check(&records, options);
    Input::Useful
}

fn read(mut bytes: &[u8], Options { consistent, .. }: Options) -> Made {
    let kind = next(&mut bytes);
    let revoked = kind & 128 != 0;
    let session = next(&mut bytes) % SESSIONS;
    let other = next(&mut bytes);
    let by = other % SESSIONS;
    let lock = other % LOCKS;
    let holds = next(&mut bytes) % KEYS;
    let holds = if consistent { session } else { holds };
    let under = next(&mut bytes) % KEYS;
    let last = next(&mut bytes);
    match kind % 8 {
        0 => Made::Known { session, holds },
        1 => {
            let recipient = other % RECIPIENTS;
            let hash = match last % 4 {
                0 => None,
                1 if !consistent => Some(under % RECIPIENTS),
                _ => Some(recipient),
            };
            let device = [Device::None, Device::Group, Device::Another][usize::from(last / 4 % 3)];
            Made::Token { session, holds, recipient, hash, device, revoked }
        }
        2 => Made::Proxy { session, by, holds, under: if consistent { by } else { under }, revoked },
        3 => Made::GroupKey { message: session, under: if consistent { session } else { under } },
        4 => Made::SymEncKey { session, lock, holds, under: if consistent { lock } else { under }, revoked },
        5 => Made::SymEncKeySecret { lock, key: if consistent { lock } else { under } },
        6 => Made::Tmr { session, lock, holds, under: if consistent { lock } else { under }, revoked },
        _ => {
            let named = last.is_multiple_of(2).then_some(lock);
            Made::OverEncryptionKey { lock: named, key: if consistent { lock } else { under } }
        }
    }
}

fn check(made: &[Made], options: Options) {
    let reference = Reference::new(made, options);
    let resolver = resolver(made.iter(), options);
    let backwards = options.consistent.then(|| self::resolver(made.iter().rev(), options));
    for session in 0..SESSIONS {
        let got = found(&resolver, session);
        if options.chains {
            let keys: Vec<_> = got.iter().map(|(_, key)| *key).collect();
            let expected: &[u8] = if reference.reaches(session) { &[session] } else { &[] };
            assert_eq!(keys, expected, "PROXY-08 {session} {made:?} {options:?}");
        } else {
            assert_eq!(got, reference.keys(session), "SES-22 {session} {made:?} {options:?}");
        }
        if let Some(backwards) = &backwards {
            assert_eq!(found(backwards, session), got, "the order of records decides nothing: {session} {made:?}");
        }
        let reasons = resolver.resolve(id(session)).err().map(|closed| closed.reasons.len());
        let records = reference.records(session).max(1);
        assert!(reasons.is_none_or(|reasons| reasons == records), "SES-11 {session} {made:?} {options:?}");
        if !got.is_empty() && !reference.may_surprise {
            assert!(resolver.promising(id(session)).is_ok(), "EGR-22 {session} {made:?} {options:?}");
        }
    }
}

/// What the resolver finds: routes and numbers of keys.
fn found(resolver: &Resolver, session: u8) -> Vec<(Route, u8)> {
    let number = |bytes: &[u8]| (0..KEYS).find(|&number| key(number).expose() == bytes).expect("a key of the pool");
    let keys = resolver.resolve_all(id(session)).unwrap_or_default();
    keys.iter().map(|found| (found.route, number(found.sym_key().expect("a key").expose()))).collect()
}

fn key(number: u8) -> SymKey {
    SymKey::from_bytes(&[number + 1; 64]).expect("64 bytes")
}

fn bytes(space: u8, number: u8) -> [u8; 16] {
    let mut bytes = [space; 16];
    (bytes[6], bytes[8], bytes[15]) = (0x40, 0x80, number);
    bytes
}

fn id(session: u8) -> SessionId {
    SessionId::from_bytes(bytes(1, session)).expect("an id")
}

fn sealed(holds: u8, under: u8) -> Vec<u8> {
    seal_with_iv(&key(under), &[3; 16], key(holds).expose()).expect("a long key")
}

fn resolver<'a>(made: impl Iterator<Item = &'a Made>, options: Options) -> Resolver {
    let mut keyring = Keyring::default();
    PRIVATE_KEYS.iter().take(2).for_each(|key| keyring.add(Arc::clone(key), None));
    let mut records = Records::default();
    made.for_each(|made| add(&mut records, *made));
    let policy = Policy {
        unknown_hash: if options.try_all { UnknownHash::TryAll } else { UnknownHash::Stop },
        revoked: if options.open_revoked { Revoked::Opened } else { Revoked::Skipped },
        proxies: if options.chains { ProxyDepth::Chains } else { ProxyDepth::One },
    };
    Resolver::new(keyring, records, policy)
}

fn add(records: &mut Records, made: Made) {
    let device = |number| DeviceId::from_bytes(bytes(2, number)).expect("an id");
    let sym_enc_key = |lock| SymEncKeyId::from_bytes(bytes(3, lock)).expect("an id");
    let access = |lock| TmrAccessId::from_bytes(bytes(4, lock)).expect("an id");
    let group = || GroupId::from_bytes(bytes(5, 0)).expect("an id");
    match made {
        Made::Known { session, holds } => records.add_known(id(session), &key(holds)),
        Made::Token { session, holds, recipient, hash, device: of, revoked } => records.add_token(DeviceToken {
            session_id: id(session),
            device_id: match of {
                Device::None => None,
                Device::Group => Some(device(0)),
                Device::Another => Some(device(1)),
            },
            created_for_key_hash: hash.map(|hash| PRIVATE_KEYS[usize::from(hash)].hash()),
            token: TOKENS[usize::from(recipient)][usize::from(holds)].clone().into(),
            revoked,
        }),
        Made::Proxy { session, by, holds, under, revoked } => records.add_proxy(ProxyKey {
            session_id: id(session),
            proxy_session_id: id(by),
            data: sealed(holds, under).into(),
            revoked,
        }),
        Made::GroupKey { message, under } => {
            let der = PRIVATE_KEYS[usize::from(GROUP)].to_pkcs8();
            let sealed = seal_with_iv(&key(under), &[3; 16], der.expose()).expect("a long key");
            records.add_group_key(GroupKeyRecord {
                group_id: group(),
                device_id: device(0),
                message_id: MessageId::from_bytes(*id(message).as_bytes()).expect("an id"),
                encrypted_encryption_private_key: sealed.clone().into(),
                encrypted_signing_private_key: sealed.into(),
                created: None,
            });
        }
        Made::SymEncKey { session, lock, holds, under, revoked } => records.add_sym_enc_key(SymEncKeyRecord {
            session_id: id(session),
            sym_enc_key_id: sym_enc_key(lock),
            data: sealed(holds, under).into(),
            revoked,
        }),
        Made::SymEncKeySecret { lock, key: number } => records.add_sym_enc_key_secret(SymEncKeySecret {
            id: sym_enc_key(lock),
            session_spelling: None,
            secret: PasswordOrKey::Key(key(number)),
        }),
        Made::Tmr { session, lock, holds, under, revoked } => records.add_tmr_access(TmrAccess {
            session_id: id(session),
            tmr_access_id: access(lock),
            auth_factor: None,
            creator: None,
            data: sealed(holds, under).into(),
            revoked,
        }),
        Made::OverEncryptionKey { lock, key: number } => records.add_over_encryption_key(OverEncryptionKey {
            id: lock.map(access),
            auth_factor: None,
            key: key(number),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Options = Options { try_all: false, open_revoked: false, chains: false, consistent: false };

    fn token(session: u8, recipient: u8) -> Made {
        let (hash, device) = (Some(recipient), Device::None);
        Made::Token { session, holds: session, recipient, hash, device, revoked: false }
    }

    fn proxy(session: u8, by: u8) -> Made {
        Made::Proxy { session, by, holds: session, under: by, revoked: false }
    }

    #[test]
    fn the_reference_knows_the_rules() {
        let world = [token(0, 0), proxy(1, 0), proxy(2, 1), token(3, GROUP), Made::GroupKey { message: 0, under: 0 }];
        let usual = Reference::new(&world, USUAL);
        assert_eq!(usual.keys(0), [(Route::Direct, 0)]);
        assert_eq!(usual.keys(1), [(Route::Proxy, 1)]);
        assert_eq!(usual.keys(2), [], "PROXY-02");
        assert_eq!(usual.keys(3), [(Route::Group, 3)]);
        assert!(usual.reaches(2) && !usual.reaches(4));
        check(&world, USUAL);
        check(&world, Options { chains: true, consistent: true, ..USUAL });
    }

    #[test]
    fn many_worlds_hold() {
        // Bytes of a fixed generator: the same worlds every time.
        let mut state = 1_u64;
        let mut byte = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let mut useful = 0;
        for length in (0..1500).map(|world| world % 145) {
            let input: Vec<_> = (0..length).map(|_| byte()).collect();
            useful += usize::from(resolving(&input) == Input::Useful);
        }
        assert!(useful > 1400);
    }
}
