//! Private keys for texts that a mutator works on: a short place stands for one, so that it stays whole.

use crate::sealing::sealed;
use sealwright_identity::Identity;
use sealwright_types::b64;
use std::sync::LazyLock;

/// An identity with keys of 1024 bits, where everything is fastest.
pub(crate) const IDENTITY: &[u8] = include_bytes!("../../../vectors/peer/identity/js_carol_rsa1024.bson");
/// Reading keys takes the time: more than these would only make an input slow.
const MOST: usize = 8;

/// The identity, sealed: a key backup.
pub(crate) static BACKUP: LazyLock<Vec<u8>> = LazyLock::new(|| sealed(IDENTITY));

/// What stands for the base64 of the encryption key and of the signing key, as JSON texts.
const PLACES: [&[u8]; 2] = [br#""@""#, br#""@@""#];

static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let identity = Identity::from_bson(IDENTITY).expect("an identity").identity;
    let pair = identity.current();
    [&pair.encryption, &pair.signing].map(|key| format!("\"{}\"", b64::encode(key.to_pkcs8().expose())))
});

/// JSON in which the texts `"@"` and `"@@"`, the first few of them, are the base64 of private keys.
pub(crate) fn with_keys(json: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(json.len());
    let (mut rest, mut left) = (json, MOST);
    while let Some((&first, tail)) = rest.split_first() {
        let place = PLACES.iter().zip(&*KEYS).find(|(place, _)| left > 0 && rest.starts_with(place));
        if let Some((place, key)) = place {
            filled.extend_from_slice(key.as_bytes());
            (rest, left) = (&rest[place.len()..], left - 1);
        } else {
            filled.push(first);
            rest = tail;
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_places_is_filled_with_keys() {
        let text = String::from_utf8(with_keys(br#"{"a":"@","b":["@@","a@b.c"]}"#)).unwrap();
        let [encryption, signing] = &*KEYS;
        assert_eq!(text, format!(r#"{{"a":{encryption},"b":[{signing},"a@b.c"]}}"#));
        assert_ne!(encryption, signing);
        let many = String::from_utf8(with_keys(&PLACES[0].repeat(20))).unwrap();
        assert_eq!(many.matches(encryption.as_str()).count(), MOST);
    }
}
