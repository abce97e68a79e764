//! `blobs`, `secrets`.

use super::{Draft, Files, GenerateError, OWN, STATED};
use crate::kinds::process::stores::{Blobs, BlobsIn, BlobsOut, Secrets, SecretsIn, SecretsOut, Step};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    blobs().finish(files)?;
    secrets().finish(files)
}

fn blobs() -> Draft<Blobs> {
    let mut draft = Draft::ours("process/blobs", "proc-blob");
    let key = "ab".repeat(32);
    let request = |value: &str, ttl: Option<u64>| match ttl {
        Some(ttl) => format!("{{\"key\":\"{key}\",\"value\":\"{value}\",\"ttl\":{ttl}}}"),
        None => format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}"),
    };
    let put = |now, value: &str, ttl| Step { now, put: Some(request(value, ttl)), get: None };
    let get = |now| Step { now, put: None, get: Some(key.clone()) };
    let given = |steps: Vec<Step>| BlobsIn { permanent: false, steps };
    let found = |value: &str| BlobsOut { value: Some(value.into()) };
    let done = || BlobsOut { value: None };
    for ttl in [60, 61, 86_400, 31_535_999, 31_536_000] {
        draft.accepts("PROC-80", STATED, format!("ttl {ttl}"), given(vec![put(7, "00", Some(ttl))]), done(), 0);
        let kept = given(vec![put(7, "00ff", Some(ttl)), get(6 + ttl)]);
        draft.accepts("PROC-81", STATED, format!("ttl {ttl}, the second before"), kept, found("00ff"), 0);
        let gone = given(vec![put(7, "00ff", Some(ttl)), get(7 + ttl)]);
        draft.refuses("PROC-81", STATED, format!("ttl {ttl}, expired"), gone, "not-found");
    }
    for ttl in [0, 1, 59, 31_536_001, u64::MAX] {
        draft.refuses("PROC-80", STATED, format!("ttl {ttl}"), given(vec![put(0, "00", Some(ttl))]), "bad-ttl");
    }
    let day = || vec![put(0, "00", None)];
    draft.accepts(
        "PROC-80",
        STATED,
        "no ttl: the last second of a day",
        given([day(), vec![get(86_399)]].concat()),
        found("00"),
        0,
    );
    draft.refuses("PROC-80", STATED, "no ttl: after a day", given([day(), vec![get(86_400)]].concat()), "not-found");
    let for_ever = BlobsIn { permanent: true, steps: [day(), vec![get(u64::MAX)]].concat() };
    draft.accepts("PROC-80", STATED, "no ttl in permanent mode", for_ever, found("00"), 0);
    let limited = BlobsIn { permanent: true, steps: vec![put(0, "00", Some(60)), get(60)] };
    draft.refuses("PROC-80", STATED, "a ttl in permanent mode", limited, "not-found");
    draft.refuses("PROC-81", STATED, "other bytes", given(vec![put(0, "00", None), put(1, "01", None)]), "conflict");
    draft.refuses("PROC-81", STATED, "more bytes", given(vec![put(0, "00", None), put(1, "0000", None)]), "conflict");
    draft.accepts("PROC-81", OWN, "the same bytes", given(vec![put(0, "00", None), put(1, "00", None)]), done(), 0);
    let longer = given(vec![put(0, "00", Some(60)), put(59, "00", Some(60)), get(118)]);
    draft.accepts("PROC-81", OWN, "the same bytes for longer", longer, found("00"), 0);
    let shorter = given(vec![put(0, "00", Some(600)), put(1, "00", Some(60)), get(599)]);
    draft.accepts("PROC-81", OWN, "the same bytes for shorter keep what was promised", shorter, found("00"), 0);
    let free = given(vec![put(0, "00", Some(60)), put(60, "01", Some(60)), get(61)]);
    draft.accepts("PROC-81", OWN, "other bytes after the end of the first", free, found("01"), 0);
    draft.refuses("PROC-81", STATED, "never put", given(vec![get(0)]), "not-found");
    for (text, error, comment) in [
        (request("", None), "bad-value", "an empty value"),
        (request("0", None), "bad-value", "half a byte"),
        (request("0g", None), "bad-value", "no hexadecimal"),
        (format!("{{\"key\":\"{key}\"}}"), "bad-value", "no value"),
        (format!("{{\"key\":\"{key}\",\"value\":1}}"), "bad-value", "a value that is a number"),
        ("{\"value\":\"00\"}".into(), "bad-key", "no key"),
        (request("00", None).replacen("ab", "a", 1), "bad-key", "a key of 63 digits"),
        (request("00", None).replacen("ab", "ababab", 1), "bad-key", "a key of 68 digits"),
        (request("00", None).replacen("ab", "zz", 1), "bad-key", "a key that is no hexadecimal"),
        (request("00", None).replacen("ab", "AB", 1), "bad-key", "a key in upper case"),
        (request("00", Some(60)).replace("\"ttl\":60", "\"ttl\":60.5"), "bad-ttl", "a ttl that is no integer"),
        (request("00", Some(60)).replace("\"ttl\":60", "\"ttl\":\"60\""), "bad-ttl", "a ttl that is text"),
        (request("00", Some(60)).replace("\"ttl\":60", "\"ttl\":-60"), "bad-ttl", "a negative ttl"),
        (request("00", Some(60)).replace("\"ttl\":60", "\"ttl\":null"), "bad-ttl", "a ttl that is null"),
        (request("00", None).replacen('{', "{\"owner\":1,", 1), "unknown-field", "another member"),
        (
            request("0", Some(1)).replacen('{', "{\"TTL\":60,", 1),
            "unknown-field",
            "another member, before anything else that is wrong",
        ),
        ("[]".into(), "malformed", "a list"),
        (String::new(), "malformed", "nothing"),
    ] {
        let flag = if comment == "half a byte" { OWN } else { STATED };
        draft.refuses("PROC-80", flag, comment, given(vec![Step { now: 0, put: Some(text), get: None }]), error);
    }
    draft
}

fn secrets() -> Draft<Secrets> {
    let mut draft = Draft::ours("process/secrets", "proc-secret");
    let text = |shared: &[(&str, u8)], pending: &[(&str, u8)]| {
        let map = |entries: &[(&str, u8)]| {
            let entries: Vec<_> =
                entries.iter().map(|(name, byte)| format!("\"{name}\":\"{}\"", hex::encode([*byte; 32]))).collect();
            entries.join(",")
        };
        format!("{{\"shared_secrets\":{{{}}},\"unconfirmed_secrets\":{{{}}},\"version\":1}}", map(shared), map(pending))
    };
    let given = |text: &str, confirm: &[&str]| SecretsIn {
        export: hex::encode(text),
        confirm: confirm.iter().map(|&address| address.to_owned()).collect(),
    };
    let names = |entries: &[(&str, u8)]| entries.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (shared, pending, confirm, shared_after, pending_after, comment) in [
        (&[][..], &[][..], &[][..], &[][..], &[][..], "none"),
        (&[("a", 1)], &[("b", 2)], &[], &[("a", 1)], &[("b", 2)], "one of each"),
        (&[("a", 1)], &[("b", 2)], &["b"], &[("a", 1), ("b", 2)], &[], "the pending one is confirmed"),
        (&[("a", 1)], &[("a", 2)], &["a"], &[("a", 2)], &[], "a new secret in the place of the old one"),
        (&[("a", 1)], &[("a", 2)], &[], &[("a", 1)], &[("a", 2)], "a new secret that is not confirmed yet"),
        (&[("é a/b", 3)], &[], &[], &[("é a/b", 3)], &[], "an address is opaque text"),
    ] {
        let output = SecretsOut {
            confirmed: names(shared_after),
            pending: names(pending_after),
            export: hex::encode(text(shared_after, pending_after)),
        };
        let rule = if confirm.is_empty() { "PROC-93" } else { "PROC-92" };
        draft.accepts(rule, STATED, comment, given(&text(shared, pending), confirm), output, 0);
    }
    let upper = text(&[("a", 0xab)], &[]).replace("ab", "AB");
    let lower = hex::encode(text(&[("a", 0xab)], &[]));
    let output = SecretsOut { confirmed: vec!["a".into()], pending: vec![], export: lower };
    draft.accepts("PROC-12", OWN, "a secret in upper case", given(&upper, &[]), output, 0);
    let good = text(&[("a", 1)], &[("b", 2)]);
    let long = text(&[(&"x".repeat(256), 1)], &[]);
    for (text, comment) in [
        (good.replace(":1}", ":2}"), "another version"),
        (good.replace(",\"version\":1", ""), "no version"),
        (good.replacen("01", "0", 1), "63 digits"),
        (good.replace("\"a\"", "\"\""), "an empty address"),
        (long, "an address of 256 bytes"),
        (good.replace("},\"un", "} ,\"un"), "white space"),
        (good.replace("\"version\"", "\"more\":0,\"version\""), "another member"),
        (good.replace("{\"b\"", "{\"b\":\"\",\"b\""), "an address twice"),
        (good[..good.len() - 1].to_owned(), "cut"),
        (String::new(), "nothing"),
    ] {
        draft.refuses("PROC-93", OWN, comment, given(&text, &[]), "malformed");
    }
    draft
}
