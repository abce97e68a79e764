//! The records of a bundle that lead to session keys (docs/spec/EGRESS.md section 1).

use crate::bundle::{
    Bundle, GROUP_KEYS, MESSAGE_KEYS, OVER_ENCRYPTION_KEYS, PROXY_KEYS, SESSION_KEYS, SYM_ENC_KEY_SECRETS,
    SYM_ENC_KEYS, TMR_ACCESSES,
};
use crate::error::EgressError;
use crate::lines::MalformedRecord;
use crate::options::Options;
use crate::store;
use sealwright_envelope::SymKey;
use sealwright_kdf::Password;
use sealwright_session::{Generation, OverEncryptionKey, PasswordOrKey, Records, SerializedSession, SymEncKeySecret};
use sealwright_types::{DeviceId, SecretString, SessionId, SymEncKeyId, TmrAccessId, b64};
use sealwright_wrap::PrivateKey;
use sealwright_wrap::record::spelling::{optional, required};
use sealwright_wrap::record::{
    AuthFactor, AuthFactorKind, DeviceToken, GroupKeyRecord, ProxyKey, SymEncKeyRecord, TmrAccess,
};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// The records of a bundle, and how many of them the service had revoked.
pub(crate) struct Keys {
    pub(crate) records: Records,
    pub(crate) revoked: u64,
}

/// Text that is wiped.
pub(crate) struct SecretText(pub(crate) SecretString);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownKey {
    session_id: Option<SessionId>,
    #[serde(rename = "message_id")]
    message_id: Option<SessionId>,
    key: Option<SecretText>,
    serialized: Option<SecretText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SymEncKeySecretRecord {
    #[serde(rename = "symEncKeyId")]
    sym_enc_key_id_camel: Option<SymEncKeyId>,
    #[serde(rename = "sym_enc_key_id")]
    sym_enc_key_id: Option<SymEncKeyId>,
    /// As it was spelt (KDF-30).
    session_id: Option<String>,
    #[serde(rename = "message_id")]
    message_id: Option<String>,
    password: Option<SecretText>,
    raw_sym_key: Option<SecretText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OverEncryptionKeyRecord {
    tmr_access_id: Option<TmrAccessId>,
    #[serde(rename = "tmr_key_id")]
    tmr_key_id: Option<TmrAccessId>,
    #[serde(rename = "authFactor")]
    auth_factor_camel: Option<AuthFactor>,
    #[serde(rename = "auth_factor")]
    auth_factor: Option<AuthFactor>,
    #[serde(rename = "auth_factor_type")]
    auth_factor_kind: Option<AuthFactorKind>,
    #[serde(rename = "auth_factor_value")]
    auth_factor_value: Option<String>,
    raw_over_encryption_key: SecretText,
}

impl Keys {
    /// Reads all of them.
    pub(crate) fn from_bundle(
        bundle: &Bundle,
        options: &Options,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<Self, EgressError> {
        let mut records = store::records_for(bundle, options)?;
        let revoked = Self::add_to(&mut records, bundle, malformed)?;
        records.seal().map_err(EgressError::io("sort the records of", bundle.root()))?;
        Ok(Self { records, revoked })
    }

    /// Adds all of them, and tells how many were revoked.
    pub(crate) fn add_to(
        records: &mut Records,
        bundle: &Bundle,
        malformed: &mut Vec<MalformedRecord>,
    ) -> Result<u64, EgressError> {
        let mut revoked = 0;
        if bundle.app.is_some() {
            records.app.clone_from(&bundle.app);
        }
        bundle.each(SESSION_KEYS, malformed, |place, record: KnownKey| {
            let (session, key) = record.read().ok_or(place)?;
            records.add_known(session, &key);
            Ok(())
        })?;
        bundle.each(MESSAGE_KEYS, malformed, |_, record: DeviceToken| {
            revoked += u64::from(record.revoked);
            records.add_token(record);
            Ok(())
        })?;
        bundle.each(PROXY_KEYS, malformed, |_, record: ProxyKey| {
            revoked += u64::from(record.revoked);
            records.add_proxy(record);
            Ok(())
        })?;
        bundle.each(SYM_ENC_KEYS, malformed, |_, record: SymEncKeyRecord| {
            revoked += u64::from(record.revoked);
            records.add_sym_enc_key(record);
            Ok(())
        })?;
        bundle.each(TMR_ACCESSES, malformed, |_, record: TmrAccess| {
            revoked += u64::from(record.revoked);
            records.add_tmr_access(record);
            Ok(())
        })?;
        bundle.each(GROUP_KEYS, malformed, |_, record: GroupKeyRecord| {
            records.add_group_key(record);
            Ok(())
        })?;
        bundle.each(SYM_ENC_KEY_SECRETS, malformed, |place, record: SymEncKeySecretRecord| {
            records.add_sym_enc_key_secret(record.read().ok_or(place)?);
            Ok(())
        })?;
        bundle.each(OVER_ENCRYPTION_KEYS, malformed, |place, record: OverEncryptionKeyRecord| {
            records.add_over_encryption_key(record.read().ok_or(place)?);
            Ok(())
        })?;
        Ok(revoked)
    }

    /// Adds what local databases hold.
    pub(crate) fn add_recovered(
        records: &mut Records,
        group_keys: Vec<(Option<DeviceId>, Arc<PrivateKey>)>,
        sessions: &[(SessionId, SymKey)],
    ) {
        for (device, key) in group_keys {
            records.add_group_private_key(device, key);
        }
        for (session, key) in sessions {
            records.add_known(*session, key);
        }
    }
}

/// Adds a record whose kind is told by its members; `None` if it is none.
pub(crate) fn add_record(records: &mut Records, text: &str) -> Option<()> {
    // An array of as many elements would be taken for the members of an object in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return None;
    }
    if let Ok(record) = serde_json::from_str(text) {
        records.add_proxy(record);
    } else if let Ok(record) = serde_json::from_str(text) {
        records.add_sym_enc_key(record);
    } else if let Ok(record) = serde_json::from_str(text) {
        records.add_tmr_access(record);
    } else if let Ok(record) = serde_json::from_str(text) {
        records.add_group_key(record);
    } else if let Ok(record) = serde_json::from_str(text) {
        records.add_token(record);
    } else if let Some(secret) = serde_json::from_str(text).ok().and_then(SymEncKeySecretRecord::read) {
        records.add_sym_enc_key_secret(secret);
    } else if let Some(key) = serde_json::from_str(text).ok().and_then(OverEncryptionKeyRecord::read) {
        records.add_over_encryption_key(key);
    } else {
        let (session, key) = serde_json::from_str(text).ok().and_then(KnownKey::read)?;
        records.add_known(session, &key);
    }
    Some(())
}

impl KnownKey {
    fn read(self) -> Option<(SessionId, SymKey)> {
        let session_id = optional("sessionId", [self.session_id, self.message_id]).ok()?;
        match (session_id, self.serialized, self.key) {
            // An id beside it must be its own.
            (session_id, Some(text), None) => {
                let session = SerializedSession::from_text(text.0.expose(), Generation::Unknown).ok()?;
                session_id.is_none_or(|id| id == session.id).then_some((session.id, session.key))
            }
            (Some(session), None, Some(text)) => Some((session, text.sym_key()?)),
            _ => None,
        }
    }
}

impl SymEncKeySecretRecord {
    /// A password or a raw key, not both (VAL-06).
    fn read(self) -> Option<SymEncKeySecret> {
        let id = required("symEncKeyId", [self.sym_enc_key_id_camel, self.sym_enc_key_id]).ok()?;
        let session_spelling = optional("sessionId", [self.session_id, self.message_id]).ok()?;
        let secret = match (self.password, self.raw_sym_key) {
            (Some(password), None) => PasswordOrKey::Password(Password::new(password.0.expose()).ok()?),
            (None, Some(key)) => PasswordOrKey::Key(key.sym_key()?),
            _ => return None,
        };
        Some(SymEncKeySecret { id, session_spelling, secret })
    }
}

impl OverEncryptionKeyRecord {
    /// The key has 64 bytes (VAL-01). The factor stands there as one member or as a pair (EGR-02).
    fn read(self) -> Option<OverEncryptionKey> {
        let pair = match (self.auth_factor_kind, self.auth_factor_value) {
            (Some(kind), Some(value)) => Some(AuthFactor { kind, value }),
            (None, None) => None,
            _ => return None,
        };
        let auth_factor = optional("authFactor", [self.auth_factor_camel, self.auth_factor, pair]).ok()?;
        let id = optional("tmrAccessId", [self.tmr_access_id, self.tmr_key_id]).ok()?;
        let key = self.raw_over_encryption_key.sym_key().filter(|key| key.expose().len() == SymKey::LENGTH)?;
        Some(OverEncryptionKey { id, auth_factor, key })
    }
}

impl SecretText {
    fn sym_key(&self) -> Option<SymKey> {
        let key = b64::decode_tolerant_secret(self.0.expose()).ok()?;
        SymKey::from_bytes(key.expose()).ok()
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "5a221722-36c4-41ee-be56-0242ac120002";

    #[test]
    fn a_serialised_session_is_the_one_that_is_named_beside_it() {
        let id: SessionId = SESSION.parse().unwrap();
        let session = SerializedSession { id, key: SymKey::generate().unwrap(), details: None };
        let text = session.to_text();
        let read = |beside: &str| {
            let record = format!(r#"{{"serialized":"{}"{beside}}}"#, text.expose());
            serde_json::from_str::<KnownKey>(&record).ok().and_then(KnownKey::read).map(|(id, _)| id)
        };
        assert_eq!(read(""), Some(id));
        assert_eq!(read(&format!(r#","sessionId":"{}""#, id.to_s64())), Some(id));
        assert_eq!(read(r#","message_id":"00000000-0000-1000-a000-7ea300000018""#), None);
        assert_eq!(read(&format!(r#","key":"{}""#, b64::encode([1; 64]))), None);
    }

    #[test]
    fn both_spellings_of_a_field_are_one_if_they_agree() {
        const OTHER: &str = "00000000-0000-1000-a000-7ea300000018";
        let key = b64::encode([1; 64]);
        let spelt = |names: [&str; 2], values: [&str; 2], rest: &str| {
            let record = format!(r#"{{"{}":{},"{}":{},{rest}}}"#, names[0], values[0], names[1], values[1]);
            add_record(&mut Records::default(), &record).is_some()
        };
        let ids = [format!("\"{SESSION}\""), format!("\"{OTHER}\"")];
        let factors = [r#"{"type":"EM","value":"a"}"#, r#"{"type":"EM","value":"b"}"#].map(str::to_owned);
        let over_encryption = format!(r#""rawOverEncryptionKey":"{key}""#);
        for (names, values, rest) in [
            (["sessionId", "message_id"], &ids, format!(r#""key":"{key}""#)),
            (["symEncKeyId", "sym_enc_key_id"], &ids, r#""password":"x""#.to_owned()),
            (["sessionId", "message_id"], &ids, format!(r#""symEncKeyId":"{SESSION}","password":"x""#)),
            (["tmrAccessId", "tmr_key_id"], &ids, over_encryption.clone()),
            (["authFactor", "auth_factor"], &factors, over_encryption.clone()),
        ] {
            assert!(spelt(names, [&values[0], &values[0]], &rest), "{names:?} {rest}");
            assert!(!spelt(names, [&values[0], &values[1]], &rest), "{names:?} {rest}");
        }
    }

    #[test]
    fn an_array_is_no_record() {
        for record in [
            format!(r#"["{SESSION}","{}",null]"#, b64::encode([1; 64])),
            format!(r#"["{SESSION}",null,"password",null]"#),
            format!(r#"[null,null,null,null,"{}"]"#, b64::encode([1; 64])),
            format!(r#"["{SESSION}",null,"{SESSION}",null,null,null,null,null,null,"AAAA",null,false]"#),
        ] {
            assert!(add_record(&mut Records::default(), &record).is_none(), "{record}");
        }
    }
}
