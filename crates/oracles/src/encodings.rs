//! Base64, ids and names: what is written is read again, and every reading agrees with the stricter one.

use crate::Input;
use sealwright_envelope::name::{LONGEST, Name, numbered, safe};
use sealwright_types::{SessionId, b64};
use sealwright_wrap::KeyHash;

/// Input: text that may be base64, and bytes to be written.
pub(crate) fn base64(input: &[u8]) -> Input {
    let written = b64::encode(input);
    assert_eq!(b64::decode_strict(&written).as_deref(), Ok(input), "B64-03");
    assert_eq!(b64::decode_tolerant(&written).as_deref(), Ok(input), "B64-02");
    if !input.is_empty() {
        let s64 = b64::encode_s64(input);
        assert!(!s64.contains(['/', '=', '-', '_']), "B64-04");
        assert_eq!(b64::decode_s64(&s64).as_deref(), Ok(input), "B64-04");
        assert_eq!(b64::decode_s64(&written).as_deref(), Ok(input), "B64-04");
    }

    if let Ok(bytes) = b64::decode_strict(input) {
        assert_eq!(b64::encode(&bytes).as_bytes(), input, "B64-01: one form");
        assert_eq!(b64::decode_tolerant(input), Ok(bytes), "B64-02: tolerant reads what is strict");
    }
    if let Ok(bytes) = b64::decode_tolerant(input) {
        assert_eq!(b64::decode_tolerant_secret(input).map(|secret| secret.expose().to_vec()), Ok(bytes.clone()));
        let folded: Vec<u8> = input.iter().flat_map(|&byte| [byte, b'\n']).collect();
        assert_eq!(b64::decode_tolerant(folded), Ok(bytes), "B64-02: line breaks anywhere");
    }
    // Padding alone is read as nothing, which has no spelling of its own.
    if let Ok(bytes) = b64::decode_s64(input)
        && !bytes.is_empty()
    {
        assert_eq!(b64::decode_s64(b64::encode_s64(&bytes)), Ok(bytes), "B64-04");
    }
    Input::Useful
}

/// Input: text that may be an id or a key hash, and bytes that may be one.
pub(crate) fn ids(input: &[u8]) -> Input {
    if let Ok(bytes) = <[u8; 16]>::try_from(input)
        && let Ok(id) = SessionId::from_bytes(bytes)
    {
        every_spelling(id);
    }
    let Ok(text) = std::str::from_utf8(input) else { return Input::Useless };
    let parsed = text.parse::<SessionId>();
    if let Ok(id) = parsed {
        every_spelling(id);
    }
    for narrow in [SessionId::parse_lower_case(text), SessionId::parse_s64(text)] {
        assert!(narrow.is_err() || narrow == parsed, "a narrow reading differs");
    }
    if let Ok(hash) = text.parse::<KeyHash>() {
        assert_eq!(hash.to_string().parse(), Ok(hash), "KEY-23");
    }
    Input::Useful
}

fn every_spelling(id: SessionId) {
    let hyphenated = id.to_string();
    assert_eq!(SessionId::parse_lower_case(&hyphenated), Ok(id), "UUID-03");
    assert_eq!(hyphenated.to_uppercase().parse(), Ok(id), "UUID-02");
    assert_eq!(SessionId::parse_s64(&id.to_s64()), Ok(id), "UUID-02");
    assert_eq!(SessionId::from_bytes(*id.as_bytes()), Ok(id), "UUID-01");
}

/// Input: a stored name.
pub(crate) fn names(input: &[u8]) -> Input {
    let Ok(name) = Name::new(input.to_vec()) else {
        assert!(input.contains(&0) || std::str::from_utf8(input).is_err(), "TAR-22");
        return Input::Useless;
    };
    assert_eq!(name.raw.as_bytes(), input);
    harmless(&name.safe);
    assert_eq!(safe(&name.safe), name.safe, "TAR-22: a safe name stays as it is");
    // The name itself may be among its alternatives: one of all 255 bytes that ends with a number already.
    let mut taken = Vec::new();
    for number in [1, 2, 10, u64::MAX] {
        let other = numbered(&name.safe, number);
        harmless(&other);
        assert!(!taken.contains(&other), "FILE-32: {other:?} is taken");
        taken.push(other);
    }
    Input::Useful
}

fn harmless(name: &str) {
    assert!(!name.is_empty() && name.len() <= LONGEST, "TAR-22: {name:?}");
    assert!(name != "." && name != ".." && !name.ends_with([' ', '.']), "TAR-22: {name:?}");
    assert!(
        !name.contains(|character: char| character < ' ' || r#"/\<>:"|?*"#.contains(character)),
        "TAR-22: {name:?}"
    );
    assert_eq!(std::path::Path::new(name).components().count(), 1, "{name:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        for input in
            ["", "==", "AAAA", "AA=", "A\nA", "5a221722-36c4-41ee-be56-0242ac120002", "WiIXIjbEQe6+VgJCrBIAAg", "%%%%"]
        {
            base64(input.as_bytes());
            ids(input.as_bytes());
        }
        for input in ["a.txt", "../..", "con", "COM1.x", "a. ", &"é".repeat(200), ".hidden"] {
            assert_eq!(names(input.as_bytes()), Input::Useful, "{input}");
        }
        assert_eq!(names(b"a\0"), Input::Useless);
    }
}
