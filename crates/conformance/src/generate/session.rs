//! `session/serialized*.json`: sessions as text, of the peers and odd ones.

use super::der::Bson;
use super::peer::{Peer, bytes, list, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::kinds::serialized_session::{self, By, FlowName, Serialized, Way};
use sealwright_types::b64;

const SESSION: &str = "00000000-0000-1000-a000-7ea300000018";
const SESSION_S64: &str = "AAAAAAAAEACgAH6jAAAAGA";
const THROUGH: &str = "a1b2c3d4-e5f6-4789-abcd-ef0123456789";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    peers(peer)?.finish(files)?;
    ours()?.finish(files)
}

fn input(text: &str) -> serialized_session::Input {
    serialized_session::Input { text: text.to_owned() }
}

fn peers(peer: &Peer<'_>) -> Result<Draft<Serialized>, GenerateError> {
    let mut draft = Draft::peers("session/serialized-peers", "ser-peer", "peer/message.json, peer/session.json");
    let messages = peer.json("message.json")?;
    let (session, key) = (text(&messages, "sessionId")?, bytes(&messages, "key")?);
    for case in list(&messages, "serialization")? {
        let (name, text, details) = (text(case, "name")?, text(case, "serialized")?, &case["jsRetrievalDetails"]);
        let through = [("groupId", Way::Group), ("proxySessionId", Way::Proxy), ("symEncKeyId", Way::SymEncKey)]
            .into_iter()
            .find_map(|(member, kind)| Some(By { kind, id: details[member].as_str()?.to_owned() }));
        let output = serialized_session::Output {
            session: session.to_owned(),
            key: b64::encode(&key),
            flow: flow(details["flow"].as_u64())?,
            through,
            from_cache: details["fromCache"] == true,
            written: text.to_owned(),
        };
        let rule = if name.starts_with("id+key only") { "SER-13" } else { "SER-01" };
        draft.valid(rule, name, input(text), output, 0);
    }
    for case in list(&messages, "errors")? {
        let (name, text) = (text(case, "name")?, text(case, "serialized")?);
        let flags: &[&str] =
            if case["js"]["error"].is_null() { &["TypeConfusion", "PeerAccepts"] } else { &["TypeConfusion"] };
        if name.starts_with("key 32 bytes") {
            // The bytes of the key stand before the last byte of the document.
            let document = b64::decode_strict(text).map_err(broken)?;
            let key = document.len().checked_sub(33).and_then(|at| document.get(at..at + 32)).unwrap_or_default();
            draft.valid("SER-10", name, input(text), plain(session, key, FlowName::Local, text.to_owned()), 0);
            continue;
        }
        let rule = if name == "id not a uuid" { "SER-12" } else { "SER-11" };
        draft.invalid(rule, name, input(text), "malformed", flags);
    }
    let sessions = peer.json("session.json")?;
    for case in list(&sessions, "serializedSessions")? {
        let (name, text) = (text(case, "name")?, text(case, "serialized")?);
        let document = b64::decode_strict(text).map_err(broken)?;
        // The layout is that of the specification: the id at 12, the key at 59.
        let id = document.get(12..48).and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default();
        let key = document.get(59..123).unwrap_or_default();
        let (rule, flow, way) = match name {
            "created" => ("SER-01", FlowName::Created, None),
            "retrieved direct" => ("SER-01", FlowName::Direct, None),
            "retrieved through group" => ("SER-01", FlowName::Group, Some((Way::Group, "groupId"))),
            "retrieved through proxy" => ("SER-01", FlowName::Proxy, Some((Way::Proxy, "proxySessionId"))),
            "retrieved by TMR" => ("SER-14", FlowName::Unknown, None),
            _ => ("SER-01", FlowName::SymEncKey, Some((Way::SymEncKey, "symEncKeyId"))),
        };
        let through = way.map(|(kind, member)| By { kind, id: string_of(&document, member) });
        let output = serialized_session::Output { through, ..plain(id, key, flow, text.to_owned()) };
        draft.valid(rule, name, input(text), output, 0);
    }
    Ok(draft)
}

/// The hyphenated id in the string field `name`.
fn string_of(document: &[u8], name: &str) -> String {
    let name = [&[0x02], name.as_bytes(), &[0]].concat();
    let place = document.windows(name.len()).position(|window| window == name).unwrap_or(0);
    let begin = place + name.len() + 4;
    String::from_utf8_lossy(document.get(begin..begin + 36).unwrap_or_default()).into_owned()
}

fn flow(number: Option<u64>) -> Result<FlowName, GenerateError> {
    Ok(match number {
        Some(0) => FlowName::Created,
        Some(1) => FlowName::Direct,
        Some(2) => FlowName::Group,
        Some(3) => FlowName::Proxy,
        Some(4) => FlowName::Local,
        Some(5) => FlowName::SymEncKey,
        Some(6) => FlowName::Tmr,
        _ => return Err(broken("a flow without a name")),
    })
}

fn plain(session: &str, key: &[u8], flow: FlowName, written: String) -> serialized_session::Output {
    serialized_session::Output {
        session: session.to_owned(),
        key: b64::encode(key),
        flow,
        through: None,
        from_cache: false,
        written,
    }
}

fn ours() -> Result<Draft<Serialized>, GenerateError> {
    let mut draft = Draft::ours("session/serialized", "ser-read");
    let key = expand("session key", 64);
    let text = |document: &Bson| b64::encode(document.clone().finish());
    let bare = |id: &str| Bson::default().string("id", id);
    let whole = |details: Bson| bare(SESSION).binary("key", 0, &key).document("retrievalDetails", details);
    let direct = || Bson::default().int32("flow", 1).boolean("fromCache", false);
    let canonical = text(&whole(direct()));
    let output = |flow, written: &str| plain(SESSION, &key, flow, written.to_owned());

    for (number, name, member, way) in [
        (0, FlowName::Created, None, None),
        (1, FlowName::Direct, None, None),
        (2, FlowName::Group, Some("groupId"), Some(Way::Group)),
        (3, FlowName::Proxy, Some("proxySessionId"), Some(Way::Proxy)),
        (4, FlowName::Local, None, None),
        (5, FlowName::SymEncKey, Some("symEncKeyId"), Some(Way::SymEncKey)),
        (6, FlowName::Tmr, None, None),
    ] {
        let mut details = Bson::default().int32("flow", number);
        if let Some(member) = member {
            details = details.string(member, THROUGH);
        }
        let text = text(&whole(details.boolean("fromCache", true)));
        let through = way.map(|kind| By { kind, id: THROUGH.to_owned() });
        let output = serialized_session::Output { through, from_cache: true, ..output(name, &text) };
        draft.valid("SER-01", format!("flow {number}, from a cache"), input(&text), output, 0);
    }
    for subtype in [0x01, 0x02, 0x03, 0x04, 0x05, 0x80, 0xff] {
        // The old subtype 2 has a second length inside, which belongs to the content.
        let bytes = if subtype == 0x02 { [&64_u32.to_le_bytes(), &key[..]].concat() } else { key.clone() };
        let document = bare(SESSION).binary("key", subtype, &bytes).document("retrievalDetails", direct());
        draft.valid(
            "SER-10",
            format!("binary subtype {subtype}"),
            input(&text(&document)),
            output(FlowName::Direct, &canonical),
            0,
        );
    }
    for length in [32, 48] {
        let key = expand("session key", length);
        let text = text(&bare(SESSION).binary("key", 0, &key).document("retrievalDetails", direct()));
        let output = plain(SESSION, &key, FlowName::Direct, text.clone());
        draft.valid("SER-10", format!("a key of {length} bytes"), input(&text), output, 0);
    }
    for length in [0, 1, 16, 31, 33, 47, 63, 65, 128] {
        let document = bare(SESSION).binary("key", 0, &expand("session key", length));
        draft.invalid(
            "SER-11",
            format!("a key of {length} bytes"),
            input(&text(&document)),
            "malformed",
            &["KeyLength"],
        );
    }
    let with_key = |document: Bson| document.binary("key", 0, &key);
    for (comment, document) in [
        ("key as base64 text", bare(SESSION).string("key", &b64::encode(&key))),
        (
            "key as Latin-1 text",
            bare(SESSION).string("key", &key.iter().map(|&byte| char::from(byte)).collect::<String>()),
        ),
        ("key null", bare(SESSION).null("key")),
        ("key a document", bare(SESSION).document("key", Bson::default().binary("key", 0, &key))),
        ("key an array of numbers", bare(SESSION).array("key", Bson::default().int32("0", 1))),
        ("key a number", bare(SESSION).int32("key", 64)),
        ("key of another type of the same length", bare(SESSION).field(0x13, "key", &[0; 16])),
        ("no key", bare(SESSION)),
        ("Key in capitals", bare(SESSION).binary("Key", 0, &key)),
        ("no id", with_key(Bson::default())),
        ("id null", with_key(Bson::default().null("id"))),
        ("id a number", with_key(Bson::default().int32("id", 1))),
        ("id binary", with_key(Bson::default().binary("id", 4, &[0x5a; 16]))),
        ("id in a document", with_key(Bson::default().document("id", bare(SESSION)))),
        ("two ids, the same", with_key(bare(SESSION).string("id", SESSION))),
        ("two ids", with_key(bare(SESSION).string("id", THROUGH))),
        ("two keys, the same", with_key(with_key(bare(SESSION)))),
        ("two keys", with_key(bare(SESSION)).binary("key", 0, &expand("other", 64))),
        ("two keys, the second of another type", with_key(bare(SESSION)).null("key")),
        ("details twice", whole(direct()).document("retrievalDetails", direct())),
        ("details a string", with_key(bare(SESSION)).string("retrievalDetails", "1")),
        ("details a number", with_key(bare(SESSION)).int32("retrievalDetails", 1)),
        ("details an array", with_key(bare(SESSION)).array("retrievalDetails", direct())),
    ] {
        draft.invalid("SER-11", comment, input(&text(&document)), "malformed", &["TypeConfusion"]);
    }
    for (comment, id) in [
        ("no text", String::new()),
        ("no id", "nope".to_owned()),
        ("without hyphens", SESSION.replace('-', "")),
        ("in braces", format!("{{{SESSION}}}")),
        ("a line break after it", format!("{SESSION}\n")),
        ("version 7", THROUGH.replace("-4789-", "-7789-")),
        ("S64 of 15 bytes", SESSION_S64[..20].to_owned()),
        ("NUL after it", format!("{SESSION}\0")),
    ] {
        let document = with_key(bare(&id));
        draft.invalid("SER-12", format!("id {comment}"), input(&text(&document)), "malformed", &["IdentifierTrick"]);
    }
    for (comment, id) in [
        ("in S64", SESSION_S64.to_owned()),
        ("in padded base64", format!("{SESSION_S64}==")),
        ("in upper case", SESSION.to_uppercase()),
    ] {
        let document = with_key(bare(&id)).document("retrievalDetails", direct());
        draft.valid(
            "SER-12",
            format!("id {comment}"),
            input(&text(&document)),
            output(FlowName::Direct, &canonical),
            0,
        );
    }
    let without = text(&with_key(bare(SESSION)));
    for (comment, document) in [
        ("no details", with_key(bare(SESSION))),
        ("details null", with_key(bare(SESSION)).null("retrievalDetails")),
        ("the key before the id", with_key(Bson::default()).string("id", SESSION)),
        ("another field", with_key(bare(SESSION)).string("more", "x")),
    ] {
        draft.valid("SER-13", comment, input(&text(&document)), output(FlowName::Local, &without), 0);
    }
    let unknown = text(&whole(Bson::default().boolean("fromCache", false)));
    for (comment, details) in [
        ("empty details", Bson::default()),
        ("no flow", Bson::default().boolean("fromCache", false)),
        ("flow null", Bson::default().null("flow").boolean("fromCache", false)),
        ("flow a string", Bson::default().string("flow", "1").boolean("fromCache", false)),
        ("fromCache a number", Bson::default().int32("fromCache", 1)),
    ] {
        draft.valid("SER-14", comment, input(&text(&whole(details))), output(FlowName::Unknown, &unknown), 0);
    }
    let twice = whole(direct().int32("flow", 2));
    draft.invalid("SER-14", "flow twice", input(&text(&twice)), "malformed", &["TypeConfusion"]);
    bytes_and_base64(&mut draft, &whole(direct()).finish());
    Ok(draft)
}

/// The same document cut, lengthened, with wrong lengths, and in other base64.
fn bytes_and_base64(draft: &mut Draft<Serialized>, document: &[u8]) {
    let mut refuse = |comment: String, bytes: &[u8], flag: &str| {
        draft.invalid("SER-11", comment, input(&b64::encode(bytes)), "malformed", &[flag]);
    };
    for end in [0, 1, 4, 5, 30, 59, 122, document.len() - 1] {
        refuse(format!("the first {end} bytes"), &document[..end], "Truncation");
    }
    refuse("a byte after it".into(), &[document, &[0]].concat(), "Truncation");
    refuse("twice".into(), &[document, document].concat(), "Truncation");
    for length in [0, 4, 5, document.len() - 1, document.len() + 1, i32::MAX as usize, u32::MAX as usize] {
        let lying = [&(length as u32).to_le_bytes(), &document[4..]].concat();
        refuse(format!("own length {length}"), &lying, "HeaderTrick");
    }
    for (comment, place) in [("of the id", 8), ("of the key", 54)] {
        for length in [0_u32, 1, 35, 63, 65, 4096, i32::MAX as u32, u32::MAX] {
            let lying = [&document[..place], &length.to_le_bytes(), &document[place + 4..]].concat();
            refuse(format!("length {comment} {length}"), &lying, "HeaderTrick");
        }
    }
    let text = b64::encode(document);
    for (comment, text) in [
        ("no text", String::new()),
        ("not base64", "***".to_owned()),
        ("a foreign character", format!("{text}!")),
        ("JSON around it", format!("{text:?}")),
        ("hexadecimal", hex::encode(document)),
        ("one character left over", format!("{text}A")),
    ] {
        draft.invalid("SER-11", comment, input(&text), "malformed", &["Base64Junk"]);
    }
}
