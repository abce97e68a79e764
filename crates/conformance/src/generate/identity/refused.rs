//! Documents that a reader refuses.

use super::{DEVICE, DEVICE_S64, Keys, USER_S64, Understood, latin1, strings};
use crate::generate::der::{self, Bson};
use crate::generate::{Draft, GenerateError};
use crate::kinds::identity_read::{self, IdentityRead};
use sealwright_types::b64;

pub(super) fn add(draft: &mut Draft<IdentityRead>, keys: &Keys, good: &Understood) -> Result<(), GenerateError> {
    let [encryption, signing] = [&good.current[0], &good.current[1]];
    let ids = || Bson::default().string("userId", USER_S64).string("keyId", DEVICE_S64);
    let keys_of =
        |document: Bson| document.string("encryptionKey", &latin1(encryption)).string("signingKey", &latin1(signing));
    let whole = || keys_of(ids());
    let mut refuse = |rule: &str, comment: &str, bytes: &[u8], error: &str| {
        let input = identity_read::Input { document: draft.binary(bytes) };
        draft.invalid(rule, comment, input, error, &["IdentityTrick"]);
    };
    let beyond = format!("{}\u{100}", latin1(encryption));
    let document = ids().string("encryptionKey", &beyond).string("signingKey", &latin1(signing));
    refuse("IDN-01", "a code point beyond U+00FF", &document.finish(), "malformed");
    for (comment, new) in [
        ("only newEncryptionKey", whole().string("newEncryptionKey", &latin1(encryption))),
        ("only newSigningKey", whole().string("newSigningKey", &latin1(signing))),
        ("newSigningKey null", whole().string("newEncryptionKey", &latin1(encryption)).null("newSigningKey")),
        ("newEncryptionKey null", whole().null("newEncryptionKey").string("newSigningKey", &latin1(signing))),
    ] {
        refuse("IDN-13", comment, &new.finish(), "prepared-incomplete");
    }
    for (comment, document) in [
        (
            "encryptionKey as binary",
            ids().binary("encryptionKey", 0, encryption).string("signingKey", &latin1(signing)),
        ),
        ("signingKey as binary", ids().string("encryptionKey", &latin1(encryption)).binary("signingKey", 0, signing)),
        (
            "encryptionKey as base64",
            ids().string("encryptionKey", &b64::encode(encryption)).string("signingKey", &latin1(signing)),
        ),
        ("encryptionKey a document", ids().document("encryptionKey", ids()).string("signingKey", &latin1(signing))),
        (
            "encryptionKey a list of one",
            ids()
                .array("encryptionKey", strings(std::slice::from_ref(encryption)))
                .string("signingKey", &latin1(signing)),
        ),
        ("encryptionKey a number", ids().int32("encryptionKey", 1).string("signingKey", &latin1(signing))),
        (
            "newEncryptionKey as binary",
            whole().binary("newEncryptionKey", 0, encryption).string("newSigningKey", &latin1(signing)),
        ),
    ] {
        refuse("IDN-14", comment, &document.finish(), "malformed");
    }
    for (comment, key) in [
        ("empty", Vec::new()),
        ("text", b"not a key".to_vec()),
        ("cut", encryption[..300].to_vec()),
        ("with a byte after it", [&encryption[..], &[0]].concat()),
        ("public", keys.public.clone()),
        ("of 512 bits", der::spki(&[0xff; 64], 65537)),
    ] {
        for (name, document) in [
            ("encryptionKey", ids().string("encryptionKey", &latin1(&key)).string("signingKey", &latin1(signing))),
            ("signingKey", ids().string("encryptionKey", &latin1(encryption)).string("signingKey", &latin1(&key))),
            (
                "newEncryptionKey",
                whole().string("newEncryptionKey", &latin1(&key)).string("newSigningKey", &latin1(signing)),
            ),
            (
                "newSigningKey",
                whole().string("newEncryptionKey", &latin1(encryption)).string("newSigningKey", &latin1(&key)),
            ),
        ] {
            refuse("IDN-18", &format!("{name} {comment}"), &document.finish(), "malformed");
        }
    }
    let bytes = good.document().finish();
    refuse("IDN-20", "nothing", b"", "malformed");
    for end in [1, 4, 5, 27, 100, bytes.len() / 2, bytes.len() - 1] {
        refuse("IDN-19", &format!("the first {end} bytes"), &bytes[..end], "malformed");
    }
    for (comment, after) in [("a byte", &[0][..]), ("a line feed", b"\n"), ("itself", &bytes)] {
        refuse("IDN-19", &format!("{comment} after it"), &[&bytes, after].concat(), "malformed");
    }
    for length in [0, 4, bytes.len() - 1, bytes.len() + 1, i32::MAX as usize, u32::MAX as usize] {
        let lying = [&(length as u32).to_le_bytes(), &bytes[4..]].concat();
        refuse("IDN-19", &format!("own length {length}"), &lying, "malformed");
    }
    for (comment, document) in [
        ("no encryptionKey", ids().string("signingKey", &latin1(signing))),
        ("no signingKey", ids().string("encryptionKey", &latin1(encryption))),
        ("neither key", ids()),
        ("signingKey null", ids().string("encryptionKey", &latin1(encryption)).null("signingKey")),
        (
            "names of keys in capitals",
            ids().string("EncryptionKey", &latin1(encryption)).string("SigningKey", &latin1(signing)),
        ),
    ] {
        refuse("IDN-21", comment, &document.finish(), "legacy-identity");
    }
    let with = |user: Bson| keys_of(user);
    for (comment, document) in [
        ("no userId", with(Bson::default().string("keyId", DEVICE_S64))),
        ("no keyId", with(Bson::default().string("userId", USER_S64))),
        ("userId null", with(Bson::default().null("userId").string("keyId", DEVICE_S64))),
        ("userId empty", with(Bson::default().string("userId", "").string("keyId", DEVICE_S64))),
        ("userId no id", with(Bson::default().string("userId", "nobody").string("keyId", DEVICE_S64))),
        ("userId binary", with(Bson::default().binary("userId", 4, &[0x5a; 16]).string("keyId", DEVICE_S64))),
        ("userId a number", with(Bson::default().int32("userId", 1).string("keyId", DEVICE_S64))),
        ("keyId of 15 bytes", with(Bson::default().string("userId", USER_S64).string("keyId", &DEVICE_S64[..20]))),
        (
            "keyId without hyphens",
            with(Bson::default().string("userId", USER_S64).string("keyId", &DEVICE.replace('-', ""))),
        ),
    ] {
        refuse("IDN-22", comment, &document.finish(), "malformed");
    }
    for (comment, document) in [
        ("userId twice, the same", whole().string("userId", USER_S64)),
        ("userId twice", whole().string("userId", DEVICE_S64)),
        ("encryptionKey twice", whole().string("encryptionKey", &latin1(signing))),
        ("signingKey twice, the second null", whole().null("signingKey")),
        ("a list of former keys twice", good.document().array("serializedOldEncryptionKeys", Bson::default())),
    ] {
        refuse("IDN-11", comment, &document.finish(), "malformed");
    }
    for (comment, document) in [
        ("a list of former keys is text", whole().string("serializedOldEncryptionKeys", &latin1(encryption))),
        ("a list of former keys is a number", whole().int32("serializedOldSigningKeys", 0)),
        ("a list of former keys is binary", whole().binary("serializedOldSigningKeys", 0, signing)),
        ("a list of former keys is a document", whole().document("serializedOldEncryptionKeys", strings(&[]))),
    ] {
        refuse("IDN-10", comment, &document.finish(), "malformed");
    }
    // U+0130 and U+0030 have the same lowest byte: whoever cuts finds a good key.
    let same_bytes = |key: &[u8]| latin1(key).replacen('0', "\u{130}", 1);
    for (name, document) in [
        (
            "encryptionKey",
            ids().string("encryptionKey", &same_bytes(encryption)).string("signingKey", &latin1(signing)),
        ),
        ("signingKey", ids().string("encryptionKey", &latin1(encryption)).string("signingKey", &same_bytes(signing))),
    ] {
        refuse("IDN-01", &format!("{name} with U+0130 for U+0030"), &document.finish(), "malformed");
    }
    Ok(())
}
