//! `session-resolve` and `session-reasons`: from records and secrets to a session's key, or to why there is none.

use super::{Kind, Seen, code, good_key, private_key, session};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_kdf::{AppIdText, Password};
use sealwright_session::{
    Flow, Keyring, OverEncryptionKey, PasswordOrKey, Policy, ProxyDepth, Reason, Records, Resolver, Revoked,
    SymEncKeySecret, UnknownHash,
};
use sealwright_types::{Coded as _, b64};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

pub(crate) struct SessionResolve;
pub(crate) struct SessionReasons;

/// The session that is looked for, private keys as PKCS#8 in base64, records as they stand in a bundle, secrets, and what a recovery may do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Input {
    pub(crate) session: String,
    pub(crate) keys: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) known_keys: Vec<KnownKey>,
    pub(crate) app_id: Option<String>,
    pub(crate) sym_enc_key_secrets: Vec<Secret>,
    pub(crate) over_encryption_keys: Vec<OverKey>,
    pub(crate) try_all_keys: bool,
    pub(crate) open_revoked: bool,
    pub(crate) follow_proxy_chains: bool,
    /// Whether the order of the records decides: several of one kind lead to different keys (EMK-13).
    pub(crate) order_matters: bool,
}

/// A record and its kind. The text is JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) kind: RecordKind,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RecordKind {
    Token,
    ProxyKey,
    GroupKey,
    SymEncKey,
    TmrAccess,
}

/// A session's key that is there already, in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownKey {
    pub(crate) session: String,
    pub(crate) key: String,
}

/// A SymEncKey's password, or its raw key in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) sym_enc_key_id: String,
    pub(crate) password: Option<String>,
    pub(crate) raw_sym_key: Option<String>,
}

/// An over-encryption key in base64, and the access that it belongs to, if it says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct OverKey {
    pub(crate) tmr_access_id: Option<String>,
    pub(crate) key: String,
}

/// The key in base64, the way, its number (FLOW-01), whether only a recovery follows it, and the other keys that further ways lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    pub(crate) key: String,
    pub(crate) route: String,
    pub(crate) flow: Option<i32>,
    pub(crate) chain: bool,
    pub(crate) other_keys: Vec<String>,
}

/// The code of each record's reason, in the order of the records by kind: tokens, proxies, SymEncKeys, TMR accesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    pub(crate) error: String,
    pub(crate) reasons: Vec<String>,
}

const FAMILIES: &[&str] = &["SES", "PROXY", "SEK", "TMR", "GRP", "EMK"];

impl Kind for SessionResolve {
    const NAME: &'static str = "session-resolve";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let mut seen = vec![Seen::whole("in order", resolve(input)?, |_| 64)];
        if !input.order_matters {
            let mut backwards = input.clone();
            backwards.records.reverse();
            backwards.keys.reverse();
            seen.push(Seen::whole("backwards", resolve(&backwards)?, |_| 64));
            let mut twice = input.clone();
            twice.records.extend(input.records.clone());
            seen.push(Seen::whole("every record twice", resolve(&twice)?, |_| 64));
        }
        Ok(seen)
    }
}

impl Kind for SessionReasons {
    const NAME: &'static str = "session-reasons";
    const FAMILIES: &'static [&'static str] = FAMILIES;
    const OPENS: bool = false;
    type In = Input;
    type Out = Reasons;

    fn run(input: &Input, _: Material<'_>) -> Result<Vec<Seen<Reasons>>, LoadError> {
        let resolver = input.resolver(Records::default())?;
        let got = match resolver.resolve(session(&input.session)?) {
            Ok(_) => Err("resolved"),
            Err(closed) => {
                let reasons = closed.reasons.iter().map(|reason: &Reason| reason.code().to_owned()).collect();
                Ok(Reasons { error: code(closed).to_owned(), reasons })
            }
        };
        Ok(vec![Seen::whole("resolve", got, |_| 0)])
    }
}

fn resolve(input: &Input) -> Result<Result<Output, &'static str>, LoadError> {
    let resolver = input.resolver(Records::default())?;
    let keys = match resolver.resolve_all(session(&input.session)?) {
        Ok(keys) => keys,
        Err(closed) => return Ok(Err(code(closed))),
    };
    let mut texts = keys.iter().map(|key| key.sym_key().map(|key| b64::encode(key.expose())).unwrap_or_default());
    let (Some(first), Some(key)) = (keys.first(), texts.next()) else { return Ok(Err("no-key")) };
    let (route, flow) = (first.route.as_str().to_owned(), Flow::to_number(first.flow()));
    Ok(Ok(Output { key, route, flow, chain: first.chain, other_keys: texts.collect() }))
}

impl Input {
    pub(crate) fn resolver(&self, mut records: Records) -> Result<Resolver, LoadError> {
        let mut keyring = Keyring::default();
        for key in &self.keys {
            keyring.add(Arc::new(private_key(key)?), None);
        }
        for record in &self.records {
            record.add(&mut records)?;
        }
        for KnownKey { session: id, key } in &self.known_keys {
            records.add_known(session(id)?, &good_key(key)?);
        }
        let broken = LoadError::material;
        if let Some(app) = &self.app_id {
            records.app = Some(AppIdText::new(app).map_err(|_| broken("an application that is no id"))?);
        }
        for secret in &self.sym_enc_key_secrets {
            let id = secret.sym_enc_key_id.parse().map_err(|_| broken("a SymEncKey that is no id"))?;
            let opener = match (&secret.password, &secret.raw_sym_key) {
                (Some(password), None) => {
                    PasswordOrKey::Password(Password::new(password).map_err(|_| broken("a password that is none"))?)
                }
                (None, Some(key)) => PasswordOrKey::Key(good_key(key)?),
                _ => return Err(broken("a SymEncKey has a password or a key")),
            };
            records.add_sym_enc_key_secret(SymEncKeySecret { id, session_spelling: None, secret: opener });
        }
        for OverKey { tmr_access_id, key } in &self.over_encryption_keys {
            let id = tmr_access_id.as_ref().map(|id| id.parse()).transpose();
            let id = id.map_err(|_| broken("a TMR access that is no id"))?;
            records.add_over_encryption_key(OverEncryptionKey { id, auth_factor: None, key: good_key(key)? });
        }
        let policy = Policy {
            unknown_hash: if self.try_all_keys { UnknownHash::TryAll } else { UnknownHash::Stop },
            revoked: if self.open_revoked { Revoked::Opened } else { Revoked::Skipped },
            proxies: if self.follow_proxy_chains { ProxyDepth::Chains } else { ProxyDepth::One },
        };
        Ok(Resolver::new(keyring, records, policy))
    }
}

impl Record {
    fn add(&self, records: &mut Records) -> Result<(), LoadError> {
        match self.kind {
            RecordKind::Token => records.add_token(parsed(&self.text)?),
            RecordKind::ProxyKey => records.add_proxy(parsed(&self.text)?),
            RecordKind::GroupKey => records.add_group_key(parsed(&self.text)?),
            RecordKind::SymEncKey => records.add_sym_enc_key(parsed(&self.text)?),
            RecordKind::TmrAccess => records.add_tmr_access(parsed(&self.text)?),
        }
        Ok(())
    }
}

/// A record of a test, which has to be readable: other tests are about reading.
pub(crate) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, LoadError> {
    serde_json::from_str(text).map_err(|_| LoadError::material("a record that cannot be read"))
}
