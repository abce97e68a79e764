//! Outpoints: the names of processes and members (section 2).

use crate::text::{TextError, json_as_text};
use std::fmt;
use std::str::FromStr;

/// The id of a process, given by the caller (PROC-01), or of a member: the id of its pairing process (PROC-31).
///
/// As text: the transaction's id as it is displayed, that is with its bytes reversed, in lower-case hexadecimal, `:`, and the output's number in decimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outpoint {
    txid: [u8; 32],
    vout: u32,
}

impl Outpoint {
    /// Output `vout` of the transaction whose id is `txid` in internal order.
    pub const fn new(txid: [u8; 32], vout: u32) -> Self {
        Self { txid, vout }
    }

    /// 36 bytes: the id in internal order, the number in little-endian order.
    pub fn to_bytes(&self) -> [u8; 36] {
        let mut bytes = [0; 36];
        let parts = self.txid.iter().chain(self.vout.to_le_bytes().iter()).copied().collect::<Vec<_>>();
        bytes.copy_from_slice(&parts);
        bytes
    }
}

/// Sorted as their texts (PROC-31).
impl Ord for Outpoint {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let shown = self.txid.iter().rev().cmp(other.txid.iter().rev());
        shown.then_with(|| self.vout.to_string().cmp(&other.vout.to_string()))
    }
}

impl PartialOrd for Outpoint {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Outpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.txid;
        shown.reverse();
        write!(f, "{}:{}", hex::encode(shown), self.vout)
    }
}

impl fmt::Debug for Outpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outpoint({self})")
    }
}

/// The one spelling that is written: lower case, no leading zeros.
impl FromStr for Outpoint {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        const FORM: TextError = TextError("<64 lower-case hexadecimal digits>:<number>");
        let (txid, vout) = text.split_once(':').ok_or(FORM)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(txid, &mut bytes).map_err(|_| FORM)?;
        bytes.reverse();
        let outpoint = Self { txid: bytes, vout: vout.parse().map_err(|_| FORM)? };
        (outpoint.to_string() == text).then_some(outpoint).ok_or(FORM)
    }
}

json_as_text!(Outpoint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let txid = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let outpoint: Outpoint = format!("{txid}:1").parse().unwrap();
        assert_eq!(&hex::encode(outpoint.to_bytes())[..8], "1f1e1d1c");
        assert!(hex::encode(outpoint.to_bytes()).ends_with("010001000000"));
        assert_eq!(outpoint.to_string(), format!("{txid}:1"));
        for wrong in [":1", "", "a:1", &format!("{txid}:01"), &format!("{txid}:+1"), &format!("{txid}:4294967296")] {
            assert!(wrong.parse::<Outpoint>().is_err(), "{wrong}");
        }
        assert!(format!("{}:1", txid.to_uppercase()).parse::<Outpoint>().is_err());
    }
}
