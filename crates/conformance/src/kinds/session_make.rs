//! `proxy-add`, `tmr-retrieve` and `invitation-open`: what makes recipients, checked through what opens again.

use super::{Kind, Seen, code, good_key, session};
use crate::binary::Material;
use crate::check::LoadError;
use crate::kinds::session_resolve::{self, parsed};
use sealwright_kdf::value::AuthFactor;
use sealwright_session::group::{Role, TemporaryKey};
use sealwright_session::{IfMultiple, ProxyAddition, Records, TmrFilter, retrieve_by_tmr};
use sealwright_types::b64;
use sealwright_wrap::PublicKey;
use sealwright_wrap::record::{GroupKeyRecord, TemporaryKeyRecord, TmrAccess};
use sealwright_wrap::symmetric;
use serde::{Deserialize, Serialize};

pub(crate) struct ProxyAdd;
pub(crate) struct TmrRetrieve;
pub(crate) struct InvitationOpen;

/// A session and its key in base64, the session that shall be its proxy, and what leads to the key of that.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ProxyInput {
    pub(crate) target: String,
    pub(crate) target_key: String,
    /// How the proxy session is reached: its `session` is the proxy session.
    pub(crate) proxy: session_resolve::Input,
}

/// Whether there is a new record, and what it holds when the key of the proxy session opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyOutput {
    pub(crate) added: bool,
    pub(crate) opened: Option<String>,
}

/// Accesses as records in JSON, what narrows them, the over-encryption key in base64, and whether several are tried.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TmrInput {
    pub(crate) accesses: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) creator: Option<String>,
    pub(crate) access: Option<String>,
    pub(crate) over_encryption_key: String,
    pub(crate) try_if_multiple: bool,
}

/// The session, its key in base64, and the access that opened it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TmrOutput {
    pub(crate) session: String,
    pub(crate) key: String,
    pub(crate) access: String,
}

/// An invitation and the keys of the group as records in JSON, the over-encryption key, and the signing keys of the group (SPKI) that its sigchain
/// tells; bytes in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct InvitationInput {
    pub(crate) invitation: String,
    pub(crate) group_keys: Vec<String>,
    pub(crate) over_encryption_key: String,
    pub(crate) known_signing_keys: Vec<String>,
}

/// Whether who is invited becomes an administrator, and the generations of the group's keys, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct InvitationOutput {
    pub(crate) is_admin: bool,
    pub(crate) generations: Vec<Generation>,
}

/// One generation: its message key in base64, and the hashes of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Generation {
    pub(crate) message_key: String,
    pub(crate) encryption: String,
    pub(crate) signing: String,
}

impl Kind for ProxyAdd {
    const NAME: &'static str = "proxy-add";
    const FAMILIES: &'static [&'static str] = &["PROXY"];
    const OPENS: bool = false;
    type In = ProxyInput;
    type Out = ProxyOutput;

    fn run(input: &ProxyInput, _: Material<'_>) -> Result<Vec<Seen<ProxyOutput>>, LoadError> {
        let (target, key) = (session(&input.target)?, good_key(&input.target_key)?);
        let mut existing = Records::default();
        for record in input.proxy.records.iter().filter(|record| record.kind == session_resolve::RecordKind::ProxyKey) {
            existing.add_proxy(parsed(&record.text)?);
        }
        let existing = existing.proxies_of(target);
        let resolver = input.proxy.resolver(Records::default())?;
        let got = resolver.resolve_direct(session(&input.proxy.session)?).map_err(code).and_then(|direct| {
            let added = direct.add_as_proxy_of(target, &key, &existing).map_err(code)?;
            Ok(match added {
                ProxyAddition::Present => ProxyOutput { added: false, opened: None },
                ProxyAddition::New(record) => {
                    let opened = direct.sym_key().and_then(|under| symmetric::unwrap(&record.data, &under).ok());
                    ProxyOutput { added: true, opened: opened.map(|key| b64::encode(key.expose())) }
                }
            })
        });
        Ok(vec![Seen::whole("add", got, |_| 0)])
    }
}

impl Kind for TmrRetrieve {
    const NAME: &'static str = "tmr-retrieve";
    const FAMILIES: &'static [&'static str] = &["TMR"];
    const OPENS: bool = true;
    type In = TmrInput;
    type Out = TmrOutput;

    fn run(input: &TmrInput, _: Material<'_>) -> Result<Vec<Seen<TmrOutput>>, LoadError> {
        let accesses = input.accesses.iter().map(|text| parsed(text)).collect::<Result<Vec<TmrAccess>, _>>()?;
        let no_id = |_| LoadError::material("a filter that is no id");
        let email = input.email.as_ref().map(|email| AuthFactor::email(email)).transpose();
        let filter = TmrFilter {
            auth_factor: email.map_err(|_| LoadError::material("an address that is none"))?,
            session: input.session.as_ref().map(|id| id.parse()).transpose().map_err(no_id)?,
            creator: input.creator.as_ref().map(|id| id.parse()).transpose().map_err(no_id)?,
            access: input.access.as_ref().map(|id| id.parse()).transpose().map_err(no_id)?,
        };
        let over = good_key(&input.over_encryption_key)?;
        let if_multiple = if input.try_if_multiple { IfMultiple::TryAll } else { IfMultiple::Refuse };
        let got = retrieve_by_tmr(&accesses, &filter, &over, if_multiple).map_err(code).map(|opened| TmrOutput {
            session: opened.session.to_string(),
            key: b64::encode(opened.key.expose()),
            access: opened.access.to_string(),
        });
        Ok(vec![Seen::whole("retrieve", got, |_| 64)])
    }
}

impl Kind for InvitationOpen {
    const NAME: &'static str = "invitation-open";
    const FAMILIES: &'static [&'static str] = &["GTK", "GRP"];
    const OPENS: bool = true;
    type In = InvitationInput;
    type Out = InvitationOutput;

    fn run(input: &InvitationInput, _: Material<'_>) -> Result<Vec<Seen<InvitationOutput>>, LoadError> {
        let mut seen = vec![Seen::whole("in order", open(input)?, released)];
        let mut backwards = input.clone();
        backwards.known_signing_keys.reverse();
        seen.push(Seen::whole("keys backwards", open(&backwards)?, released));
        Ok(seen)
    }
}

/// The message keys.
fn released(output: &InvitationOutput) -> u64 {
    64 * output.generations.len() as u64
}

fn open(input: &InvitationInput) -> Result<Result<InvitationOutput, &'static str>, LoadError> {
    let invitation: TemporaryKeyRecord = parsed(&input.invitation)?;
    let records = input.group_keys.iter().map(|text| parsed(text)).collect::<Result<Vec<GroupKeyRecord>, _>>()?;
    let signing = input.known_signing_keys.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
    let key = match TemporaryKey::open(&invitation, &good_key(&input.over_encryption_key)?, &signing) {
        Ok(key) => key,
        Err(error) => return Ok(Err(code(error))),
    };
    let opened = key.open_group(&records).map_err(code).map(|group| InvitationOutput {
        is_admin: key.role() == Role::Admin,
        generations: group
            .generations()
            .map(|generation| Generation {
                message_key: b64::encode(generation.message_key.expose()),
                encryption: generation.keys.encryption.hash().to_string(),
                signing: generation.keys.signing.hash().to_string(),
            })
            .collect(),
    });
    Ok(opened)
}

fn public_key(text: &str) -> Result<PublicKey, LoadError> {
    let spki = crate::binary::field(text)?;
    PublicKey::from_der(&spki).map_err(|_| LoadError::material("a public key that is none"))
}
