//! `envelope/message*.json`: text messages, read and written, and those of the oldest form.

use super::envelope::{key, sealed};
use super::peer::{Peer, list, text};
use super::{Draft, Files, GenerateError, broken, expand};
use crate::binary::Binary;
use crate::kinds::legacy_message_open::{self, LegacyMessageOpen};
use crate::kinds::message_open::{self, MessageOpen, Reading};
use crate::kinds::message_seal::{self, MessageSeal};
use sealwright_types::b64;

pub(super) const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";
pub(super) const SESSION_S64: &str = "WiIXIjbEQe6+VgJCrBIAAg";
pub(super) const OTHER: &str = "00000000-0000-1000-a000-7ea300000018";

pub(super) fn add(peer: &Peer<'_>, files: &mut Files) -> Result<(), GenerateError> {
    let (open, seal) = peers(peer)?;
    open.finish(files)?;
    seal.finish(files)?;
    ours()?.finish(files)?;
    legacy()?.finish(files)
}

fn peers(peer: &Peer<'_>) -> Result<(Draft<MessageOpen>, Draft<MessageSeal>), GenerateError> {
    let data = peer.json("message.json")?;
    let (key, session) = (text(&data, "key")?, text(&data, "sessionId")?);
    let mut open = Draft::peers("envelope/message-open-peers", "msg-peer", "peer/message.json");
    let mut seal = Draft::peers("envelope/message-seal", "msg-seal", "peer/message.json");
    let input = |message: &str, reading| message_open::Input {
        key: key.to_owned(),
        session: Some(session.to_owned()),
        reading,
        message: message.to_owned(),
    };
    let output =
        |plaintext: &[u8]| message_open::Output { session: session.to_owned(), plaintext: Binary::of(plaintext) };
    for vector in list(&data, "vectors")? {
        let (name, clear) = (text(vector, "name")?, text(vector, "text")?);
        for writer in ["js", "go"] {
            let Ok(message) = text(vector, writer) else { continue };
            let comment = format!("{name}, written by {writer}");
            let length = clear.len() as u64;
            open.valid("MSG-10", comment, input(message, Reading::Text), output(clear.as_bytes()), length);
        }
        if let Ok(message) = text(vector, "js") {
            let input = message_seal::Input {
                key: key.to_owned(),
                iv: text(vector, "iv")?.to_owned(),
                session: session.to_owned(),
                text: clear.to_owned(),
            };
            seal.valid("MSG-01", name, input, message_seal::Output { message: message.to_owned() }, 0);
        }
    }
    for case in list(&data, "decryptCases")? {
        let (name, message) = (text(case, "name")?, text(case, "message")?);
        let (rule, error) = verdict(name)?;
        match error {
            None => open.valid(rule, name, input(message, Reading::Text), output(b"the text"), 8),
            Some(error) => {
                let accepted = ["js", "go"].iter().any(|peer| case[peer]["ok"] == true);
                let mut flags = vec![message_flag(rule)];
                if accepted {
                    flags.push("PeerAccepts");
                }
                open.invalid(rule, name, input(message, Reading::Text), error, &flags);
            }
        }
        if error == Some("not-utf8") {
            let clear: &[u8] = if name.contains("truncated") { b"a\xe2\x82" } else { b"a\xff\xfeb" };
            open.valid(
                "MSG-23",
                format!("{name}, read as bytes"),
                input(message, Reading::Bytes),
                output(clear),
                clear.len() as u64,
            );
        }
    }
    Ok((open, seal))
}

/// Rule and error of a peers' case, by our rules and not by theirs.
fn verdict(name: &str) -> Result<(&'static str, Option<&'static str>), GenerateError> {
    Ok(match name {
        "plain JS order" | "Go order" | "pretty printed" | "extra member" => ("MSG-10", None),
        "duplicate data member, last is right" => ("MSG-11", None),
        "sessionId in S64 form" => ("MSG-12", None),
        "sessionId upper case" => ("MSG-13", Some("wrong-session")),
        "other sessionId" => ("MSG-15", Some("wrong-session")),
        "sessionId not a UUID" | "sessionId missing" => ("MSG-14", Some("malformed")),
        "data missing" | "data null" | "data number" => ("MSG-16", Some("malformed")),
        "data empty" => ("MSG-17", Some("malformed")),
        "base64 without padding" | "base64 with newlines" => ("MSG-18", None),
        "base64 url alphabet" | "base64 with spaces" => ("MSG-19", None),
        "base64 with trailing garbage !" | "base64 S64 alphabet (% for /)" => ("MSG-20", Some("malformed")),
        "member names in other case (Data, SESSIONID)" => ("MSG-21", Some("malformed")),
        "not JSON"
        | "JSON string"
        | "JSON array"
        | "JSON null"
        | "empty string"
        | "leading BOM"
        | "trailing text after the object" => ("MSG-22", Some("malformed")),
        "MAC wrong" => ("MSG-10", Some("rejected")),
        "text is not UTF-8" | "text is truncated UTF-8" => ("MSG-23", Some("not-utf8")),
        other => return Err(GenerateError::Peer(format!("unknown message case {other:?}"))),
    })
}

fn message_flag(rule: &str) -> &'static str {
    match rule {
        "MSG-13" | "MSG-14" | "MSG-15" => "IdentifierTrick",
        "MSG-17" => "Truncation",
        "MSG-20" => "Base64Junk",
        "MSG-10" | "MSG-23" => "EarlyRelease",
        _ => "AmbiguousJson",
    }
}

/// Expected session, message, reading; error or plaintext.
fn ours() -> Result<Draft<MessageOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/message-open", "msg-open");
    let key = key(64);
    let clear = "the tëxt";
    let data = b64::encode(sealed(&key, "message", clear.as_bytes())?);
    let good = format!(r#"{{"sessionId":"{SESSION}","data":"{data}"}}"#);
    let upper = SESSION.to_uppercase();
    let other = b64::encode(sealed(&key, "another message", b"another text")?);
    let with_id = |id: &str| good.replace(SESSION, id);
    let with_data = |data: &str| format!(r#"{{"sessionId":"{SESSION}","data":{data}}}"#);
    let key = b64::encode(key);
    let input = |session: Option<&str>, message: &str| message_open::Input {
        key: key.clone(),
        session: session.map(str::to_owned),
        reading: Reading::Text,
        message: message.to_owned(),
    };
    let output = || message_open::Output { session: SESSION.to_owned(), plaintext: Binary::of(clear.as_bytes()) };
    for (rule, comment, message) in [
        ("MSG-10", "as written", good.clone()),
        (
            "MSG-10",
            "white space of every kind",
            format!(" \t\r\n{}\n", good.replace(':', " :\t").replace(',', "\r\n, ")),
        ),
        (
            "MSG-10",
            "members before and after",
            good.replacen('{', r#"{"a":[{"data":1}],"b":null,"#, 1).replace("\"}", "\",\"c\":1e400}"),
        ),
        ("MSG-10", "a name written with an escape", good.replace("\"data\"", "\"d\\u0061ta\"")),
        ("MSG-10", "a slash written with an escape", with_data(&format!("\"{}\"", data.replace('/', "\\/")))),
        ("MSG-10", "a member with an empty name", good.replacen('{', r#"{"":"","#, 1)),
        (
            "MSG-10",
            "nested ten deep",
            good.replacen('{', &format!(r#"{{"x":{}1{},"#, "[".repeat(10), "]".repeat(10)), 1),
        ),
        (
            "MSG-11",
            "data twice, the first one another message",
            good.replacen('{', &format!(r#"{{"data":"{other}","#), 1),
        ),
        ("MSG-11", "data twice, the first one a number", good.replacen('{', r#"{"data":5,"#, 1)),
        ("MSG-11", "sessionId twice, the first one no id", good.replacen('{', r#"{"sessionId":{},"#, 1)),
        (
            "MSG-11",
            "sessionId twice, the first one another session",
            good.replacen('{', &format!(r#"{{"sessionId":"{OTHER}","#), 1),
        ),
        ("MSG-12", "sessionId in S64", with_id(SESSION_S64)),
        ("MSG-12", "sessionId in S64, padded", with_id(&format!("{SESSION_S64}=="))),
        ("MSG-12", "sessionId in S64, half padded", with_id(&format!("{SESSION_S64}="))),
        ("MSG-12", "sessionId in S64, spare bits set", with_id("WiIXIjbEQe6+VgJCrBIAAv")),
        ("MSG-18", "data without padding", with_data(&format!("\"{}\"", data.trim_end_matches('=')))),
        ("MSG-18", "data with CR LF", with_data(&format!("\"{}\\r\\n{}\"", &data[..30], &data[30..]))),
        ("MSG-19", "data in the url alphabet", with_data(&format!("\"{}\"", data.replace('+', "-").replace('/', "_")))),
        ("MSG-19", "data with spaces and tabs", with_data(&format!("\" {}\\t {} \"", &data[..31], &data[31..]))),
    ] {
        for session in [Some(SESSION), None] {
            draft.valid(rule, comment, input(session, &message), output(), clear.len() as u64);
        }
    }
    let flipped = |place: usize| {
        let mut bytes = b64::decode_strict(&data).unwrap_or_default();
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 1;
        }
        b64::encode(bytes)
    };
    // With an expected session, and without: the error, none where it opens.
    type Errors = (&'static str, &'static str);
    const BOTH: Errors = ("malformed", "malformed");
    let rejected: Errors = ("rejected", "rejected");
    for (rule, comment, message, (expected, unexpected)) in [
        ("MSG-13", "sessionId in upper case", with_id(&upper), ("wrong-session", "malformed")),
        (
            "MSG-13",
            "sessionId in mixed case",
            with_id("5a221722-36c4-41EE-be56-0242ac120002"),
            ("wrong-session", "malformed"),
        ),
        ("MSG-14", "sessionId missing", format!(r#"{{"data":"{data}"}}"#), BOTH),
        ("MSG-14", "sessionId null", good.replace(&format!("\"{SESSION}\""), "null"), BOTH),
        ("MSG-14", "sessionId a list", good.replace(&format!("\"{SESSION}\""), &format!("[\"{SESSION}\"]")), BOTH),
        ("MSG-14", "sessionId empty", with_id(""), BOTH),
        ("MSG-14", "sessionId of 22 zeros", with_id(&"0".repeat(22)), BOTH),
        ("MSG-14", "sessionId the nil UUID", with_id("00000000-0000-0000-0000-000000000000"), BOTH),
        ("MSG-14", "sessionId of version 7", with_id("5a221722-36c4-71ee-be56-0242ac120002"), BOTH),
        ("MSG-14", "sessionId in braces", with_id(&format!("{{{SESSION}}}")), BOTH),
        ("MSG-14", "sessionId with a space", with_id(&format!("{SESSION} ")), BOTH),
        ("MSG-14", "sessionId in the url alphabet", with_id(&SESSION_S64.replace('+', "-")), BOTH),
        ("MSG-11", "sessionId twice, the last one no id", good.replace("\"}", "\",\"sessionId\":7}"), BOTH),
        ("MSG-11", "data twice, the last one null", good.replace("\"}", "\",\"data\":null}"), BOTH),
        ("MSG-16", "data missing", format!(r#"{{"sessionId":"{SESSION}"}}"#), BOTH),
        ("MSG-16", "data null", with_data("null"), BOTH),
        ("MSG-16", "data a number", with_data("12"), BOTH),
        ("MSG-16", "data true", with_data("true"), BOTH),
        ("MSG-16", "data a list", with_data(&format!("[\"{data}\"]")), BOTH),
        ("MSG-16", "data an object", with_data("{}"), BOTH),
        ("MSG-17", "data empty", with_data("\"\""), BOTH),
        ("MSG-17", "data only white space", with_data("\" \""), BOTH),
        ("MSG-17", "data of 48 bytes", with_data(&format!("\"{}\"", &data[..64])), BOTH),
        ("MSG-20", "data in S64", with_data(&format!("\"{}\"", data.replace(['+', '/'], "%"))), BOTH),
        ("MSG-20", "data with junk", with_data(&format!("\"{}!{}\"", &data[..20], &data[20..])), BOTH),
        ("MSG-20", "data with text after the padding", with_data(&format!("\"{data}AAAA\"")), BOTH),
        (
            "MSG-20",
            "data with an equals sign between two groups",
            with_data(&format!("\"{}={}\"", &data[..40], &data[40..])),
            BOTH,
        ),
        ("MSG-20", "data with one character left over", with_data(&format!("\"{}\"", &data[..data.len() - 3])), BOTH),
        ("MSG-21", "DATA beside data", good.replacen('{', r#"{"DATA":"x","#, 1), BOTH),
        ("MSG-21", "sessionid beside sessionId", good.replacen('{', r#"{"sessionid":1,"#, 1), BOTH),
        ("MSG-21", "sessionID in its place", good.replace("sessionId", "sessionID"), BOTH),
        ("MSG-21", "a long s for the first letter", good.replacen('{', "{\"\u{17f}essionId\":1,", 1), BOTH),
        ("MSG-22", "empty", String::new(), BOTH),
        ("MSG-22", "a byte order mark", format!("\u{feff}{good}"), BOTH),
        ("MSG-22", "text after the object", format!("{good}x"), BOTH),
        ("MSG-22", "two objects", format!("{good}{good}"), BOTH),
        ("MSG-22", "a list", format!("[{good}]"), BOTH),
        ("MSG-22", "a string", format!("{good:?}"), BOTH),
        ("MSG-22", "null", "null".to_owned(), BOTH),
        ("MSG-22", "a comma before the brace", good.replace("\"}", "\",}"), BOTH),
        ("MSG-22", "single quotes", good.replace('"', "'"), BOTH),
        ("MSG-22", "a comment", format!("{good}//"), BOTH),
        ("MSG-22", "cut in the middle", good[..60].to_owned(), BOTH),
        (
            "MSG-22",
            "a raw line feed inside the data",
            with_data(&format!("\"{}\n{}\"", &data[..20], &data[20..])),
            BOTH,
        ),
        ("MSG-22", "three thousand brackets", "[".repeat(3_000), BOTH),
        ("MSG-10", "a bit of the IV flipped", with_data(&format!("\"{}\"", flipped(3))), rejected),
        ("MSG-10", "a bit of the ciphertext flipped", with_data(&format!("\"{}\"", flipped(20))), rejected),
        ("MSG-10", "a bit of the MAC flipped", with_data(&format!("\"{}\"", flipped(79 - 16))), rejected),
    ] {
        let flags = [message_flag(rule)];
        draft.invalid(rule, comment, input(Some(SESSION), &message), expected, &flags);
        draft.invalid(rule, comment, input(None, &message), unexpected, &flags);
    }
    for (comment, message) in [
        ("the id of another session", with_id(OTHER)),
        ("the S64 id of another session", with_id("AAAAAAAAEACgAH6jAAAAGA")),
        ("the id of another session before a short envelope", with_data("\"AAAA\"").replace(SESSION, OTHER)),
    ] {
        draft.invalid("MSG-15", comment, input(Some(SESSION), &message), "wrong-session", &["IdentifierTrick"]);
    }
    let not_text = b64::encode(sealed(&b64::decode_strict(&key).map_err(broken)?, "not text", b"\xff\xfe")?);
    let message = with_data(&format!("{not_text:?}"));
    for session in [Some(SESSION), None] {
        draft.invalid("MSG-23", "not UTF-8, read as text", input(session, &message), "not-utf8", &["EarlyRelease"]);
        let bytes = message_open::Input { reading: Reading::Bytes, ..input(session, &message) };
        let output = message_open::Output { session: SESSION.to_owned(), plaintext: Binary::of(b"\xff\xfe") };
        draft.valid("MSG-23", "not UTF-8, read as bytes", bytes, output, 2);
    }
    Ok(draft)
}

fn legacy() -> Result<Draft<LegacyMessageOpen>, GenerateError> {
    let mut draft = Draft::ours("envelope/legacy-message-open", "old-msg");
    let key = key(64);
    let clear = b"old words";
    let sealed = sealed(&key, "legacy", clear)?;
    let stored = [&[0x80], &sealed[..16], &[0; 16], &sealed[16..]].concat();
    let s64 = |bytes: &[u8]| b64::encode(bytes).replace('/', "%").replace('=', "");
    let message = |protocol: &str, id: &str, sealed: &[u8]| format!("==GET=SEALD={protocol}={id}={}/=", s64(sealed));
    let tokens = [expand("token one", 128), expand("token two", 256)];
    let list = |count: &str| format!("{count}/{}/{}", s64(&tokens[0]), s64(&tokens[1]));
    let input = |message: &str| legacy_message_open::Input { key: b64::encode(&key), message: message.to_owned() };
    let of_session = || legacy_message_open::Output {
        session: Some(SESSION.to_owned()),
        tokens: Vec::new(),
        plaintext: Binary::of(clear),
    };
    let length = clear.len() as u64;
    for (protocol, rule, bytes) in [("1", "OLD-01", &sealed), ("p", "OLD-03", &stored)] {
        for id in [SESSION, SESSION_S64] {
            let comment = format!("protocol {protocol}, id {id}");
            draft.valid(rule, comment, input(&message(protocol, id, bytes)), of_session(), length);
        }
        let with_tokens = legacy_message_open::Output {
            session: None,
            tokens: tokens.iter().map(b64::encode).collect(),
            plaintext: Binary::of(clear),
        };
        let text = message(protocol, &list("2"), bytes);
        draft.valid("OLD-02", format!("protocol {protocol}, two tokens"), input(&text), with_tokens, length);
    }
    for place in [0, 17, 24, 32] {
        let mut other = stored.clone();
        other[place] ^= 0x55;
        let comment = format!("protocol p, the constant at {place} is another one: not authenticated, not looked at");
        draft.valid("OLD-03", comment, input(&message("p", SESSION, &other)), of_session(), length);
    }
    for place in [1, 16, 33, 48, 49, stored.len() - 1] {
        let mut damaged = stored.clone();
        damaged[place] ^= 1;
        let comment = format!("protocol p, byte {place} damaged");
        draft.invalid("OLD-03", comment, input(&message("p", SESSION, &damaged)), "rejected", &["EarlyRelease"]);
    }
    for length in [1, 33, 64, 80] {
        let text = message("p", SESSION, &stored[..length]);
        draft.invalid("OLD-03", format!("protocol p, {length} bytes"), input(&text), "malformed", &["Truncation"]);
    }
    for count in ["0", "1", "3", "02", "2 ", "-2", ""] {
        let text = message("1", &list(count), &sealed);
        draft.invalid("OLD-02", format!("the count is {count:?}"), input(&text), "malformed", &["HeaderTrick"]);
    }
    let good = message("1", SESSION, &sealed);
    for (comment, text) in [
        ("empty", String::new()),
        ("another protocol", good.replace("SEALD=1=", "SEALD=2=")),
        ("a protocol in capitals", message("P", SESSION, &stored)),
        ("no slash at the end", good.replace("/=", "=")),
        ("one part too many", good.replace("SEALD=1=", "SEALD=1=x=")),
        ("one part too few", good.replace("SEALD=1=", "SEALD=")),
        ("a space after it", format!("{good} ")),
        ("a line feed after it", format!("{good}\n")),
        ("text before it", format!("x{good}")),
        ("lower case", good.replace("GET=SEALD", "get=seald")),
        ("no id", good.replace(SESSION, "nobody")),
        ("an id of version 7", good.replace("41ee", "71ee")),
        ("nothing sealed", format!("==GET=SEALD=1={SESSION}=/=")),
        ("an envelope that is too short", message("1", SESSION, &sealed[..48])),
    ] {
        draft.invalid("OLD-01", comment, input(&text), "malformed", &["HeaderTrick"]);
    }
    let swapped = message("1", SESSION, &stored);
    draft.invalid("OLD-01", "protocol 1 with the bytes of protocol p", input(&swapped), "malformed", &["HeaderTrick"]);
    Ok(draft)
}
