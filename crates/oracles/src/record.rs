//! Records that carry wrapped keys: what is read in any spelling is written in one.

use crate::Input;
use sealwright_wrap::record::{DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TemporaryKeyRecord, TmrAccess};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Input: JSON of any record.
pub(crate) fn records(input: &[u8]) -> Input {
    round_trip::<DeviceToken>(input);
    round_trip::<ProxyKey>(input);
    round_trip::<SymEncKeyRecord>(input);
    round_trip::<TmrAccess>(input);
    round_trip::<GroupKeyRecord>(input);
    round_trip::<TemporaryKeyRecord>(input);
    Input::Useful
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(input: &[u8]) {
    let Ok(record) = serde_json::from_slice::<T>(input) else {
        return;
    };
    assert!(input.trim_ascii_start().starts_with(b"{"), "an array is no record");
    let written = serde_json::to_vec(&record).expect("a record is JSON");
    let again: T = match serde_json::from_slice(&written) {
        Ok(again) => again,
        // S64 reads `=` as nothing and has no spelling of nothing (B64-04).
        Err(error) => return assert!(has_empty_text(&written), "what was written is read: {error}"),
    };
    assert_eq!(again, record, "EGR-01");
    assert_eq!(serde_json::to_vec(&again).expect("a record is JSON"), written, "one canonical form");
}

fn has_empty_text(json: &[u8]) -> bool {
    json.windows(3).any(|window| window == br#":"""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_picked_inputs_hold() {
        for input in [
            &b""[..],
            b"{}",
            br#"{"sessionId":"5a221722-36c4-41ee-be56-0242ac120002","token":"AAAA"}"#,
            br#"{"group_id":"5a221722-36c4-41ee-be56-0242ac120002","key_id":"5a221722-36c4-41ee-be56-0242ac120002",
                "message_id":"5a221722-36c4-41ee-be56-0242ac120002","encrypted_encryption_privkey":"AAAA",
                "encrypted_signing_privkey":"AAAA","created":1e300}"#,
        ] {
            records(input);
        }
    }
}
