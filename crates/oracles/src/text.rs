//! BSON and what travels in it: identity documents and serialised sessions.

use crate::Input;
use sealwright_identity::Identity;
use sealwright_session::{Flow, Generation, SerializedSession};
use sealwright_types::b64;
use sealwright_types::bson::{Document, MAX_DEPTH, Value};

/// Input: a BSON document.
pub(crate) fn bson(input: &[u8]) -> Input {
    let Ok(document) = Document::parse(input) else {
        return Input::Useful;
    };
    let depth = depth(document);
    assert!(depth <= MAX_DEPTH, "FILE-03: {depth} levels");
    let mut names = Vec::new();
    for (name, _) in document.fields() {
        assert_eq!(document.get(name).is_err(), document.fields().filter(|(other, _)| *other == name).count() > 1);
        names.push(name);
    }
    let owned = ::bson::RawDocument::from_bytes(input).map(|raw| ::bson::Document::try_from(raw).is_ok());
    assert_eq!(owned.ok(), Some(true), "another reader refuses it");
    names.sort_unstable();
    names.dedup();
    for name in names {
        assert!(!matches!(document.get(name), Ok(None)), "a field that is there is found");
    }
    Input::Useful
}

fn depth(document: Document<'_>) -> usize {
    1 + document.fields().map(|(_, value)| depth_of(value)).max().unwrap_or(0)
}

fn depth_of(value: Value<'_>) -> usize {
    match value {
        Value::Document(document) => depth(document),
        Value::Array(array) => 1 + array.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

/// Input: an identity document.
pub(crate) fn identity(input: &[u8]) -> Input {
    let Ok(read) = Identity::from_bson(input) else {
        return Input::Useful;
    };
    let written = read.identity.to_bson();
    let again = Identity::from_bson(written.expose()).expect("what was written is read");
    assert!(
        again.warnings.iter().all(|warning| !matches!(warning, sealwright_identity::Warning::OldKeyDropped { .. }))
    );
    assert_eq!((again.identity.user(), again.identity.device()), (read.identity.user(), read.identity.device()));
    let hashes = |identity: &Identity| -> Vec<_> {
        identity.encryption_keys().chain(identity.signing_keys()).map(|key| key.hash()).collect()
    };
    assert_eq!(hashes(&again.identity), hashes(&read.identity), "keys");
    assert_eq!(again.identity.to_bson().expose(), written.expose(), "IDN-02: one canonical form");
    Input::Useful
}

/// Input: a serialised session, as text or as the BSON inside.
pub(crate) fn serialized_session(input: &[u8]) -> Input {
    let text = match std::str::from_utf8(input) {
        Ok(text) if input.first().is_some_and(|byte| byte.is_ascii_alphanumeric()) => text.to_owned(),
        _ => b64::encode(input),
    };
    for generation in [Generation::Current, Generation::Go09, Generation::Unknown] {
        let Ok(read) = SerializedSession::from_text(&text, generation) else {
            continue;
        };
        let written = read.to_text();
        let again =
            SerializedSession::from_text(written.expose(), Generation::Current).expect("what was written is read");
        assert_eq!((again.id, again.key.expose()), (read.id, read.key.expose()), "id and key");
        assert_eq!(again.to_text().expose(), written.expose(), "SER-01: one canonical form");
        let through =
            |session: &SerializedSession| session.details.map(|details| (details.through, details.from_cache));
        assert_eq!(through(&again), through(&read), "details");
        if !matches!(read.flow(), Flow::LocalOrTmr | Flow::Unknown(_)) {
            assert_eq!(again.flow(), read.flow(), "FLOW-01");
        }
    }
    Input::Useful
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_types::bson::Writer;

    #[test]
    fn hand_picked_inputs_hold() {
        let nested =
            Writer::with_capacity(0).strings("a", &["b"]).document("d", Writer::with_capacity(0).int32("i", 1));
        let nested = nested.finish();
        assert_eq!(depth(Document::parse(nested.expose()).unwrap()), 2);
        for input in [&b""[..], &[5, 0, 0, 0, 0], nested.expose()] {
            bson(input);
            identity(input);
            serialized_session(input);
        }
        serialized_session(b"not base64 at all!");
    }
}
