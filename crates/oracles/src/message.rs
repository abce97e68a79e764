//! Text messages: whoever names the session gets the text that was sealed, or an error.

use crate::Input;
use crate::sealing::{base64, key, session, with_envelope};
use sealwright_envelope::legacy::{LegacyKey, LegacyMessage};
use sealwright_envelope::message::{self, Message, MessageError};
use sealwright_types::{SessionId, b64};
use serde_json::Value;

/// What stands where an envelope belongs.
pub(crate) const PLACE: &[u8] = b"@";
const TEXT: &[u8] = b"hello";

/// Input: a message with `@` where the envelope stands.
pub(crate) fn message(input: &[u8]) -> Input {
    let text = with_envelope(input, PLACE, TEXT, base64);
    let parsed = Message::parse(&text);
    let opened = message::open(&key(), session(), &text);
    match &parsed {
        Ok(parsed) => {
            assert_eq!(message::session_id(&text), Ok(parsed.session()), "MSG-03");
            assert_eq!(opened.is_ok(), parsed.session() == session() && parsed.open(&key()).is_ok());
            assert_eq!(parsed.clone().into_plaintext(&key()), parsed.open(&key()), "without another buffer");
            the_obvious_reader_agrees(&text, parsed.session());
        }
        Err(_) => assert!(opened.is_err(), "opened, though it is no message"),
    }
    match opened {
        Ok(plaintext) => assert_eq!(plaintext, TEXT, "another text than was sealed"),
        Err(MessageError::NotUtf8) => panic!("bytes were asked for"),
        Err(_) => {}
    }
    let other: SessionId = "5a221722-36c4-41ee-be56-0242ac120003".parse().expect("an id");
    assert!(message::open(&key(), other, &text).is_err() || message::session_id(&text) == Ok(other), "MSG-15");
    if let Ok(plaintext) = message::open_raw(&key(), &text) {
        assert_eq!(plaintext, TEXT, "raw form");
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let sealed = message::seal(&key(), session(), text).expect("a long key");
        assert_eq!(message::open_text(&key(), session(), sealed).as_deref(), Ok(text), "round trip");
    }
    Input::Useful
}

/// Another JSON reader finds the same id, the last one of several.
fn the_obvious_reader_agrees(text: &[u8], session: SessionId) {
    let value: Value = match serde_json::from_slice(text) {
        Ok(value) => value,
        // Members that are skipped may hold what a value cannot: half of a surrogate pair, a number without end.
        Err(_) => return,
    };
    let id = value.get("sessionId").and_then(Value::as_str).expect("a text");
    assert_eq!(id.parse(), Ok(session), "MSG-11");
    assert!(value.get("data").is_some_and(Value::is_string), "MSG-16");
}

/// Input: a legacy message with `@` where the envelope stands.
pub(crate) fn legacy_message(input: &[u8]) -> Input {
    let spelled: fn(&[u8]) -> String = if input.starts_with(b"==GET=SEALD=p") {
        |envelope| {
            let (iv, rest) = envelope.split_at(16);
            b64::encode_s64([&[0x80], iv, &[0; 16], rest].concat())
        }
    } else {
        |envelope| b64::encode_s64(envelope)
    };
    let text = with_envelope(input, PLACE, TEXT, spelled);
    let Ok(text) = std::str::from_utf8(&text) else { return Input::Useless };
    if let Ok(parsed) = LegacyMessage::parse(text) {
        if let Ok(plaintext) = parsed.open(&key()) {
            assert_eq!(plaintext, TEXT, "another text than was sealed");
        }
        if let LegacyKey::Tokens(tokens) = &parsed.key {
            assert!(!tokens.is_empty() && text.contains(&format!("={}/", tokens.len())), "OLD-02");
        }
    }
    Input::Useful
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        let id = session();
        for text in [
            String::new(),
            "{}".into(),
            format!(r#"{{"sessionId":"{id}","data":"@"}}"#),
            format!(r#"{{"sessionId":"{id}","sessionId":"x","data":"@"}}"#),
            format!(r#"{{"data":"@","sessionId":"{}"}}"#, id.to_s64()),
            "@".into(),
        ] {
            message(text.as_bytes());
        }
        for protocol in ["1", "p"] {
            let text = format!("==GET=SEALD={protocol}={id}=@/=");
            assert_eq!(legacy_message(text.as_bytes()), Input::Useful);
        }
    }

    #[test]
    fn the_place_is_filled_with_what_opens() {
        let text =
            with_envelope(format!(r#"{{"sessionId":"{}","data":"@"}}"#, session()).as_bytes(), PLACE, TEXT, base64);
        assert_eq!(message::open(&key(), session(), text).unwrap(), TEXT);
    }
}
