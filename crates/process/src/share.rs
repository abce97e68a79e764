//! Key shares: the key of an attribute from one device to another, under their pairwise secret (PROC-95, PROC-96).
//!
//! ```text
//! payload   = 01 ‖ key32 ‖ ( 00 | 01 ‖ salt32 )
//! share key = HKDF(pairwise secret, salt = outpoint36, info = T‖"share-key")
//! AAD       = T‖"share" ‖ outpoint36 ‖ state_id32 ‖ lp(attribute) ‖ lp(sender address) ‖ lp(recipient address)
//! share     = 01 ‖ nonce12 ‖ AEAD(share key, nonce, payload, AAD) ‖ tag16
//! ```

use crate::change::Blobs;
use crate::commitment::Sealed;
use crate::json;
use crate::member::{DeviceAddress, Peers};
use crate::name::Name;
use crate::outpoint::Outpoint;
use crate::process::Process;
use crate::roles::MemberId;
use crate::seal::{AttributeKey, OpenError, PairSecret, Salt, open_under, seal_under};
use crate::secrets::PairwiseSecrets;
use crate::state::State;
use crate::tagged::{hkdf, length};
use crate::text::StateId;
use crate::tree::Class;
use crate::vote::Electorate;
use sealwright_types::random::RandomError;
use sealwright_types::{Coded, Cursor, Malformed, Secret, SecretVec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a share is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShareContext {
    /// The attribute.
    pub attribute: Name,
    /// The process.
    pub process: Outpoint,
    /// Who may open it.
    pub recipient: DeviceAddress,
    /// Who has made it.
    pub sender: DeviceAddress,
    /// The state.
    pub state_id: StateId,
}

/// A key on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShare {
    /// What it is bound to.
    pub context: ShareContext,
    sealed: Vec<u8>,
}

/// As it stands in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    attribute: Name,
    process: Outpoint,
    recipient: DeviceAddress,
    sender: DeviceAddress,
    share: String,
    state_id: StateId,
}

/// Asks a peer for the keys that the asker may have. The roles are information only (PROC-96).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// The device that asks.
    pub asker: DeviceAddress,
    /// The process.
    pub process: Outpoint,
    /// The roles that the asker believes to stand in.
    pub roles: Vec<Name>,
    /// The states.
    pub state_ids: Vec<StateId>,
}

/// A share was not made or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// The bytes are no share.
    #[error("not a key share (PROC-95)")]
    Malformed,
    /// Authentication failed: other secret, process, state, attribute, sender or recipient, or damage.
    #[error("rejected: not made for this device and this attribute, or damaged (PROC-95)")]
    Rejected,
    /// The asker may not have it, or the share is for another device (PROC-96).
    #[error("refused: no role of the asker's member covers it in our copy, or it is for another device (PROC-96)")]
    Refused,
    /// No secret with that device that may be used for this (PROC-92).
    #[error("no confirmed secret with {0} (PROC-92)")]
    NotConnected(DeviceAddress),
    /// The process does not have this state.
    #[error("the state is not known")]
    UnknownState,
    /// The state does not have this private attribute.
    #[error("the state has no such private attribute")]
    UnknownAttribute,
    /// The operating system gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl Coded for ShareError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::NotConnected(_) => "not-connected",
            Self::UnknownState => "unknown-state",
            Self::UnknownAttribute => "unknown-attribute",
            Self::Random(error) => error.code(),
        }
    }
}

const VERSION: u8 = 1;
const WITHOUT_SALT: usize = 34;
const WITH_SALT: usize = 66;

impl KeyShare {
    /// Seals a key, with the salt of its commitment if that is blinded.
    ///
    /// # Errors
    /// [`RandomError`].
    pub fn seal(
        context: ShareContext,
        key: &AttributeKey,
        salt: Option<&Salt>,
        secret: &PairSecret,
    ) -> Result<Self, RandomError> {
        let sealed = seal_under(context.key(secret).expose(), &context.associated(), payload(key, salt).expose())?;
        Ok(Self { context, sealed: [&[VERSION], sealed.as_slice()].concat() })
    }

    /// A share that came as bytes.
    pub fn from_bytes(context: ShareContext, share: Vec<u8>) -> Self {
        Self { context, sealed: share }
    }

    /// The bytes of the share: 63, or 95 with a salt.
    pub fn as_bytes(&self) -> &[u8] {
        &self.sealed
    }

    /// Opens a share for its recipient.
    ///
    /// # Errors
    /// [`ShareError::Malformed`], [`ShareError::Rejected`].
    pub fn open(&self, secret: &PairSecret) -> Result<(AttributeKey, Option<Salt>), ShareError> {
        let mut cursor = Cursor::new(&self.sealed);
        let [version] = cursor.array().map_err(|_| ShareError::Malformed)?;
        let length = cursor.remaining().checked_sub(crate::OVERHEAD);
        if version != VERSION || !matches!(length, Some(WITHOUT_SALT | WITH_SALT)) {
            return Err(ShareError::Malformed);
        }
        let opened = open_under(self.context.key(secret).expose(), &self.context.associated(), cursor.rest());
        let payload = opened.map_err(|error| match error {
            OpenError::Malformed => ShareError::Malformed,
            OpenError::Rejected => ShareError::Rejected,
        })?;
        parse(payload.expose()).ok_or(ShareError::Malformed)
    }

    /// The JSON of a share.
    pub fn to_json(&self) -> String {
        json::write_text(&Text {
            attribute: self.context.attribute.clone(),
            process: self.context.process,
            recipient: self.context.recipient.clone(),
            sender: self.context.sender.clone(),
            share: hex::encode(&self.sealed),
            state_id: self.context.state_id,
        })
    }

    /// Reads the JSON of a share.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_json(text: &str) -> Result<Self, Malformed> {
        let Text { attribute, process, recipient, sender, share, state_id } = json::read(text.as_bytes(), "PROC-95")?;
        let sealed = hex::decode(&share).map_err(|_| Malformed::new(0, "PROC-95"))?;
        if hex::encode(&sealed) != share {
            return Err(Malformed::new(0, "PROC-95"));
        }
        Ok(Self { context: ShareContext { attribute, process, recipient, sender, state_id }, sealed })
    }
}

impl ShareContext {
    pub(crate) fn key(&self, secret: &PairSecret) -> Secret<32> {
        hkdf(secret.expose(), &self.process.to_bytes(), b"sealwright-process-1/share-key")
    }

    pub(crate) fn associated(&self) -> Vec<u8> {
        let mut associated = b"sealwright-process-1/share".to_vec();
        associated.extend_from_slice(&self.process.to_bytes());
        associated.extend_from_slice(self.state_id.as_bytes());
        for text in [self.attribute.as_str(), self.sender.as_str(), self.recipient.as_str()] {
            associated.extend_from_slice(&length(text.as_bytes()));
            associated.extend_from_slice(text.as_bytes());
        }
        associated
    }
}

impl KeyRequest {
    /// The JSON of a request.
    pub fn to_json(&self) -> String {
        json::write_text(self)
    }

    /// Reads the JSON of a request.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_json(text: &str) -> Result<Self, Malformed> {
        json::read(text.as_bytes(), "PROC-96")
    }
}

/// What a peer knows and has when it answers.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// Its own address.
    pub address: &'a DeviceAddress,
    /// The members that it knows.
    pub peers: &'a Peers,
    /// Its secrets.
    pub secrets: &'a PairwiseSecrets,
    /// Whether a secret that is not confirmed may seal.
    pub allow_pending: bool,
}

impl Holder<'_> {
    /// Answers a request: a share for every private attribute of the states that the asker's member may read in **our** copy and that
    /// we have the key of. A state that is not accepted gives nobody more than the accepted ones do. Answering again gives the same keys.
    ///
    /// # Errors
    /// [`ShareError::Refused`] when the asker may read nothing of them, [`ShareError::UnknownState`], [`ShareError::NotConnected`].
    pub fn answer(
        &self,
        request: &KeyRequest,
        process: &Process,
        electorate: Electorate<'_>,
    ) -> Result<Vec<KeyShare>, ShareError> {
        if request.process != process.id() {
            return Err(ShareError::Refused);
        }
        let accepted = process.accepted(electorate);
        let (mut shares, mut allowed) = (Vec::new(), false);
        for state_id in request.state_ids.iter().collect::<BTreeSet<_>>() {
            let valid = accepted.iter().rev().find(|state| state.id() == *state_id);
            let state = valid.or_else(|| process.state(state_id)).ok_or(ShareError::UnknownState)?;
            for name in state.private_names() {
                let may = |member: &MemberId| {
                    state.entitled(member, name) && (valid.is_some() || allowed_already(accepted, state, name, member))
                };
                if !self.peers.members_of(&request.asker).any(may) {
                    continue;
                }
                allowed = true;
                if let Some(key) = state.key(name) {
                    let context = ShareContext {
                        attribute: name.clone(),
                        process: process.id(),
                        recipient: request.asker.clone(),
                        sender: self.address.clone(),
                        state_id: *state_id,
                    };
                    shares.push(self.seal(context, key, state.salt(name))?);
                }
            }
        }
        if allowed { Ok(shares) } else { Err(ShareError::Refused) }
    }

    fn seal(&self, context: ShareContext, key: &AttributeKey, salt: Option<&Salt>) -> Result<KeyShare, ShareError> {
        let secret = self.secrets.outgoing(&context.recipient, self.allow_pending);
        let secret = secret.ok_or_else(|| ShareError::NotConnected(context.recipient.clone()))?;
        Ok(KeyShare::seal(context, key, salt, secret)?)
    }

    /// Takes a share into our copy of the process; says whether that gave us a key. Only confirmed secrets open. Where the blob is at hand the
    /// key has to open it and lead to the commitment, and takes the place of a held one that does not; otherwise a key that is there stays.
    ///
    /// # Errors
    /// [`ShareError`]; [`ShareError::Rejected`] for a key of another blob.
    pub fn receive(&self, share: &KeyShare, process: &mut Process, blobs: &dyn Blobs) -> Result<bool, ShareError> {
        let context = &share.context;
        if context.recipient != *self.address || context.process != process.id() {
            return Err(ShareError::Refused);
        }
        let state = process.state(&context.state_id).ok_or(ShareError::UnknownState)?;
        if !state.private_names().any(|name| *name == context.attribute) {
            return Err(ShareError::UnknownAttribute);
        }
        let secret = self.secrets.confirmed(&context.sender);
        let (key, salt) = share.open(secret.ok_or_else(|| ShareError::NotConnected(context.sender.clone()))?)?;
        let name = &context.attribute;
        let commitment = state.commitment(name).ok_or(ShareError::UnknownAttribute)?;
        let held = state.key(name);
        if let Some(blob) = blobs.blob(&commitment) {
            let label = name.clone().into();
            let opens = |key: &AttributeKey, salt: Option<&Salt>| {
                Sealed { process: &context.process, label: &label, commitment, key, salt, blob: &blob }.read().is_ok()
            };
            if !opens(&key, salt.as_ref()) {
                return Err(ShareError::Rejected);
            }
            if held.is_some_and(|held| opens(held, state.salt(name))) {
                return Ok(false);
            }
        } else if held.is_some() {
            return Ok(false);
        }
        process.replace_key(name, commitment, &key, salt.as_ref());
        Ok(true)
    }
}

/// Whether a member may have a key of a state that nobody has accepted yet: the roles of the latest accepted state let it, and so do those of
/// the latest accepted state with the same blob. A proposal could otherwise give away whatever its author names in it.
fn allowed_already(accepted: &[State], state: &State, name: &Name, member: &MemberId) -> bool {
    let with_blob = accepted.iter().rev().find(|earlier| {
        earlier.class(name) == Some(Class::Private) && earlier.commitment(name) == state.commitment(name)
    });
    accepted.last().is_some_and(|valid| valid.roles().allow(member, &name.clone().into()))
        && with_blob.is_none_or(|earlier| earlier.entitled(member, name))
}

pub(crate) fn payload(key: &AttributeKey, salt: Option<&Salt>) -> SecretVec {
    let mut bytes = Vec::with_capacity(WITH_SALT);
    bytes.push(VERSION);
    bytes.extend_from_slice(key.expose());
    match salt {
        None => bytes.push(0),
        Some(salt) => {
            bytes.push(1);
            bytes.extend_from_slice(salt.expose());
        }
    }
    SecretVec::from(bytes)
}

fn parse(payload: &[u8]) -> Option<(AttributeKey, Option<Salt>)> {
    let mut cursor = Cursor::new(payload);
    let [version] = cursor.array().ok()?;
    let key = AttributeKey::from_slice(cursor.take(32).ok()?)?;
    let [blinded] = cursor.array().ok()?;
    let salt = match (version, blinded) {
        (VERSION, 0) => None,
        (VERSION, 1) => Some(Salt::from_slice(cursor.take(32).ok()?)?),
        _ => return None,
    };
    (cursor.remaining() == 0).then_some((key, salt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::seal_with;

    #[test]
    fn the_worked_example() {
        let context = ShareContext {
            attribute: "doc".parse().unwrap(),
            process: crate::example::process(),
            recipient: "bob-dev".parse().unwrap(),
            sender: "alice-dev".parse().unwrap(),
            state_id: "a83819e870a018ca7134ff1ec4a1a93252617a25d69825509686d4fb7788b979".parse().unwrap(),
        };
        let secret = PairSecret::from_slice(&[0x11; 32]).unwrap();
        let key = AttributeKey::from_slice(&(0..32).collect::<Vec<_>>()).unwrap();
        let share_key = context.key(&secret);
        assert_eq!(hex::encode(share_key.expose()), "b3325a16bbe2697fe3646a36ab28e863baf2ded5910006ea145d76fbe390d0c4");
        let nonce: [u8; 12] = (0..12).collect::<Vec<_>>().try_into().unwrap();
        let sealed = seal_with(share_key.expose(), &nonce, &context.associated(), payload(&key, None).expose());
        let share = KeyShare::from_bytes(context, [&[1], sealed.as_slice()].concat());
        assert_eq!(
            hex::encode(share.as_bytes()),
            "01000102030405060708090a0b1460bdf00635264dfeb28780489d01d7ef0214f7f1fb48e90ddc18e86f8486a3cbf769b04369381d55e2198daf3ddc84e5d9"
        );
        assert_eq!(share.open(&secret).unwrap().0.expose(), key.expose());
        assert_eq!(KeyShare::from_json(&share.to_json()).unwrap(), share);
    }
}
