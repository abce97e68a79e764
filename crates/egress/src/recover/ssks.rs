//! Identities stored under passwords and two-man-rule keys: every secret on every blob that it may belong to (EGR-04, EGR-15).

use super::{Attempt, Outcome, Recovered};
use crate::bundle::{Bundle, PASSWORDS, SSKS_PASSWORD, SSKS_TWO_MAN_RULE, TWO_MAN_RULE_KEYS};
use crate::error::EgressError;
use crate::keys::SecretText;
use crate::lines::MalformedRecord;
use crate::workers;
use sealwright_identity::ssks::{Account, Blob, BlobError, Opened, password, two_man_rule};
use sealwright_kdf::value::{RawKey64, RawStorageKey};
use sealwright_kdf::{AppIdText, Password, UserIdText};
use sealwright_types::Coded as _;
use sealwright_wrap::record::spelling::{SpellingError, optional, required};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A blob as it stands in the bundle.
#[derive(Deserialize)]
struct BlobRecord {
    #[serde(rename = "userId")]
    user_id_camel: Option<String>,
    user_id: Option<String>,
    data: Option<String>,
    data_b64: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordRecord {
    #[serde(rename = "userId")]
    user_id_camel: Option<String>,
    #[serde(rename = "user_id")]
    user_id: Option<String>,
    password: Option<SecretText>,
    raw_storage_key: Option<SecretText>,
    raw_encryption_key: Option<SecretText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TwoManRuleRecord {
    #[serde(rename = "userId")]
    user_id_camel: Option<String>,
    #[serde(rename = "user_id")]
    user_id: Option<String>,
    two_man_rule_key: Option<SecretText>,
    raw_two_man_rule_key: Option<SecretText>,
}

/// A secret and the user that it belongs to; without a user it is tried on every blob.
pub(super) struct Secret<C> {
    user: Option<String>,
    credential: C,
}

/// A blob, where it stands, and whose it is.
struct Stored {
    source: String,
    user: String,
    data: String,
}

/// A way of storing identities: where its blobs and secrets stand, and what opens them.
pub(super) trait Protection {
    /// The file of secrets.
    const SECRETS: &str;
    /// The file of blobs.
    const BLOBS: &str;
    /// A line of the file of secrets.
    type Record: DeserializeOwned;
    /// What it says.
    type Credential: Sync;

    /// Reads a secret; `None` for one that is half or twice there.
    fn read(record: Self::Record) -> Option<Secret<Self::Credential>>;

    /// Tries a credential; `None` if it needs the application's id and that is missing.
    fn open(blob: &Blob, credential: &Self::Credential, account: Option<&Account>)
    -> Option<Result<Opened, BlobError>>;
}

/// Under a password, or raw keys in its place.
pub(super) struct ByPassword;
/// Under the application's two-man-rule key.
pub(super) struct ByTwoManRule;

impl Protection for ByPassword {
    const SECRETS: &str = PASSWORDS;
    const BLOBS: &str = SSKS_PASSWORD;
    type Record = PasswordRecord;
    type Credential = password::Credential;

    fn read(record: PasswordRecord) -> Option<Secret<Self::Credential>> {
        let password = record.password.map(|text| Password::new(text.0.expose())).transpose().ok()?;
        let storage =
            record.raw_storage_key.map(|text| RawStorageKey::parse_tolerant(text.0.expose())).transpose().ok()?;
        let key = record.raw_encryption_key.map(|text| RawKey64::parse_tolerant(text.0.expose())).transpose().ok()?;
        let credential = password::Credential::from_parts(password, storage, key).ok()?;
        let user = optional("userId", [record.user_id_camel, record.user_id]).ok()?;
        Some(Secret { user, credential })
    }

    fn open(
        blob: &Blob,
        credential: &Self::Credential,
        account: Option<&Account>,
    ) -> Option<Result<Opened, BlobError>> {
        match (credential, account) {
            (_, Some(account)) => Some(password::open(blob, credential, account)),
            (password::Credential::Raw { key, .. }, None) => Some(blob.open_raw(key)),
            (password::Credential::Password(_), None) => None,
        }
    }
}

impl Protection for ByTwoManRule {
    const SECRETS: &str = TWO_MAN_RULE_KEYS;
    const BLOBS: &str = SSKS_TWO_MAN_RULE;
    type Record = TwoManRuleRecord;
    type Credential = two_man_rule::Credential;

    fn read(record: TwoManRuleRecord) -> Option<Secret<Self::Credential>> {
        let text = record.two_man_rule_key.map(|text| Password::new(text.0.expose())).transpose().ok()?;
        let raw = record.raw_two_man_rule_key.map(|text| RawKey64::parse_tolerant(text.0.expose())).transpose().ok()?;
        let credential = two_man_rule::Credential::from_parts(text, raw).ok()?;
        let user = optional("userId", [record.user_id_camel, record.user_id]).ok()?;
        Some(Secret { user, credential })
    }

    fn open(
        blob: &Blob,
        credential: &Self::Credential,
        account: Option<&Account>,
    ) -> Option<Result<Opened, BlobError>> {
        match (credential, account) {
            (_, Some(account)) => Some(two_man_rule::open(blob, credential, account)),
            (two_man_rule::Credential::Raw(key), None) => Some(blob.open_raw(key)),
            (two_man_rule::Credential::Text(_), None) => None,
        }
    }
}

impl Recovered {
    /// Tries every secret of one protection on every blob that it may belong to.
    pub(super) fn try_stored<P: Protection>(
        &mut self,
        bundle: &Bundle,
        threads: usize,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<(), EgressError> {
        let (mut secrets, mut blobs) = (Vec::new(), Vec::new());
        bundle.each(P::SECRETS, malformed, |place, record: P::Record| {
            secrets.push(P::read(record).ok_or(place)?);
            Ok(())
        })?;
        bundle.each(P::BLOBS, malformed, |place, record: BlobRecord| {
            blobs.push(Stored::read(record, &place).map_err(|_| place)?);
            Ok(())
        })?;
        self.try_blobs::<P>(&blobs, &secrets, bundle.app.as_ref(), threads);
        Ok(())
    }

    /// Derivations take their time and 16 MiB each: as many at once as there are threads.
    fn try_blobs<P: Protection>(
        &mut self,
        blobs: &[Stored],
        secrets: &[Secret<P::Credential>],
        app: Option<&AppIdText>,
        threads: usize,
    ) {
        let open = |stored: &Stored| stored.open::<P>(secrets, app);
        let Ok(()) = workers::in_order(threads, blobs, open, |stored, opened| {
            match opened {
                Ok(opened) => {
                    let attempt = self.document(&stored.source, opened.document(), None, None);
                    self.attempts.push(Attempt { user: stored.user.clone(), ..attempt });
                }
                Err((outcome, error)) => self.attempts.push(Attempt {
                    user: stored.user.clone(),
                    ..Attempt::failed(stored.source.clone(), None, None, outcome, error)
                }),
            }
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

impl Stored {
    fn read(record: BlobRecord, place: &MalformedRecord) -> Result<Self, SpellingError> {
        let user = required("userId", [record.user_id_camel, record.user_id])?;
        Ok(Self { source: place.to_string(), user, data: required("data", [record.data, record.data_b64])? })
    }

    /// Tries the secrets of the user, then those of nobody. The most telling failure counts: a right secret for an empty slot, then a
    /// wrong one.
    fn open<P: Protection>(
        &self,
        secrets: &[Secret<P::Credential>],
        app: Option<&AppIdText>,
    ) -> Result<Opened, (Outcome, &'static str)> {
        let blob = Blob::from_base64(&self.data).map_err(|error| (Outcome::Malformed, error.code()))?;
        let user = UserIdText::parse_tolerant(&self.user).map_err(|error| (Outcome::Malformed, error.code()))?;
        let mut failure = (Outcome::NoSecret, "no-secret");
        let named = secrets.iter().filter(|secret| secret.user.as_ref() == Some(&self.user));
        for secret in named.chain(secrets.iter().filter(|secret| secret.user.is_none())) {
            let account = app.map(|app| Account { app: app.clone(), user: user.clone() });
            let Some(opened) = P::open(&blob, &secret.credential, account.as_ref()) else {
                failure = (Outcome::NoSecret, "app-id-missing");
                continue;
            };
            match opened {
                Ok(opened) => return Ok(opened),
                Err(BlobError::SlotDisabled) => failure = (Outcome::SlotDisabled, "slot-disabled"),
                Err(_) if failure.0 == Outcome::SlotDisabled => {}
                Err(error) => failure = (Outcome::Rejected, error.code()),
            }
        }
        Err(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_field_are_one_if_they_agree() {
        let place = MalformedRecord { file: String::new(), line: 1 };
        let blob = |text: &str| Stored::read(serde_json::from_str(text).unwrap(), &place).is_ok();
        assert!(blob(r#"{"userId":"u","user_id":"u","data":"AA==","data_b64":"AA=="}"#));
        assert!(!blob(r#"{"userId":"u","user_id":"v","data":"AA=="}"#));
        assert!(!blob(r#"{"userId":"u","data":"AA==","data_b64":"AQ=="}"#));
        assert!(!blob(r#"{"data":"AA=="}"#));
        let password = |text: &str| ByPassword::read(serde_json::from_str(text).unwrap()).is_some();
        assert!(password(r#"{"userId":"u","user_id":"u","password":"x"}"#));
        assert!(!password(r#"{"userId":"u","user_id":"v","password":"x"}"#));
        let two_man_rule = |text: &str| ByTwoManRule::read(serde_json::from_str(text).unwrap()).is_some();
        assert!(two_man_rule(r#"{"userId":"u","user_id":"u","twoManRuleKey":"x"}"#));
        assert!(!two_man_rule(r#"{"userId":"u","user_id":"v","twoManRuleKey":"x"}"#));
        let ids = |text: &str| serde_json::from_str::<super::super::IdentityRecord>(text).unwrap().ids().is_ok();
        let (id, other) = ("5a221722-36c4-41ee-be56-0242ac120002", "00000000-0000-1000-a000-7ea300000018");
        let identity = |one: &str, two: &str| {
            format!(r#"{{"sealdId":"{one}","seald_id":"{two}","deviceId":"{one}","key_id":"{one}","identity":""}}"#)
        };
        assert!(ids(&identity(id, id)));
        assert!(!ids(&identity(id, other)));
    }
}
