//! `keys/token-open.json` and `keys/symmetric-unwrap.json`: session keys wrapped for devices and under other keys.

use super::envelope::{key, sealed};
use super::peer::{Peer, bytes, list, text};
use super::rsa::{checked, private, wrapped};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::kinds::symmetric_unwrap::{self, Record, SymmetricUnwrap};
use crate::kinds::token_open::{self, TokenOpen};
use sealwright_types::b64;
use sealwright_wrap::PrivateKey;
use serde_json::Value;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let (sessions, keys) = (peer.json("session.json")?, peer.json("rsa.json")?);
    peer_tokens(&sessions)?.finish(files)?;
    our_tokens(&keys)?.finish(files)?;
    peer_wraps(&sessions)?.finish(files)?;
    our_wraps()?.finish(files)
}

fn s64(bytes: &[u8]) -> String {
    b64::encode(bytes).replace('/', "%").replace('=', "")
}

fn output(session_key: &[u8], by: &str) -> token_open::Output {
    token_open::Output { session_key: b64::encode(session_key), opened_by: by.to_owned() }
}

fn peer_tokens(data: &Value) -> Result<Draft<TokenOpen>, GenerateError> {
    let mut draft = Draft::peers("keys/token-open-peers", "token-peer", "peer/session.json");
    for entry in list(data, "encryptedMessageKeys")? {
        let (owner, hash) = (text(entry, "privateKeyOf")?, text(entry, "createdForKeyHash")?);
        let mut keys = vec![text(&data["users"][owner], "encryptionKey")?.to_owned()];
        for old in list(&data["users"][owner], "oldEncryptionKeys")? {
            keys.push(old.as_str().unwrap_or_default().to_owned());
        }
        let (token, session_key) = (text(entry, "token")?, bytes(entry, "sessionKey")?);
        let input = |token: &str, hash: Option<&str>| token_open::Input {
            keys: keys.clone(),
            created_for_key_hash: hash.map(str::to_owned),
            token: token.to_owned(),
            try_all_keys: false,
        };
        let comment = format!("{owner}: {}", text(entry, "how")?);
        let standard = b64::encode(b64::decode_s64(token).map_err(broken)?);
        for (rule, what, input) in [
            ("EMK-01", "as written", input(token, Some(hash))),
            ("EMK-03", "in standard base64", input(&standard, Some(hash))),
            ("EMK-11", "without hash", input(token, None)),
        ] {
            draft.valid(
                rule,
                format!("{comment}; {what}"),
                input,
                output(&session_key, hash),
                session_key.len() as u64,
            );
        }
    }
    Ok(draft)
}

fn our_tokens(data: &Value) -> Result<Draft<TokenOpen>, GenerateError> {
    let mut draft = Draft::ours("keys/token-open", "token-open");
    let ids = ["1024/go", "1024/js-forge", "1024/js-webcrypto", "2048/go"];
    let keys = ids.iter().map(|id| private(data, id)).collect::<Result<Vec<_>, _>>()?;
    let (texts, [right, other, third, large]): (Vec<String>, [PrivateKey; 4]) = {
        let (texts, keys): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
        (texts, keys.try_into().map_err(|_| broken("four keys"))?)
    };
    let input = |keys: &[usize], hash: Option<String>, token: &str| token_open::Input {
        keys: keys.iter().map(|&place| texts[place].clone()).collect(),
        created_for_key_hash: hash,
        token: token.to_owned(),
        try_all_keys: false,
    };
    let hash = |key: &PrivateKey| Some(key.hash().to_string());
    let by = right.hash().to_string();
    for length in [32, 48, 64] {
        let session_key = expand("session key", length);
        let token = b64::encode(wrapped(right.public(), "token", &checked(&session_key))?);
        let comment = format!("a key of {length} bytes");
        draft.valid("EMK-01", comment, input(&[0], hash(&right), &token), output(&session_key, &by), length as u64);
    }
    for length in [0, 1, 16, 31, 33, 47, 49, 63, 65, 80, 82] {
        let token = b64::encode(wrapped(right.public(), "token", &checked(&expand("session key", length)))?);
        let comment = format!("{length} bytes under a good CRC");
        draft.invalid("EMK-01", comment, input(&[0], hash(&right), &token), "no-token", &["KeyLength"]);
    }
    let session_key = expand("session key", 64);
    let bytes = wrapped(right.public(), "token", &checked(&session_key))?;
    let (token, released) = (b64::encode(&bytes), 64);
    let good = || output(&session_key, &by);
    // 128 bytes leave four spare bits in the last character.
    let spare = format!("{}{}", &s64(&bytes)[..170], spare_bits(&s64(&bytes)));
    for (comment, text) in [
        ("standard base64", token.clone()),
        ("S64", s64(&bytes)),
        ("base64 without padding", token.replace('=', "")),
        ("S64 with padding", token.replace('/', "%")),
        ("S64 with spare bits set", spare),
        ("padding in the middle", format!("{}={}", &token[..20], &token[20..])),
    ] {
        draft.valid("EMK-03", comment, input(&[0], hash(&right), &text), good(), released);
    }
    for (comment, text) in [
        ("no text", String::new()),
        ("url alphabet", token.replace('+', "-").replace('/', "_")),
        ("a line break", format!("{}\n{}", &token[..64], &token[64..])),
        ("a space after it", format!("{token} ")),
        ("a foreign character", format!("{token}!")),
        ("one character left over", format!("{}AAA", token.replace('=', ""))[..173].to_owned()),
    ] {
        draft.invalid("EMK-03", comment, input(&[0], hash(&right), &text), "malformed", &["Base64Junk"]);
    }
    for (comment, keys, hash) in [
        ("the right hash among several keys", &[1, 0, 2, 3][..], hash(&right)),
        ("the right hash in S64", &[1, 0, 2], Some(s64(right.hash().as_bytes()))),
    ] {
        draft.valid("EMK-10", comment, input(keys, hash, &token), good(), released);
    }
    for (comment, hash) in [("no hash", None), ("an empty hash", Some(String::new()))] {
        draft.valid("EMK-11", comment, input(&[3, 2, 1, 0], hash, &token), good(), released);
    }
    for (comment, keys) in [("no hash, the right key is not there", &[1, 2, 3][..]), ("no hash, no key at all", &[])] {
        draft.invalid("EMK-11", comment, input(keys, None, &token), "no-token", &["WrongHash"]);
    }
    for (comment, keys, hash) in [
        ("the hash of another key that is there", &[0, 1, 2][..], hash(&other)),
        ("the hash of another key of another size", &[0, 3], hash(&large)),
        ("the hash of a key that is not there", &[0, 1], hash(&third)),
        ("a hash of zeros", &[0], Some(b64::encode([0; 32]))),
    ] {
        draft.invalid("EMK-12", comment, input(keys, hash.clone(), &token), "no-token", &["WrongHash"]);
        let all = token_open::Input { try_all_keys: true, ..input(keys, hash, &token) };
        draft.valid("EMK-12", format!("{comment}, all keys tried"), all, good(), released);
    }
    for (comment, hash) in [
        ("a hash of 31 bytes", b64::encode([0; 31])),
        ("a hash of 33 bytes", b64::encode([0; 33])),
        ("a hash in hexadecimal", hex::encode(right.hash().as_bytes())),
        ("a hash that is no base64", "!".to_owned()),
    ] {
        draft.invalid("EMK-03", comment, input(&[0], Some(hash), &token), "malformed", &["WrongHash"]);
    }
    for (comment, content) in [
        ("a wrong CRC", [&[0; 4], &session_key[..]].concat()),
        ("no CRC", session_key.clone()),
        ("64 bytes of which four are the CRC", checked(&session_key[..60])),
    ] {
        let token = b64::encode(wrapped(right.public(), comment, &content)?);
        draft.invalid("EMK-01", comment, input(&[0], hash(&right), &token), "no-token", &["Checksum"]);
    }
    // B64-04 drops the padding: what is left are no bytes.
    draft.invalid("EMK-01", "padding only", input(&[0], hash(&right), "=="), "no-token", &["Truncation"]);
    for end in [1, 64, 127] {
        let cut = b64::encode(&bytes[..end]);
        let comment = format!("the first {end} bytes of the token");
        draft.invalid("EMK-01", comment, input(&[0], hash(&right), &cut), "no-token", &["Truncation"]);
    }
    Ok(draft)
}

/// The last character of the text with its spare bits turned on.
fn spare_bits(text: &str) -> char {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = text.bytes().last().map(|byte| if byte == b'%' { b'/' } else { byte });
    let place = DIGITS.iter().position(|&digit| Some(digit) == last).unwrap_or(0);
    DIGITS.get(place | 3).map_or('A', |&digit| if digit == b'/' { '%' } else { char::from(digit) })
}

fn peer_wraps(data: &Value) -> Result<Draft<SymmetricUnwrap>, GenerateError> {
    let mut draft = Draft::peers("keys/symmetric-unwrap-peers", "wrap-peer", "peer/session.json");
    let mut put = |rule, comment: &str, record, key: &str, data: &str, session_key: &[u8]| {
        let standard = b64::decode_strict(data).map_err(broken)?;
        for (rule, spelling, data) in [(rule, "", data.to_owned()), ("WRAP-10", ", in S64", s64(&standard))] {
            let input = symmetric_unwrap::Input { record, key: key.to_owned(), data };
            let output = symmetric_unwrap::Output { session_key: b64::encode(session_key) };
            draft.valid(rule, format!("{comment}{spelling}"), input, output, session_key.len() as u64);
        }
        Ok::<_, GenerateError>(())
    };
    for entry in list(data, "proxyKeys")? {
        let (key, wrap) = (text(entry, "proxySessionKey")?, text(entry, "data")?);
        put("WRAP-01", "a proxy", Record::Proxy, key, wrap, &bytes(entry, "sessionKey")?)?;
    }
    for entry in list(data, "symEncKeys")? {
        let key = text(entry, "derivedSymKey").or_else(|_| text(entry, "rawSymKey"))?;
        let (kind, wrap) = (text(entry, "kind")?, text(&entry["addRequest"], "data")?);
        let comment = format!("a SymEncKey, {kind}");
        put("WRAP-02", &comment, Record::SymEncKey, key, wrap, &bytes(entry, "sessionKey")?)?;
    }
    for entry in list(data, "tmrAccesses")? {
        let key = text(entry, "rawOverEncryptionKey")?;
        let token = list(&entry["addRequest"], "tokens")?.first().ok_or_else(|| broken("no token"))?;
        put("WRAP-03", "a TMR access", Record::TmrAccess, key, text(token, "token")?, &bytes(entry, "sessionKey")?)?;
    }
    Ok(draft)
}

fn our_wraps() -> Result<Draft<SymmetricUnwrap>, GenerateError> {
    let mut draft = Draft::ours("keys/symmetric-unwrap", "wrap-open");
    let under = key(64);
    let session_key = expand("session key", 64);
    for (rule, record) in [("WRAP-01", Record::Proxy), ("WRAP-02", Record::SymEncKey), ("WRAP-03", Record::TmrAccess)] {
        let input = |key: &[u8], data: String| symmetric_unwrap::Input { record, key: b64::encode(key), data };
        for length in [32, 48, 64] {
            let session_key = expand("session key", length);
            let data = b64::encode(sealed(&under, "wrap", &session_key)?);
            let output = symmetric_unwrap::Output { session_key: b64::encode(&session_key) };
            draft.valid("WRAP-11", format!("a key of {length} bytes"), input(&under, data), output, length as u64);
            let short = key(length);
            let data = b64::encode(sealed(&short, "wrap", &expand("session key", 64))?);
            let output = symmetric_unwrap::Output { session_key: b64::encode(expand("session key", 64)) };
            draft.valid(rule, format!("under a key of {length} bytes"), input(&short, data), output, 64);
        }
        for length in [0, 1, 31, 33, 47, 49, 63, 65, 88, 128] {
            let data = b64::encode(sealed(&under, "wrap", &expand("session key", length))?);
            let comment = format!("{length} bytes under a good MAC");
            draft.invalid("WRAP-11", comment, input(&under, data), "rejected", &["KeyLength"]);
        }
        let text = b64::encode(&session_key).into_bytes();
        let data = b64::encode(sealed(&under, "wrap", &text)?);
        draft.invalid("WRAP-11", "the key as base64 text", input(&under, data), "rejected", &["KeyLength"]);
        let good = sealed(&under, "wrap", &session_key)?;
        for (comment, place) in [("IV", 3), ("ciphertext", 40), ("MAC", good.len() - 1)] {
            let mut damaged = good.clone();
            damaged[place] ^= 1;
            let comment = format!("a bit of the {comment} flipped");
            draft.invalid(rule, comment, input(&under, b64::encode(damaged)), "rejected", &["EarlyRelease"]);
        }
        draft.invalid(
            rule,
            "another key",
            input(&expand("another", 64), b64::encode(&good)),
            "rejected",
            &["EarlyRelease"],
        );
        for end in [1, 48, good.len() - 16, good.len() - 1] {
            let data = b64::encode(&good[..end]);
            draft.invalid(rule, format!("the first {end} bytes"), input(&under, data), "rejected", &["Truncation"]);
        }
        let text = b64::encode(&good);
        for (comment, data) in [
            ("no text", String::new()),
            ("url alphabet", text.replace('+', "-").replace('/', "_")),
            ("a line break after it", format!("{text}\n")),
            ("a foreign character", format!("{text}*")),
        ] {
            draft.invalid("WRAP-10", comment, input(&under, data), "malformed", &["Base64Junk"]);
        }
    }
    Ok(draft)
}
