//! Everything that the existing implementations derived and normalised (`vectors/peer/kdf.json`), against the two primitives of the
//! crate. What the public functions refuse, such as an empty password, is derived here too.

use crate::derive::{derive, nfkc};
use sealwright_types::b64;
use serde_json::Value;

fn data() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peer/kdf.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Password text, whether it is normalised, salt bytes, expected bytes.
fn case(vector: &Value) -> (String, bool, Vec<u8>, Vec<u8>) {
    let text = |name: &str| vector[name].as_str().map(str::to_owned);
    match text("kind").unwrap().as_str() {
        "user-license-token" => {
            let password = format!(
                "{}@12345678-1234-4abc-8def-1234567890ab-{}",
                text("userId").unwrap(),
                text("validationKey").unwrap()
            );
            let result = text("result").unwrap();
            let proof = result.rsplit(':').next().unwrap();
            (password, false, text("nonce").unwrap().into_bytes(), hex::decode(proof).unwrap())
        }
        "pre-validation-token" => {
            let password = format!("{}-{}", text("connectorValue").unwrap(), text("domainValidationKey").unwrap());
            let token = &vector["token"];
            let salt = token["nonce"].as_str().unwrap().into();
            (password, true, salt, hex::decode(token["token"].as_str().unwrap()).unwrap())
        }
        _ => {
            let given = ["password", "databaseKey", "twoManRuleKey", "selfAddPassword"].into_iter().find_map(text);
            let result = text("result").unwrap();
            let expected =
                if result.len() == 128 { hex::decode(&result).unwrap() } else { b64::decode_strict(&result).unwrap() };
            (given.unwrap_or_default(), true, hex::decode(text("saltBytes").unwrap()).unwrap(), expected)
        }
    }
}

#[test]
fn all_derivations() {
    let data = data();
    let vectors = data["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 111);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || {
                for vector in vectors.iter().skip(first).step_by(threads) {
                    let (password, normalise, salt, expected) = case(vector);
                    let normal = nfkc(&[&password]);
                    let bytes = if normalise { normal.expose() } else { password.as_bytes() };
                    if let Some(given) = vector["passwordBytes"].as_str() {
                        assert_eq!(bytes, hex::decode(given).unwrap(), "{vector}");
                    }
                    assert_eq!(derive(bytes, &salt).unwrap().expose().as_slice(), expected, "{vector}");
                }
            });
        }
    });
}

#[test]
fn all_normalisations() {
    let data = data();
    let cases = data["normalization"].as_array().unwrap();
    assert_eq!(cases.len(), 29);
    for case in cases {
        let normal = nfkc(&[case["password"].as_str().unwrap()]);
        let digest = ring::digest::digest(&ring::digest::SHA256, normal.expose());
        assert_eq!(hex::encode(digest), case["nfkcSha256"].as_str().unwrap(), "{case}");
        if let Some(bytes) = case["nfkcUtf8"].as_str() {
            assert_eq!(hex::encode(normal.expose()), bytes, "{case}");
        }
    }
}
