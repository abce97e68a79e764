//! `identity/read*.json`: identity documents of the peers, and every variant of reading.

mod refused;

use super::der::Bson;
use super::peer::{Peer, bytes, list, text};
use super::{Draft, Files, GenerateError, broken};
use crate::binary::Binary;
use crate::kinds::identity_read::{self, IdentityRead, Pair, Told, Usage};
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use serde_json::Value;
use std::collections::BTreeMap;

const USER: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const USER_S64: &str = "WiIXIjbEQe6+VgJCrBIAAg";
const DEVICE: &str = "00000000-0000-1000-a000-7ea300000018";
const DEVICE_S64: &str = "AAAAAAAAEACgAH6jAAAAGA";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let keys = Keys::read(peer)?;
    peers(peer)?.finish(files)?;
    ours(&keys)?.finish(files)
}

/// Hashes of keys by their PKCS#8, as the peers' data tell them.
struct Keys {
    hashes: BTreeMap<String, String>,
    /// Private keys of 1024 bits as PKCS#8 and PKCS#1, and one of 3072 bits.
    small: Vec<(Vec<u8>, Vec<u8>)>,
    unusual: Vec<u8>,
    wrong_crt: (Vec<u8>, Vec<u8>),
    public: Vec<u8>,
}

impl Keys {
    fn read(peer: &Peer<'_>) -> Result<Self, GenerateError> {
        let data = peer.json("rsa.json")?;
        let mut hashes = BTreeMap::new();
        let mut small = Vec::new();
        for key in list(&data, "keys")? {
            hashes.insert(text(key, "pkcs8")?.to_owned(), text(key, "keyHash")?.to_owned());
            if key["bits"] == 1024 {
                small.push((bytes(key, "pkcs8")?, bytes(key, "pkcs1")?));
            }
        }
        let imports = list(&data, "imports")?;
        let import = |name: &str| imports.iter().find(|case| case["name"] == name).ok_or_else(|| broken(name));
        for name in ["PKCS#8", "RSA-3072 private"] {
            let case = import(name)?;
            let hash = list(case, "outcomes")?.iter().find_map(|outcome| outcome["hash"].as_str());
            let hash = hash.ok_or_else(|| broken("a key without hash"))?;
            hashes.insert(text(case, "der")?.to_owned(), hash.to_owned());
        }
        let of = |name: &str| bytes(import(name)?, "der");
        Ok(Self {
            hashes,
            small,
            unusual: of("RSA-3072 private")?,
            wrong_crt: (of("PKCS#8 with inconsistent dP")?, of("PKCS#8")?),
            public: of("SPKI")?,
        })
    }

    fn hash(&self, pkcs8: &[u8]) -> Result<String, GenerateError> {
        self.hashes.get(&b64::encode(pkcs8)).cloned().ok_or_else(|| broken("a key that is not known"))
    }
}

/// An identity as it has to be understood; keys as PKCS#8.
#[derive(Clone)]
struct Understood {
    user: [String; 2],
    device: [String; 2],
    current: [Vec<u8>; 2],
    prepared: Option<[Vec<u8>; 2]>,
    old: [Vec<Vec<u8>>; 2],
    warnings: Vec<Told>,
}

impl Understood {
    /// The canonical document.
    fn document(&self) -> Bson {
        let [encryption, signing] = &self.current;
        let mut document = Bson::default()
            .string("userId", &self.user[1])
            .string("keyId", &self.device[1])
            .string("encryptionKey", &latin1(encryption))
            .string("signingKey", &latin1(signing));
        if let Some([encryption, signing]) = &self.prepared {
            document =
                document.string("newEncryptionKey", &latin1(encryption)).string("newSigningKey", &latin1(signing));
        }
        document
            .array("serializedOldEncryptionKeys", strings(&self.old[0]))
            .array("serializedOldSigningKeys", strings(&self.old[1]))
    }

    fn output(
        &self,
        hash: impl Fn(&[u8]) -> Result<String, GenerateError>,
    ) -> Result<identity_read::Output, GenerateError> {
        let pair = |[encryption, signing]: &[Vec<u8>; 2]| {
            Ok::<_, GenerateError>(Pair { encryption: hash(encryption)?, signing: hash(signing)? })
        };
        let all = |usage: usize| {
            let prepared = self.prepared.iter().map(|pair| &pair[usage]);
            let mut hashes = Vec::new();
            for key in std::iter::once(&self.current[usage]).chain(prepared).chain(&self.old[usage]) {
                let hash = hash(key)?;
                if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            }
            Ok::<_, GenerateError>(hashes)
        };
        Ok(identity_read::Output {
            user: self.user[0].clone(),
            device: self.device[0].clone(),
            current: pair(&self.current)?,
            prepared: self.prepared.as_ref().map(pair).transpose()?,
            encryption_keys: all(0)?,
            signing_keys: all(1)?,
            warnings: self.warnings.clone(),
            written: Binary::of(&self.document().finish()),
        })
    }
}

/// Bytes as code points U+0000 to U+00FF.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn strings(keys: &[Vec<u8>]) -> Bson {
    keys.iter().enumerate().fold(Bson::default(), |array, (place, key)| array.string(&place.to_string(), &latin1(key)))
}

fn peers(peer: &Peer<'_>) -> Result<Draft<IdentityRead>, GenerateError> {
    let mut draft = Draft::peers("identity/read-peers", "idn-peer", "peer/identity/");
    let manifest = peer.json("identity/manifest.json")?;
    let key_list = |file: &Value, member: &str| {
        let keys = file[member].as_array().into_iter().flatten();
        keys.map(|key| b64::decode_strict(key.as_str().unwrap_or_default()).map_err(broken))
            .collect::<Result<Vec<_>, _>>()
    };
    for file in list(&manifest, "files")? {
        let (name, by) = (text(file, "file")?, text(file, "by")?);
        let (content, path) = peer.file(name)?;
        let s64 = |member| text(file, member).map(str::to_owned);
        let ids = [s64("userIdS64")?, s64("keyIdS64")?];
        let [user, device] = [hyphenated(&ids[0])?, hyphenated(&ids[1])?];
        let [user_s64, device_s64] = ids;
        let prepared = match file["newEncryptionKey"].is_string() {
            true => Some([bytes(file, "newEncryptionKey")?, bytes(file, "newSigningKey")?]),
            false => None,
        };
        let understood = Understood {
            user: [user, user_s64],
            device: [device, device_s64],
            current: [bytes(file, "encryptionKey")?, bytes(file, "signingKey")?],
            prepared,
            old: [key_list(file, "oldEncryptionKeys")?, key_list(file, "oldSigningKeys")?],
            warnings: Vec::new(),
        };
        let has_old = list(file, "fieldOrder")?.iter().any(|field| field == "serializedOldEncryptionKeys");
        if has_old && understood.document().finish() != content {
            return Err(broken(format!("{name} is not canonical")));
        }
        let input = identity_read::Input { document: Binary::in_file(&content, path) };
        let rule = if has_old { "IDN-02" } else { "IDN-03" };
        draft.valid(rule, format!("{name}: {by}"), input, understood.output(hash_of)?, 0);
    }
    for case in list(&manifest, "importErrors")? {
        let (name, data) = (text(case, "name")?, bytes(case, "data")?);
        let (rule, error) = match name {
            "empty buffer" => ("IDN-20", "malformed"),
            "signingKey missing" => ("IDN-21", "legacy-identity"),
            "userId missing" => ("IDN-22", "malformed"),
            "encryptionKey not DER" => ("IDN-18", "malformed"),
            "encryptionKey as binary instead of string" => ("IDN-14", "malformed"),
            "only newEncryptionKey" => ("IDN-13", "prepared-incomplete"),
            "old key invalid" => {
                // Tested below, with keys that this file knows.
                continue;
            }
            _ => ("IDN-19", "malformed"),
        };
        let flags: &[&str] =
            if case["go"] == "accepted" { &["IdentityTrick", "PeerAccepts"] } else { &["IdentityTrick"] };
        let input = identity_read::Input { document: draft.binary(&data) };
        draft.invalid(rule, name, input, error, flags);
    }
    Ok(draft)
}

/// The hash of a private key, from the two numbers of its public half.
pub(super) fn hash_of(pkcs8: &[u8]) -> Result<String, GenerateError> {
    // PKCS#8: SEQUENCE (4 bytes), version (3), algorithm (15), OCTET STRING (4 bytes), then PKCS#1.
    let numbers = super::der::numbers(pkcs8.get(26..).ok_or_else(|| broken("a short key"))?)?;
    let [_, modulus, exponent, ..] = &numbers[..] else { return Err(broken("a key without numbers")) };
    let numbers = [super::der::integer(modulus), super::der::integer(exponent)].concat();
    Ok(b64::encode(digest(&SHA256, &super::der::spki_of(&numbers))))
}

pub(super) fn hyphenated(s64: &str) -> Result<String, GenerateError> {
    let digits = hex::encode(b64::decode_s64(s64).map_err(broken)?);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default().to_owned());
    Ok(parts.join("-"))
}

fn ours(keys: &Keys) -> Result<Draft<IdentityRead>, GenerateError> {
    let mut draft = Draft::ours("identity/read", "idn-read");
    let pkcs8: Vec<Vec<u8>> = keys.small.iter().map(|(pkcs8, _)| pkcs8.clone()).collect();
    let understood = Understood {
        user: [USER.to_owned(), USER_S64.to_owned()],
        device: [DEVICE.to_owned(), DEVICE_S64.to_owned()],
        current: [pkcs8[0].clone(), pkcs8[1].clone()],
        prepared: None,
        old: [vec![pkcs8[2].clone()], vec![pkcs8[3].clone()]],
        warnings: Vec::new(),
    };
    let no_old = Understood { old: [Vec::new(), Vec::new()], ..understood.clone() };
    let prepared = Understood { prepared: Some([pkcs8[2].clone(), pkcs8[3].clone()]), ..no_old.clone() };
    let head = |user: &str, device: &str| Bson::default().string("userId", user).string("keyId", device);
    let ids = || head(USER_S64, DEVICE_S64);
    let [encryption, signing] = [latin1(&pkcs8[0]), latin1(&pkcs8[1])];
    let current = |document: Bson| document.string("encryptionKey", &encryption).string("signingKey", &signing);
    let lists = |document: Bson, old: &Understood| {
        document
            .array("serializedOldEncryptionKeys", strings(&old.old[0]))
            .array("serializedOldSigningKeys", strings(&old.old[1]))
    };

    let mut accept = |rule: &str, comment: &str, document: Bson, as_what: &Understood| {
        let input = identity_read::Input { document: draft.binary(&document.finish()) };
        draft.valid(rule, comment, input, as_what.output(|key| keys.hash(key))?, 0);
        Ok::<_, GenerateError>(())
    };
    accept("IDN-01", "the canonical document", understood.document(), &understood)?;
    accept("IDN-02", "with a prepared renewal", prepared.document(), &prepared)?;
    accept("IDN-03", "no former keys, empty lists", no_old.document(), &no_old)?;
    accept("IDN-10", "no lists", current(ids()), &no_old)?;
    accept(
        "IDN-10",
        "lists null",
        current(ids()).null("serializedOldEncryptionKeys").null("serializedOldSigningKeys"),
        &no_old,
    )?;
    for (place, member) in ["serializedOldEncryptionKeys", "serializedOldSigningKeys"].into_iter().enumerate() {
        let mut one = no_old.clone();
        one.old[place].clone_from(&understood.old[place]);
        accept("IDN-10", &format!("{member} alone"), current(ids()).array(member, strings(&one.old[place])), &one)?;
    }
    let names = strings(&[pkcs8[2].clone()]).finish();
    let renamed = [&names[..5], b"7", &names[6..]].concat();
    let document = current(ids())
        .field(0x04, "serializedOldEncryptionKeys", &renamed)
        .array("serializedOldSigningKeys", strings(&understood.old[1]));
    accept("IDN-10", "another name inside a list", document, &understood)?;
    let extra = Bson::default().int32("a", 1).document("b", Bson::default().null("c"));
    let document = lists(current(extra.string("keyId", DEVICE_S64).string("userId", USER_S64)), &understood);
    accept("IDN-11", "extra fields, another order", document, &understood)?;
    let backwards = Bson::default()
        .array("serializedOldSigningKeys", strings(&understood.old[1]))
        .array("serializedOldEncryptionKeys", strings(&understood.old[0]))
        .string("signingKey", &signing)
        .string("encryptionKey", &encryption)
        .string("keyId", DEVICE_S64)
        .string("userId", USER_S64);
    accept("IDN-11", "everything backwards", backwards, &understood)?;
    let document = lists(current(ids()).null("newEncryptionKey").null("newSigningKey"), &no_old);
    accept("IDN-12", "both new keys null", document, &no_old)?;
    let bare = |place: usize| latin1(&keys.small[place].1);
    let document = lists(ids().string("encryptionKey", &bare(0)).string("signingKey", &bare(1)), &no_old);
    accept("IDN-15", "current keys in PKCS#1", document, &no_old)?;
    let pkcs1 = |place: usize| strings(&[keys.small[place].1.clone()]);
    let document =
        current(ids()).array("serializedOldEncryptionKeys", pkcs1(2)).array("serializedOldSigningKeys", pkcs1(3));
    accept("IDN-15", "former keys in PKCS#1", document, &understood)?;
    let warning = |code: &str| Told { code: code.to_owned(), usage: None, index: None };
    let unusual = Understood {
        current: [keys.unusual.clone(), pkcs8[1].clone()],
        warnings: vec![warning("unusual-size")],
        ..no_old.clone()
    };
    accept("IDN-16", "an encryption key of 3072 bits", unusual.document(), &unusual)?;
    let wrong_crt = Understood {
        current: [keys.wrong_crt.0.clone(), pkcs8[1].clone()],
        warnings: vec![warning("crt-recomputed")],
        ..no_old.clone()
    };
    let right = Understood { current: [keys.wrong_crt.1.clone(), pkcs8[1].clone()], ..wrong_crt.clone() };
    accept("KEY-13", "an encryption key with a wrong dP", wrong_crt.document(), &right)?;
    let dropped = |usage, index| Told { code: "old-key-dropped".to_owned(), usage: Some(usage), index: Some(index) };
    for (comment, bad) in [
        ("empty", Bson::default().string("0", "")),
        ("text", Bson::default().string("0", "not a key")),
        ("cut", Bson::default().string("0", &latin1(&pkcs8[2][..300]))),
        ("public", Bson::default().string("0", &latin1(&keys.public))),
        ("base64", Bson::default().string("0", &b64::encode(&pkcs8[2]))),
        ("beyond Latin-1", Bson::default().string("0", "\u{100}")),
        ("binary", Bson::default().binary("0", 0, &pkcs8[2])),
        ("null", Bson::default().null("0")),
        ("a list of a list", Bson::default().array("0", strings(&[pkcs8[2].clone()]))),
    ] {
        let mut only = no_old.clone();
        only.warnings = vec![dropped(Usage::Encryption, 0)];
        let document =
            current(ids()).array("serializedOldEncryptionKeys", bad).array("serializedOldSigningKeys", Bson::default());
        accept("IDN-17", &format!("a former encryption key is bad: {comment}"), document, &only)?;
    }
    let bad_between =
        Bson::default().string("0", &latin1(&pkcs8[2])).string("1", "bad").string("2", &latin1(&pkcs8[3]));
    let mut kept = no_old.clone();
    kept.old[1] = vec![pkcs8[2].clone(), pkcs8[3].clone()];
    kept.warnings = vec![dropped(Usage::Signing, 1)];
    let document = current(ids())
        .array("serializedOldEncryptionKeys", Bson::default())
        .array("serializedOldSigningKeys", bad_between);
    accept("IDN-17", "a bad former signing key between good ones", document, &kept)?;
    for (rule, comment, user, device) in [
        ("IDN-23", "in base64", format!("{USER_S64}=="), format!("{DEVICE_S64}==")),
        ("IDN-23", "with spare bits set", format!("{}h", &USER_S64[..21]), format!("{}B", &DEVICE_S64[..21])),
        ("IDN-24", "hyphenated", USER.to_owned(), DEVICE.to_owned()),
        ("IDN-24", "hyphenated in upper case", USER.to_uppercase(), DEVICE.to_uppercase()),
    ] {
        accept(rule, &format!("ids {comment}"), lists(current(head(&user, &device)), &no_old), &no_old)?;
    }
    for rule in ["IDN-25", "KEY-14"] {
        let one = Understood { current: [pkcs8[0].clone(), pkcs8[0].clone()], ..no_old.clone() };
        accept(rule, "one key for both uses", one.document(), &one)?;
    }
    let again =
        Understood { old: [vec![pkcs8[0].clone(), pkcs8[2].clone(), pkcs8[2].clone()], Vec::new()], ..no_old.clone() };
    accept("IDN-10", "the current key and a former one twice in the list", again.document(), &again)?;
    refused::add(&mut draft, keys, &understood)?;
    Ok(draft)
}
