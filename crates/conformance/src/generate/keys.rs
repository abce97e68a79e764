//! `keys/import*.json`: keys in the peers' encodings, sizes at every boundary, private keys with one wrong number.

use super::der::{self, Bson};
use super::peer::{Peer, bytes, list, number, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::kinds::key_import::{self, Half, KeyImport};
use ring::digest::{SHA256, digest};
use sealwright_types::b64;
use serde_json::Value;

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let data = peer.json("rsa.json")?;
    peers(&data)?.finish(files)?;
    ours(&data)?.finish(files)
}

fn input(kind: Half, der: &[u8]) -> key_import::Input {
    key_import::Input { kind, der: b64::encode(der) }
}

fn output(bits: u64, spki: &[u8], pkcs8: Option<&[u8]>, warnings: &[&str]) -> key_import::Output {
    key_import::Output {
        bits,
        hash: b64::encode(digest(&SHA256, spki)),
        pkcs8: pkcs8.map(b64::encode),
        spki: b64::encode(spki),
        warnings: warnings.iter().map(|&warning| warning.to_owned()).collect(),
    }
}

fn peers(data: &Value) -> Result<Draft<KeyImport>, GenerateError> {
    let mut draft = Draft::peers("keys/import-peers", "key-peer", "peer/rsa.json");
    for key in list(data, "keys")? {
        let (id, bits) = (text(key, "id")?, number(key, "bits")?);
        let (pkcs8, spki) = (bytes(key, "pkcs8")?, bytes(key, "spki")?);
        if b64::encode(digest(&SHA256, &spki)) != text(key, "keyHash")? {
            return Err(GenerateError::Peer(format!("the hash of {id}")));
        }
        for (rule, encoding, kind) in [
            ("KEY-21", "pkcs8", Half::Private),
            ("KEY-02", "pkcs1", Half::Private),
            ("KEY-23", "spki", Half::Public),
            ("KEY-03", "pkcs1Public", Half::Public),
        ] {
            let private = (kind == Half::Private).then_some(&pkcs8[..]);
            let comment = format!("{id}, {encoding}");
            draft.valid(rule, comment, input(kind, &bytes(key, encoding)?), output(bits, &spki, private, &[]), 0);
        }
    }
    let imports = list(data, "imports")?;
    let good = |name: &str| imports.iter().find(|case| case["name"] == name).ok_or_else(|| broken(name));
    let (pkcs8, spki) = (bytes(good("PKCS#8")?, "der")?, bytes(good("SPKI")?, "der")?);
    for case in imports {
        let (name, der) = (text(case, "name")?, bytes(case, "der")?);
        let kind = if text(case, "kind")? == "private" { Half::Private } else { Half::Public };
        let public = |of: &str| bytes(good(of)?, "der");
        let private = |of| (kind == Half::Private).then_some(of);
        let (rule, accepted) = match name {
            "PKCS#8" | "SPKI" => ("KEY-01", Some(output(2048, &spki, private(&pkcs8[..]), &[]))),
            "bare PKCS#1 private" => ("KEY-02", Some(output(2048, &spki, Some(&pkcs8), &[]))),
            "bare PKCS#1 public" => ("KEY-03", Some(output(2048, &spki, None, &[]))),
            "PKCS#8 with empty attributes [0]" => ("KEY-04", Some(output(2048, &spki, Some(&pkcs8), &[]))),
            "RSA-1536 public" | "RSA-1536 private" => {
                ("KEY-09", Some(output(1536, &public("RSA-1536 public")?, private(&der[..]), &["unusual-size"])))
            }
            "RSA-3072 public" | "RSA-3072 private" => {
                ("KEY-09", Some(output(3072, &public("RSA-3072 public")?, private(&der[..]), &["unusual-size"])))
            }
            "RSA-2048 e=3 public" | "RSA-2048 e=3 private" => {
                ("KEY-11", Some(output(2048, &public("RSA-2048 e=3 public")?, private(&der[..]), &[])))
            }
            "PKCS#8 with inconsistent dP" | "PKCS#8 with inconsistent qInv" => {
                ("KEY-13", Some(output(2048, &spki, Some(&pkcs8), &["crt-recomputed"])))
            }
            "PKCS#8 + 1 trailing byte" => ("KEY-06", None),
            "SPKI + 1 trailing byte" | "bare PKCS#1 public + trailing byte" => ("KEY-07", None),
            "RSA-512 public" | "RSA-512 private" => ("KEY-10", None),
            "PKCS#8 with inconsistent d" => ("KEY-12", None),
            _ => ("KEY-05", None),
        };
        match accepted {
            Some(output) => draft.valid(rule, name, input(kind, &der), output, 0),
            None => {
                let peer = list(case, "outcomes")?.iter().any(|outcome| outcome["ok"] == true);
                let flags: &[&str] = if peer { &["KeyTrick", "PeerAccepts"] } else { &["KeyTrick"] };
                draft.invalid(rule, name, input(kind, &der), error(rule), flags);
            }
        }
    }
    Ok(draft)
}

fn error(rule: &str) -> &'static str {
    match rule {
        "KEY-10" => "key-size",
        "KEY-12" => "key-inconsistent",
        _ => "key-malformed",
    }
}

fn ours(data: &Value) -> Result<Draft<KeyImport>, GenerateError> {
    let mut draft = Draft::ours("keys/import", "key-import");
    for bits in [512, 1016, 1023, 1024, 1025, 1536, 2047, 2048, 2049, 3072, 4095, 4096, 4097, 8191, 8192, 8193, 16384] {
        let spki = der::spki(&modulus(bits), 65537);
        let comment = format!("a public key of {bits} bits");
        let output = |warnings: &[&str]| output(bits, &spki, None, warnings);
        match bits {
            1024 | 2048 | 4096 => draft.valid("KEY-08", comment, input(Half::Public, &spki), output(&[]), 0),
            1025..=8192 => draft.valid("KEY-09", comment, input(Half::Public, &spki), output(&["unusual-size"]), 0),
            _ => draft.invalid("KEY-10", comment, input(Half::Public, &spki), "key-size", &["KeyTrick"]),
        }
    }
    for (exponent, good) in [
        (0, false),
        (1, false),
        (2, false),
        (3, true),
        (4, false),
        (17, true),
        (65536, false),
        (65537, true),
        ((1 << 32) + 1, true),
        ((1 << 33) - 1, true),
        ((1 << 33) + 1, false),
        (u64::MAX, false),
    ] {
        let spki = der::spki(&modulus(2048), exponent);
        let comment = format!("a public exponent of {exponent}");
        match good {
            true => draft.valid("KEY-11", comment, input(Half::Public, &spki), output(2048, &spki, None, &[]), 0),
            false => draft.invalid("KEY-11", comment, input(Half::Public, &spki), "key-malformed", &["KeyTrick"]),
        }
    }
    odd_encodings(&mut draft, data)?;
    wrong_numbers(&mut draft, data)?;
    Ok(draft)
}

/// An odd number of exactly so many bits. Nobody can tell whether it is the product of two primes.
fn modulus(bits: u64) -> Vec<u8> {
    let length = bits.div_ceil(8);
    let mut bytes = expand(&format!("modulus of {bits}"), length as usize);
    if let Some(first) = bytes.first_mut() {
        let unused = length * 8 - bits;
        *first = (*first | 0x80) >> unused;
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    bytes
}

fn odd_encodings(draft: &mut Draft<KeyImport>, data: &Value) -> Result<(), GenerateError> {
    let key = list(data, "keys")?.first().ok_or_else(|| broken("no key"))?;
    let (pkcs8, spki) = (bytes(key, "pkcs8")?, bytes(key, "spki")?);
    let (pkcs1, public) = (bytes(key, "pkcs1")?, bytes(key, "pkcs1Public")?);
    let (n, e) = (modulus(2048), der::integer(&65537_u32.to_be_bytes()));
    let mut even = n.clone();
    if let Some(last) = even.last_mut() {
        *last &= 0xfe;
    }
    let spki_of = |modulus: Vec<u8>| der::spki_of(&[modulus, e.clone()].concat());
    for (comment, kind, der) in [
        ("an even modulus", Half::Public, spki_of(der::integer(&even))),
        (
            "a modulus without sign byte: negative",
            Half::Public,
            spki_of(der::element(der::INTEGER, &[&[0x80][..], &n[1..]].concat())),
        ),
        (
            "a modulus with a zero byte too many",
            Half::Public,
            spki_of(der::element(der::INTEGER, &[&[0, 0x00], &n[..]].concat())),
        ),
        ("a modulus of no bytes", Half::Public, spki_of(der::element(der::INTEGER, &[]))),
        ("a third number in the public key", Half::Public, spki_of([der::integer(&n), e.clone()].concat())),
        ("base64 text in place of DER", Half::Public, b64::encode(&spki).into_bytes()),
        ("base64 text in place of DER", Half::Private, b64::encode(&pkcs8).into_bytes()),
        ("a length of indefinite form", Half::Public, [&[0x30, 0x80], &spki[3..], &[0, 0]].concat()),
        ("a length in more bytes than needed", Half::Public, [&[0x30, 0x82, 0x00], &spki[2..]].concat()),
        ("a BSON document", Half::Private, Bson::default().binary("key", 0, &pkcs8).finish()),
    ] {
        draft.invalid("KEY-05", comment, input(kind, &der), "key-malformed", &["KeyTrick"]);
    }
    for (name, kind, whole, trailing) in [
        ("PKCS#8", Half::Private, &pkcs8, "KEY-06"),
        ("PKCS#1", Half::Private, &pkcs1, "KEY-06"),
        ("SPKI", Half::Public, &spki, "KEY-07"),
        ("public PKCS#1", Half::Public, &public, "KEY-07"),
    ] {
        for end in [1, 2, 3, 4, whole.len() / 2, whole.len() - 1] {
            let der = whole.get(..end).unwrap_or_default();
            draft.invalid(
                "KEY-05",
                format!("{name} cut to {end} bytes"),
                input(kind, der),
                "key-malformed",
                &["Truncation"],
            );
        }
        for after in [&[0][..], &[0xff], &[0; 16], whole] {
            let der = [whole, after].concat();
            let comment = format!("{name} with {} bytes after it", after.len());
            draft.invalid(trailing, comment, input(kind, &der), "key-malformed", &["KeyTrick"]);
        }
    }
    Ok(())
}

/// Each of the numbers of a private key wrong in turn, for a key of each size.
fn wrong_numbers(draft: &mut Draft<KeyImport>, data: &Value) -> Result<(), GenerateError> {
    for key in list(data, "keys")?.iter().filter(|key| key["source"] == "go") {
        let (bits, pkcs8, spki) = (number(key, "bits")?, bytes(key, "pkcs8")?, bytes(key, "spki")?);
        let good = der::numbers(&bytes(key, "pkcs1")?)?;
        if der::pkcs8(&good) != pkcs8 {
            return Err(broken("a key that is not written as expected"));
        }
        for (place, name) in ["version", "n", "e", "d", "p", "q", "dP", "dQ", "qInv"].into_iter().enumerate().skip(1) {
            let mut numbers = good.clone();
            // A bit in the middle: size and parity stay.
            if let Some(byte) = numbers.get_mut(place).and_then(|number| {
                let middle = number.len() / 2;
                number.get_mut(middle)
            }) {
                *byte ^= 0x10;
            }
            let input = input(Half::Private, &der::pkcs8(&numbers));
            let comment = format!("{bits} bits, {name} wrong by a bit");
            match name {
                "dP" | "dQ" | "qInv" => {
                    draft.valid("KEY-13", comment, input, output(bits, &spki, Some(&pkcs8), &["crt-recomputed"]), 0);
                }
                _ => draft.invalid("KEY-12", comment, input, "key-inconsistent", &["WrongNumber"]),
            }
        }
        let mut same = good.clone();
        if let (Some(p), Some(q)) = (good.get(4).cloned(), same.get_mut(5)) {
            *q = p;
        }
        let input = input(Half::Private, &der::pkcs8(&same));
        draft.invalid("KEY-12", format!("{bits} bits, p in place of q"), input, "key-inconsistent", &["WrongNumber"]);
    }
    Ok(())
}
