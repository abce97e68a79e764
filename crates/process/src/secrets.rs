//! Pairwise secrets: confirmed and pending, exported and restored (PROC-92, PROC-93).

use crate::json;
use crate::member::DeviceAddress;
use crate::seal::PairSecret;
use crate::text::SecretText;
use sealwright_types::{Coded, Malformed, SecretVec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The secrets that this device has in common with others.
#[derive(Debug, Default)]
pub struct PairwiseSecrets {
    confirmed: BTreeMap<DeviceAddress, PairSecret>,
    pending: BTreeMap<DeviceAddress, PairSecret>,
}

/// Secrets as a program has them: after a start not before they were restored.
#[derive(Debug, Default)]
pub struct Secrets(Option<PairwiseSecrets>);

/// Since the start of the program no secrets have been restored (PROC-93).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pairwise secrets have not been restored since the start (PROC-93)")]
pub struct SecretsNotRestored;

impl Coded for SecretsNotRestored {
    fn code(&self) -> &'static str {
        "secrets-not-restored"
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    shared_secrets: BTreeMap<DeviceAddress, SecretText>,
    unconfirmed_secrets: BTreeMap<DeviceAddress, SecretText>,
    version: u8,
}

const VERSION: u8 = 1;
const MALFORMED: Malformed = Malformed::new(0, "PROC-93");

impl Secrets {
    /// Gives the secrets that an export holds. What was there is replaced.
    pub fn restore(&mut self, secrets: PairwiseSecrets) {
        self.0 = Some(secrets);
    }

    /// The secrets.
    ///
    /// # Errors
    /// [`SecretsNotRestored`].
    pub fn get(&self) -> Result<&PairwiseSecrets, SecretsNotRestored> {
        self.0.as_ref().ok_or(SecretsNotRestored)
    }

    /// The secrets, to be changed.
    ///
    /// # Errors
    /// [`SecretsNotRestored`].
    pub fn get_mut(&mut self) -> Result<&mut PairwiseSecrets, SecretsNotRestored> {
        self.0.as_mut().ok_or(SecretsNotRestored)
    }
}

impl PairwiseSecrets {
    /// Adds a secret that the other device has not confirmed yet.
    pub fn add_pending(&mut self, address: DeviceAddress, secret: PairSecret) {
        self.pending.insert(address, secret);
    }

    /// Moves a pending secret to the confirmed ones, in the place of an earlier one; `false` if there is none.
    pub fn confirm(&mut self, address: &DeviceAddress) -> bool {
        let moved = self.pending.remove_entry(address);
        moved.map(|(address, secret)| self.confirmed.insert(address, secret)).is_some()
    }

    /// The confirmed secret with a device: the only one that opens incoming shares.
    pub fn confirmed(&self, address: &DeviceAddress) -> Option<&PairSecret> {
        self.confirmed.get(address)
    }

    /// The secret for an outgoing share: a confirmed one, or a pending one if that is allowed.
    pub fn outgoing(&self, address: &DeviceAddress, allow_pending: bool) -> Option<&PairSecret> {
        self.confirmed.get(address).or_else(|| self.pending.get(address).filter(|_| allow_pending))
    }

    /// The devices with confirmed secrets, then those with pending ones.
    pub fn addresses(&self) -> (impl Iterator<Item = &DeviceAddress>, impl Iterator<Item = &DeviceAddress>) {
        (self.confirmed.keys(), self.pending.keys())
    }

    /// Everything as JSON. It MUST be written inside of an envelope only (PROC-93); this crate knows none.
    pub fn export(&self) -> SecretVec {
        let texts = |secrets: &BTreeMap<DeviceAddress, PairSecret>| {
            let text = |secret: &PairSecret| SecretText::from(secret.to_hex());
            secrets.iter().map(|(address, secret)| (address.clone(), text(secret))).collect()
        };
        let (shared_secrets, unconfirmed_secrets) = (texts(&self.confirmed), texts(&self.pending));
        json::write(&Text { shared_secrets, unconfirmed_secrets, version: VERSION })
    }

    /// Reads what [`PairwiseSecrets::export`] writes.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn from_export(bytes: &[u8]) -> Result<Self, Malformed> {
        let text: Text = json::read(bytes, "PROC-93")?;
        if text.version != VERSION {
            return Err(MALFORMED);
        }
        let secrets = |texts: BTreeMap<DeviceAddress, SecretText>| {
            let read =
                |(address, text): (_, SecretText)| Ok((address, PairSecret::from_hex(&text.0).map_err(|_| MALFORMED)?));
            texts.into_iter().map(read).collect::<Result<_, Malformed>>()
        };
        Ok(Self { confirmed: secrets(text.shared_secrets)?, pending: secrets(text.unconfirmed_secrets)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_becomes_confirmed_and_survives_an_export() {
        let [alice, bob] = ["alice", "bob"].map(|text| text.parse::<DeviceAddress>().unwrap());
        let mut secrets = PairwiseSecrets::default();
        assert!(!secrets.confirm(&bob));
        secrets.add_pending(bob.clone(), PairSecret::from_slice(&[1; 32]).unwrap());
        secrets.add_pending(alice.clone(), PairSecret::from_slice(&[2; 32]).unwrap());
        assert!(secrets.confirmed(&bob).is_none() && secrets.outgoing(&bob, false).is_none());
        assert!(secrets.outgoing(&bob, true).is_some() && secrets.confirm(&bob));
        let mut store = Secrets::default();
        assert_eq!(store.get().unwrap_err(), SecretsNotRestored);
        store.restore(PairwiseSecrets::from_export(secrets.export().expose()).unwrap());
        assert_eq!(store.get().unwrap().confirmed(&bob).unwrap().expose(), &[1; 32]);
        assert_eq!(store.get().unwrap().outgoing(&alice, true).unwrap().expose(), &[2; 32]);
        let text = String::from_utf8(secrets.export().into_exposed()).unwrap();
        for wrong in
            [text.replace(":1}", ":2}"), text.replace("0101", "01"), format!("{text} "), text.replace(":", ": ")]
        {
            assert!(PairwiseSecrets::from_export(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
