//! Process data: values, proofs, key shares, texts of processes.

use crate::Input;
use crate::sealing::next;
use sealwright_process::{
    AttributeKey, Commitment, KeyRequest, KeyShare, Name, Outpoint, PairSecret, Process, Proof, Roles, Salt,
    ShareContext, StateId, Value, hazmat, input,
};
use serde_json::Value as Json;

/// Input: an encoded value, or the text of one after a byte `t`.
pub(crate) fn process_value(bytes: &[u8]) -> Input {
    if let Ok(value) = Value::decode(bytes) {
        assert!(value.encode().expose() == bytes, "PROC-04: one encoding");
        assert!(value.as_json().is_some() != value.as_binary().is_some(), "PROC-06: one kind");
        let [version, kind] = [bytes.first(), bytes.get(1)];
        assert!(version == Some(&1) && matches!(kind, Some(0 | 1)), "PROC-03");
        if let Some(text) = value.as_json() {
            let other: Json = serde_json::from_str(text).expect("another reader accepts it");
            assert!(!text.starts_with([' ', '\n']) && !has_negative_zero(&other), "PROC-04");
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Input::Useful };
    if let Ok(value) = Value::json(text) {
        let encoded = value.encode();
        let again = Value::decode(encoded.expose()).expect("what is encoded decodes");
        assert!(again == value, "PROC-04");
        let other: Json = serde_json::from_str(text).expect("another reader accepts it");
        let canonical: Json = serde_json::from_str(value.as_json().expect("JSON")).expect("JSON");
        assert!(same(&other, &canonical), "the canonical form says the same");
    }
    if let Ok(attributes) = input::attributes(text) {
        for (name, value) in &attributes {
            let written = format!("{{\"a\":{}}}", *input::write(value));
            let again = input::attributes(&written).expect("what is written is read");
            assert!(again.values().next() == Some(value), "PROC-06: {name}");
        }
    }
    Input::Useful
}

fn has_negative_zero(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.as_f64().is_some_and(|number| number == 0.0 && number.is_sign_negative()),
        Json::Array(items) => items.iter().any(has_negative_zero),
        Json::Object(members) => members.values().any(has_negative_zero),
        _ => false,
    }
}

/// Equal as JSON, numbers as doubles.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// Input: the text of a proof.
pub(crate) fn process_proof(bytes: &[u8]) -> Input {
    let Ok(text) = std::str::from_utf8(bytes) else { return Input::Useless };
    let Ok(proof) = Proof::from_json(text) else { return Input::Useful };
    assert_eq!(proof.to_json(), text, "PROC-41: one form");
    assert!(proof.path.len() <= 64, "PROC-41");
    // Nobody finds a path from two commitments to one root.
    let verified = [0, 1].map(|byte| proof.verify(&Commitment::from_bytes([byte; 32]), &proof.root).is_ok());
    assert!(verified != [true, true], "PROC-41: two commitments at one place");
    assert!(
        proof.verify(&Commitment::from_bytes([0; 32]), &StateId::from_bytes([9; 32])).is_err()
            || proof.root == StateId::from_bytes([9; 32])
    );
    Input::Useful
}

/// Input: a byte that says whether what follows is a share, a payload that is sealed, or the text of a share.
pub(crate) fn process_share(mut bytes: &[u8]) -> Input {
    let kind = next(&mut bytes) % 3;
    let secret = PairSecret::from_slice(&[7; 32]).expect("32 bytes");
    match kind {
        0 => assert!(KeyShare::from_bytes(context(), bytes.to_vec()).open(&secret).is_err(), "nobody sealed it"),
        1 => sealed(bytes, &secret),
        _ => {
            let Ok(text) = std::str::from_utf8(bytes) else { return Input::Useless };
            if let Ok(share) = KeyShare::from_json(text) {
                assert_eq!(share.to_json(), text, "PROC-95: one form");
                assert!(share.open(&secret).is_err(), "nobody sealed it");
            }
            if let Ok(request) = KeyRequest::from_json(text) {
                assert_eq!(request.to_json(), text, "PROC-96: one form");
            }
        }
    }
    Input::Useful
}

fn sealed(payload: &[u8], secret: &PairSecret) {
    let share = hazmat::share_of(context(), payload, secret, &[3; 12]);
    let right = match payload {
        [1, rest @ ..] if rest.len() == 33 => rest.ends_with(&[0]),
        [1, rest @ ..] if rest.len() == 65 => rest.get(32) == Some(&1),
        _ => false,
    };
    match share.open(secret) {
        Ok((key, salt)) => {
            assert!(right, "PROC-95: the payload has another form");
            assert!(payload.get(1..33) == Some(key.expose().as_slice()), "PROC-95");
            assert!(salt.is_some() == (payload.len() == 66), "PROC-95");
            let other = ShareContext { sender: "eve".parse().expect("an address"), ..context() };
            let moved = KeyShare::from_bytes(other, share.as_bytes().to_vec());
            assert!(moved.open(secret).is_err(), "PROC-95: from another sender");
        }
        Err(_) => assert!(!right, "PROC-95: a right payload is refused"),
    }
    let key = AttributeKey::from_slice(&[1; 32]).expect("32 bytes");
    let salt = Salt::from_slice(&[2; 32]);
    let good = hazmat::seal_share(context(), &key, salt.as_ref(), secret, &[3; 12]);
    assert!(good.open(secret).is_ok(), "PROC-95");
}

fn context() -> ShareContext {
    ShareContext {
        attribute: "doc".parse().expect("a name"),
        process: Outpoint::new([1; 32], 0),
        recipient: "bob".parse().expect("an address"),
        sender: "alice".parse().expect("an address"),
        state_id: StateId::from_bytes([2; 32]),
    }
}

/// Input: the text of a process or of roles.
pub(crate) fn process_text(bytes: &[u8]) -> Input {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(roles) = Roles::from_json(text)
    {
        assert_eq!(roles.to_json(), text, "PROC-31: one form");
        assert!(Roles::from_input(text).expect("also a strict form is an input") == roles);
    }
    let Ok(process) = Process::from_json(bytes) else { return Input::Useful };
    let text = process.to_json();
    assert!(text.expose().eq_ignore_ascii_case(bytes), "PROC-71: one form, but for the case of digits");
    let mut again = Process::from_json(text.expose()).expect("what is written is read");
    assert!(again.to_json().expose() == text.expose(), "PROC-71");
    // Merging a copy of itself changes nothing, merging one without keys drops none.
    again.merge(process.without_secrets()).expect("the same states");
    serde_json::to_string(&process.view()).expect("a listing is JSON");
    for state in process.states() {
        let label_of = |name: &Name| name.clone().into();
        for name in state.commitments().keys() {
            let proof = state.prove(&label_of(name)).expect("it is in the state");
            let commitment = state.commitment(name).expect("it is in the state");
            assert_eq!(proof.verify(&commitment, &state.id()), Ok(()), "PROC-41");
            assert!(state.key(name).is_none() || state.private_names().any(|private| private == name), "PROC-70");
            if let Some(key) = state.key(name) {
                let kept = again.state(&state.id()).and_then(|state| state.key(name)).expect("PROC-73: kept");
                assert!(kept.expose() == key.expose(), "PROC-73");
            }
        }
    }
    Input::Useful
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        for bytes in [
            &b""[..],
            b"\x01\x00null",
            b"\x01\x00-0",
            b"\x01\x01\0\0",
            b"1.0",
            b"{\"a\":{\"$binary\":\"\"}}",
            b"[1e300,5e-324]",
        ] {
            process_value(bytes);
        }
        for bytes in [
            &b""[..],
            b"\x00",
            b"\x01",
            &[&[1, 1], [5; 32].as_slice(), &[0]].concat(),
            &[&[1, 1], [5; 32].as_slice(), &[1], &[6; 32]].concat(),
            b"\x02{}",
        ] {
            process_share(bytes);
        }
        assert_eq!(process_proof(b"\xff"), Input::Useless);
        process_text(b"{}");
    }
}
