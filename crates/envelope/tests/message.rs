//! The peers' messages and the reading rules MSG-01 to MSG-23.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{bytes, peer_json};
use sealwright_envelope::hazmat::{seal_message_with_iv, seal_with_iv};
use sealwright_envelope::message::{self, Message, MessageError};
use sealwright_envelope::{SymKey, open};
use sealwright_types::{Coded, SessionId, b64};
use serde_json::Value;

struct Peer {
    data: Value,
    key: SymKey,
    session: SessionId,
}

fn peer() -> Peer {
    let data = peer_json("message.json");
    let key = SymKey::from_bytes(&bytes(&data["key"])).unwrap();
    let session = data["sessionId"].as_str().unwrap().parse().unwrap();
    Peer { data, key, session }
}

/// The verdict of all readers of messages, which have to agree.
fn read(key: &SymKey, expected: SessionId, text: &str) -> Result<Vec<u8>, MessageError> {
    let verdict = message::open(key, expected, text);
    match (&verdict, message::open_text(key, expected, text)) {
        (Ok(bytes), Ok(text)) => assert_eq!(*bytes, text.as_bytes()),
        (Ok(bytes), Err(MessageError::NotUtf8)) => assert!(std::str::from_utf8(bytes).is_err()),
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{text}: {one:?} but {other:?}"),
    }
    match (&verdict, Message::parse(text)) {
        (Ok(bytes), Ok(parsed)) => {
            assert_eq!(parsed.session(), expected);
            assert_eq!(message::session_id(text), Ok(expected));
            assert_eq!(parsed.open(key).unwrap(), *bytes);
            assert_eq!(parsed.into_plaintext(key).unwrap(), *bytes);
        }
        (Err(MessageError::Rejected), Ok(parsed)) => {
            assert_eq!(parsed.open(key).unwrap_err().code(), "rejected");
            assert_eq!(parsed.into_plaintext(key).unwrap_err().code(), "rejected");
        }
        (Err(MessageError::Malformed { rule, .. }), Ok(parsed)) => {
            assert_eq!(rule.as_str(), "ENV-06", "{text}");
            assert_eq!(parsed.open(key).unwrap_err().code(), "malformed");
        }
        (Err(MessageError::WrongSession { .. }), Ok(parsed)) => assert_ne!(parsed.session(), expected),
        (Err(MessageError::WrongSession { .. }), Err(error)) => assert_eq!(rule_of(error), "MSG-13"),
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{text}: {one:?} but {other:?}"),
    }
    verdict
}

fn rule_of(error: MessageError) -> &'static str {
    match error {
        MessageError::Malformed { rule, .. } => rule.as_str(),
        other => other.code(),
    }
}

#[test]
fn all_texts_both_ways() {
    let Peer { data, key, session } = peer();
    let vectors = data["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 16);
    for vector in vectors {
        let text = vector["text"].as_str().unwrap();
        if let Some(utf8) = vector["textUtf8"].as_str() {
            assert_eq!(hex::encode(text), utf8);
        }
        for writer in ["js", "go"] {
            // The JavaScript peer cannot write empty text (MSG-01).
            match vector[writer].as_str() {
                Some(written) => assert_eq!(read(&key, session, written).unwrap(), text.as_bytes(), "{text}"),
                None => assert_eq!((writer, text), ("js", "")),
            }
        }
        let iv = bytes(&vector["iv"]).try_into().unwrap();
        let sealed = seal_message_with_iv(&key, session, &iv, text).unwrap();
        assert_eq!(read(&key, session, &sealed).unwrap(), text.as_bytes());
        if let Some(written) = vector["js"].as_str() {
            assert_eq!(sealed, written, "MSG-01");
        }
        if let Some(raw) = vector["jsRaw"].as_str() {
            assert_eq!(message::open_raw(&key, raw).unwrap(), text.as_bytes(), "MSG-02");
            assert_eq!(b64::encode(seal_with_iv(&key, &iv, text.as_bytes()).unwrap()), raw);
        }
    }
}

#[test]
fn what_is_sealed_with_a_fresh_iv_opens() {
    let Peer { key, session, .. } = peer();
    let sealed = message::seal(&key, session, "text").unwrap();
    assert_eq!(read(&key, session, &sealed).unwrap(), b"text");
    assert_ne!(sealed, message::seal(&key, session, "text").unwrap());
    let raw = message::seal_raw(&key, "text").unwrap();
    assert_eq!(open(&key, &b64::decode_strict(&raw).unwrap()).unwrap(), b"text");
    assert_eq!(rule_of(message::open_raw(&key, "%%%%").unwrap_err()), "B64-02");
    assert_eq!(message::open_raw(&key, "").unwrap_err().code(), "malformed");
}

/// Name of the case; text or the rule that refuses it.
const CASES: [(&str, Result<&str, &str>); 31] = [
    ("plain JS order", Ok("the text")),
    ("Go order", Ok("the text")),
    ("pretty printed", Ok("the text")),
    ("extra member", Ok("the text")),
    ("duplicate data member, last is right", Ok("the text")),
    ("sessionId in S64 form", Ok("the text")),
    ("sessionId upper case", Err("wrong-session")),
    ("other sessionId", Err("wrong-session")),
    ("sessionId not a UUID", Err("MSG-14")),
    ("sessionId missing", Err("MSG-14")),
    ("data missing", Err("MSG-16")),
    ("data null", Err("MSG-16")),
    ("data number", Err("MSG-16")),
    ("data empty", Err("ENV-06")),
    ("base64 without padding", Ok("the text")),
    ("base64 url alphabet", Ok("the text")),
    ("base64 with newlines", Ok("the text")),
    ("base64 with spaces", Ok("the text")),
    ("base64 with trailing garbage !", Err("B64-02")),
    ("base64 S64 alphabet (% for /)", Err("B64-02")),
    ("member names in other case (Data, SESSIONID)", Err("MSG-21")),
    ("not JSON", Err("MSG-22")),
    ("JSON string", Err("MSG-22")),
    ("JSON array", Err("MSG-22")),
    ("JSON null", Err("MSG-22")),
    ("empty string", Err("MSG-22")),
    ("leading BOM", Err("MSG-22")),
    ("trailing text after the object", Err("MSG-22")),
    ("MAC wrong", Err("rejected")),
    ("text is not UTF-8", Err("not-utf8")),
    ("text is truncated UTF-8", Err("not-utf8")),
];

#[test]
fn all_reading_cases_by_our_rules() {
    let Peer { data, key, session } = peer();
    let cases = data["decryptCases"].as_array().unwrap();
    assert_eq!(cases.len(), CASES.len());
    for (case, (name, expected)) in cases.iter().zip(CASES) {
        assert_eq!(case["name"], name);
        let text = case["message"].as_str().unwrap();
        let bytes = read(&key, session, text);
        let verdict = message::open_text(&key, session, text);
        assert_eq!(verdict.as_deref().map_err(|&error| rule_of(error)), expected, "{name}");
        if expected == Err("not-utf8") {
            assert_eq!(bytes.unwrap()[0], b'a', "MSG-23: the byte call gives the bytes");
        }
    }
}

#[test]
fn more_shapes_by_the_same_rules() {
    let Peer { data, key, session } = peer();
    let s64 = session.to_s64();
    let iv = [9; 16];
    let data_text = b64::encode(seal_with_iv(&key, &iv, b"x").unwrap());
    let upper = session.to_string().to_uppercase();
    let other: SessionId = "5a221722-36c4-41ee-be56-0242ac120002".parse().unwrap();
    assert!(data.is_object());
    let with = |id: &str, data: &str| format!(r#"{{"sessionId":{id},"data":{data}}}"#);
    let quoted = |text: &str| format!("{text:?}");
    let good = with(&quoted(&session.to_string()), &quoted(&data_text));
    for (text, expected) in [
        (good.clone(), Ok(())),
        (format!(" \t\r\n{good}\n "), Ok(())),
        (with(&quoted(&format!("{s64}==")), &quoted(&data_text)), Ok(())),
        (with(&quoted(&s64.replace('%', "/")), &quoted(&data_text)), Ok(())),
        (good.replace("sessionId", "\\u0073essionId"), Ok(())),
        (good.replacen('{', r#"{"data":5,"sessionId":[],"#, 1), Ok(())),
        (good.replacen('{', r#"{"x":{"data":{"y":[1,2,{}]}},"e":1e400,"#, 1), Ok(())),
        (good.replacen('{', r#"{"DATA":"x","#, 1), Err("MSG-21")),
        (good.replacen('{', r#"{"sessionid":"x","#, 1), Err("MSG-21")),
        (good.replacen('{', "{\"\u{17f}essionId\":1,", 1), Err("MSG-21")),
        (with(&quoted(&upper), &quoted(&data_text)), Err("wrong-session")),
        (with(&quoted(&other.to_string()), &quoted(&data_text)), Err("wrong-session")),
        (with(&quoted(&other.to_string()), r#""""#), Err("wrong-session")),
        (with(&quoted(&other.to_string()), "7"), Err("MSG-16")),
        (with(&quoted("00000000-0000-0000-0000-000000000000"), &quoted(&data_text)), Err("MSG-14")),
        (with(&quoted("0000000000000000000000"), &quoted(&data_text)), Err("MSG-14")),
        (with("null", &quoted(&data_text)), Err("MSG-14")),
        (with(&quoted(&session.to_string()), "true"), Err("MSG-16")),
        (with(&quoted(&session.to_string()), "{}"), Err("MSG-16")),
        (with(&quoted(&session.to_string()), "[\"x\"]"), Err("MSG-16")),
        (with(&quoted(&session.to_string()), "\"A\""), Err("B64-02")),
        (with(&quoted(&session.to_string()), "\"AAAA\""), Err("ENV-06")),
        (good.replace("\"}", "\""), Err("MSG-22")),
        (format!("{good}{good}"), Err("MSG-22")),
        ("{}".to_owned(), Err("MSG-16")),
        ("[".repeat(100_000), Err("MSG-22")),
    ] {
        let got = read(&key, session, &text).map(drop).map_err(rule_of);
        assert_eq!(got, expected, "{}", &text[..text.len().min(200)]);
    }
    // MSG-13: without an expected session the upper-case id is no id at all.
    let text = with(&quoted(&upper), &quoted(&data_text));
    assert_eq!(rule_of(Message::parse(&text).unwrap_err()), "MSG-13");
    assert_eq!(rule_of(message::session_id(&text).unwrap_err()), "MSG-13");
    // MSG-03: the id alone is enough.
    assert_eq!(message::session_id(format!(r#"{{"sessionId":"{session}"}}"#)), Ok(session));
}

#[test]
fn an_error_says_where() {
    let text = "{\n  \"sessionId\": x}";
    let Err(MessageError::Malformed { at, .. }) = message::session_id(text) else { panic!() };
    assert_eq!(&text[at as usize..=at as usize], "x");
}
