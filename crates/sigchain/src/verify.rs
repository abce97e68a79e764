//! The ordered checks of a chain (docs/spec/SIGCHAIN.md section 5).
//!
//! Each check is one call of `require`, in the order of the rules: removing a call removes one check.

use crate::block::{Block, DeviceOperation, MemberOperation, Operated, Operation, Spelled, Stray, Transaction};
use crate::fault::{Check, Fault, require};
use crate::hash::{BlockHash, sha256};
use crate::verified::{Change, Device, Entry, SignedBy, Verified};
use sealwright_types::{DeviceId, UserId, b64};
use sealwright_wrap::{KeyHash, PublicKey};
use std::collections::HashSet;

/// How far a block may be dated before the one before it, in seconds (SIG-26).
const MOST_BACK: u64 = 2 * 60 * 60;
/// How far a block may be dated after now, in seconds (SIG-28).
const MOST_AHEAD: u64 = 60 * 60;
/// The longest life of a device, in seconds: five years of 365 days (SIG-29, SIG-30).
pub(crate) const LONGEST_LIFE: u64 = 5 * 365 * 24 * 60 * 60;
/// The only protocol (SIG-22).
pub(crate) const PROTOCOL: &str = "2";
/// The name under which a user signs (SIG-13).
pub(crate) const SELF: &str = "self";

/// Whether an expired key may still sign its own renewal (docs/spec/SIGCHAIN.md section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It may.
    #[default]
    Normal,
    /// It may not.
    Strict,
}

/// Verifies a chain; `now` is in seconds since 1970. An empty chain verifies to an empty state.
///
/// # Errors
/// [`Fault`]: the first failing check of the first failing block.
pub fn verify(blocks: &[Block], now: u64, mode: Mode) -> Result<Verified, Fault> {
    continued(Verified::empty(mode), blocks, now, 0)
}

/// Verifies blocks that follow upon `state`. The signatures of the blocks before the position `unsigned` are not verified.
pub(crate) fn continued(state: Verified, blocks: &[Block], now: u64, unsigned: usize) -> Result<Verified, Fault> {
    let members = state.members.iter().copied().collect();
    let mut run = Run { state, members, now, unsigned };
    for block in blocks {
        let position = run.state.history.len();
        run.block(block).map_err(|check| Fault { position, check })?;
    }
    let Run { mut state, members, .. } = run;
    state.members.retain(|member| members.contains(member));
    Ok(state)
}

struct Run {
    /// Its list of members holds those too that were removed since: they go once, at the end.
    state: Verified,
    /// Who is a member.
    members: HashSet<UserId>,
    now: u64,
    unsigned: usize,
}

impl Run {
    fn block(&mut self, block: &Block) -> Result<(), Check> {
        let Block { transaction, signature, public_keys } = block;
        let hash = transaction.hash();
        require(hash.is_written(&signature.hash), Check::InvalidHash)?;
        require(signature.protocol == PROTOCOL, Check::InvalidProtocol)?;
        let signature_bytes = b64::decode_strict(&signature.signature);
        require(signature_bytes.is_ok(), Check::SignatureMalformed)?;
        let signature_bytes = signature_bytes.unwrap_or_default();
        self.place(transaction)?;
        require(transaction.created_at <= self.now.saturating_add(MOST_AHEAD), Check::CreatedInFuture)?;

        match &transaction.operation {
            Operation::Device { kind, device, with_members } => {
                match kind {
                    DeviceOperation::Creation => self.creation(transaction, device, public_keys)?,
                    DeviceOperation::Renewal => self.renewal(transaction, device)?,
                    DeviceOperation::Revocation => self.revocation(transaction, device)?,
                }
                require(!with_members, Check::Members)?;
            }
            Operation::Members { kind: MemberOperation::Members, members, device } => {
                members_list(transaction, device)?;
                self.state.members = each_once(members);
                self.members = self.state.members.iter().copied().collect();
            }
            Operation::Members { kind: MemberOperation::ServerRemoveMembers, members, .. } => {
                self.removal(transaction, members)?;
            }
        }

        let signed_by = if transaction.signer.user == SELF {
            self.signed_by_self(transaction, &hash, &signature_bytes)?
        } else {
            signed_by_server(transaction, &signature.signature)?
        };
        self.take_effect(transaction, public_keys)?;
        self.named_key(transaction)?;

        let change = change(transaction);
        self.state.history.push(Entry { hash, created_at: transaction.created_at, signed_by, change });
        Ok(())
    }

    /// Where the block stands (SIG-24..27).
    fn place(&self, transaction: &Transaction) -> Result<(), Check> {
        let position = self.state.history.len() as u64;
        let previous = self.state.history.last();
        require(transaction.position == position, Check::WrongPosition)?;
        let is_previous = |text: &str| previous.map_or(text.is_empty(), |previous| previous.hash.is_written(text));
        require(is_previous(&transaction.previous_hash), Check::WrongPreviousHash)?;
        if let Some(previous) = previous {
            let in_order = transaction.created_at >= previous.created_at.saturating_sub(MOST_BACK);
            require(in_order, Check::CreatedOrder)?;
        } else {
            require(is_creation(&transaction.operation), Check::FirstOperationType)?;
            require(is_by_its_device(transaction), Check::FirstOperationAutosign)?;
        }
        Ok(())
    }

    /// SIG-29. The new key is there before the signature is verified: the first block is signed by the key that it brings.
    fn creation(&mut self, transaction: &Transaction, device: &Operated, keys: &[String]) -> Result<(), Check> {
        let life = transaction.expire_at.checked_sub(transaction.created_at);
        let is_first = self.state.history.is_empty();
        require(transaction.signer.user == SELF, Check::CreateSelf)?;
        require(!self.state.devices.contains_key(&device.id.value), Check::CreateExisting)?;
        require(is_first || !is_by_its_device(transaction), Check::CreateSigner)?;
        require(life.is_some(), Check::ExpireBeforeCreate)?;
        require(life.is_none_or(|life| life <= LONGEST_LIFE), Check::ExpireTooLateCreate)?;
        let found = Found::among(keys, device.signing_hash.value);
        require(found.is_there(), Check::MissingKeyCreate)?;
        require(found.key().is_some(), Check::BadKeyCreate1)?;
        require(found.is_canonical(), Check::BadKeyCreate2)?;
        if let (Some(signing_key), Some(signing_key_hash)) = (found.into_key(), device.signing_hash.value) {
            let device_state = Device {
                encryption_key: device.encryption_hash.value,
                signing_key,
                signing_key_hash,
                created_at: transaction.created_at,
                expire_at: transaction.expire_at,
                revoked: false,
            };
            self.state.devices.insert(device.id.value, device_state);
        }
        Ok(())
    }

    /// SIG-30.
    fn renewal(&self, transaction: &Transaction, device: &Operated) -> Result<(), Check> {
        let life = transaction.expire_at.checked_sub(transaction.created_at);
        require(transaction.signer.user == SELF, Check::RenewSelf)?;
        require(self.state.devices.contains_key(&device.id.value), Check::RenewNotExisting)?;
        require(is_by_its_device(transaction), Check::RenewSameKey)?;
        require(life.is_some(), Check::ExpireBeforeRenew)?;
        require(life.is_none_or(|life| life <= LONGEST_LIFE), Check::ExpireTooLateRenew)
    }

    /// SIG-31.
    fn revocation(&self, transaction: &Transaction, device: &Operated) -> Result<(), Check> {
        let known = self.state.devices.get(&device.id.value);
        require(known.is_some(), Check::RevokeNotExisting)?;
        require(known.is_none_or(|known| !known.revoked), Check::RevokeAlreadyRevoked)?;
        require(transaction.expire_at == 0, Check::RevokeExpiration)
    }

    /// SIG-32, SIG-35.
    fn removal(&mut self, transaction: &Transaction, removed: &[Spelled<UserId>]) -> Result<(), Check> {
        require(transaction.expire_at == 0, Check::ServerRemoveExpiration)?;
        require(!removed.is_empty(), Check::ServerRemoveEmpty)?;
        for user in removed {
            // A user that stands there twice is no member any more the second time.
            require(self.members.remove(&user.value), Check::UnknownUserToRemove)?;
        }
        Ok(())
    }

    /// SIG-36. A renewal is verified with the key that it replaces.
    fn signed_by_self(&self, transaction: &Transaction, hash: &BlockHash, signature: &[u8]) -> Result<SignedBy, Check> {
        let signer = transaction.signer.device.as_ref().map(|device| device.value);
        let Some((id, device)) = signer.and_then(|id| Some((id, self.state.devices.get(&id)?))) else {
            return Err(Check::SignerUnknown);
        };
        let is_renewal = matches!(transaction.operation, Operation::Device { kind: DeviceOperation::Renewal, .. });
        let may_be_expired = is_renewal && self.state.mode == Mode::Normal;
        let is_expired = device.is_expired(transaction.created_at);
        require(!device.revoked, Check::SignerRevoked)?;
        require(may_be_expired || !is_expired, Check::SignerExpired)?;
        let is_trusted = self.state.history.len() < self.unsigned;
        let is_signed = is_trusted || device.signing_key.verify(&hash.text(), signature).is_ok();
        require(is_signed, Check::SignatureInvalid)?;
        Ok(SignedBy::Device(id))
    }

    /// SIG-38.
    fn take_effect(&mut self, transaction: &Transaction, keys: &[String]) -> Result<(), Check> {
        let Operation::Device { kind, device, .. } = &transaction.operation else { return Ok(()) };
        let Some(known) = self.state.devices.get_mut(&device.id.value) else { return Ok(()) };
        match kind {
            DeviceOperation::Creation => {}
            DeviceOperation::Revocation => known.revoked = true,
            DeviceOperation::Renewal => {
                let found = Found::among(keys, device.signing_hash.value);
                require(found.is_there(), Check::MissingKeyRenew)?;
                require(found.key().is_some(), Check::BadKeyRenew1)?;
                require(found.is_canonical(), Check::BadKeyRenew2)?;
                if let (Some(signing_key), Some(signing_key_hash)) = (found.into_key(), device.signing_hash.value) {
                    known.encryption_key = device.encryption_hash.value;
                    known.signing_key = signing_key;
                    known.signing_key_hash = signing_key_hash;
                    known.expire_at = transaction.expire_at;
                }
            }
        }
        Ok(())
    }

    /// SIG-39.
    fn named_key(&self, transaction: &Transaction) -> Result<(), Check> {
        let named = match &transaction.operation {
            Operation::Device { device, .. } => Some((device.id.value, device.signing_hash.value)),
            Operation::Members { device, .. } => {
                device.id.as_ref().map(|id| (id.value, device.signing_hash.parse().ok()))
            }
        };
        let is_of_device = |(id, hash): (DeviceId, Option<KeyHash>)| {
            hash.is_some() && self.state.devices.get(&id).map(|device| device.signing_key_hash) == hash
        };
        require(named.is_none_or(is_of_device), Check::WrongKeyHash)
    }
}

/// SIG-34.
fn members_list(transaction: &Transaction, device: &Stray) -> Result<(), Check> {
    require(transaction.expire_at == 0, Check::MembersExpiration)?;
    require(device.id.is_none(), Check::MembersNoDevice)?;
    require(device.encryption_hash.is_empty(), Check::MembersNoEncryptionKey)?;
    require(device.signing_hash.is_empty(), Check::MembersNoSigningKey)
}

/// SIG-37.
fn signed_by_server(transaction: &Transaction, signature: &str) -> Result<SignedBy, Check> {
    let is_revocation = matches!(transaction.operation, Operation::Device { kind: DeviceOperation::Revocation, .. });
    let is_removal =
        matches!(transaction.operation, Operation::Members { kind: MemberOperation::ServerRemoveMembers, .. });
    require(is_revocation || is_removal, Check::UnsignedNotRevoke)?;
    let is_unsigned = signature.is_empty() && transaction.signer.device.is_none();
    require(is_unsigned, Check::SignedNotSelf)?;
    Ok(SignedBy::Server(transaction.signer.user.clone()))
}

fn is_creation(operation: &Operation) -> bool {
    matches!(operation, Operation::Device { kind: DeviceOperation::Creation, .. })
}

/// Whether the signing device is the operated one.
fn is_by_its_device(transaction: &Transaction) -> bool {
    let Operation::Device { device, .. } = &transaction.operation else { return false };
    transaction.signer.device.as_ref().is_some_and(|signer| signer.value == device.id.value)
}

/// The users in their order, each the first time only.
fn each_once(members: &[Spelled<UserId>]) -> Vec<UserId> {
    let mut seen = HashSet::new();
    members.iter().map(|member| member.value).filter(|member| seen.insert(*member)).collect()
}

fn change(transaction: &Transaction) -> Change {
    let all = |members: &[Spelled<UserId>]| members.iter().map(|member| member.value).collect();
    match &transaction.operation {
        Operation::Device { kind, device, .. } => match kind {
            DeviceOperation::Creation => Change::Created(device.id.value, transaction.expire_at),
            DeviceOperation::Renewal => Change::Renewed(device.id.value, transaction.expire_at),
            DeviceOperation::Revocation => Change::Revoked(device.id.value),
        },
        Operation::Members { kind: MemberOperation::Members, members, .. } => Change::Members(all(members)),
        Operation::Members { members, .. } => Change::MembersRemoved(all(members)),
    }
}

/// The public key that an operation names by its hash (SIG-40).
enum Found {
    Nothing,
    /// No RSA key that is read.
    NoKey,
    Key {
        key: PublicKey,
        is_canonical: bool,
    },
}

impl Found {
    /// Entries that are no base64 are skipped; the first with the hash counts.
    fn among(entries: &[String], wanted: Option<KeyHash>) -> Self {
        let found = entries.iter().find_map(|entry| {
            let strict = b64::decode_strict(entry);
            let is_strict = strict.is_ok();
            let bytes = strict.or_else(|_| b64::decode_tolerant(entry)).ok()?;
            (Some(KeyHash::from_bytes(sha256(&bytes))) == wanted).then_some((bytes, is_strict))
        });
        let Some((bytes, is_strict)) = found else { return Self::Nothing };
        match PublicKey::from_der(&bytes) {
            Err(_) => Self::NoKey,
            // The hash of a key is that of its canonical form.
            Ok(key) => Self::Key { is_canonical: Some(key.hash()) == wanted && is_strict, key },
        }
    }

    fn is_there(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn key(&self) -> Option<&PublicKey> {
        if let Self::Key { key, .. } = self { Some(key) } else { None }
    }

    fn is_canonical(&self) -> bool {
        matches!(self, Self::Key { is_canonical: true, .. })
    }

    fn into_key(self) -> Option<PublicKey> {
        if let Self::Key { key, .. } = self { Some(key) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Signature, Signer};
    use std::time::{Duration, Instant};

    #[test]
    fn removals_one_by_one_take_no_longer_with_more_members() {
        let version_4 = (4 << 76) | (2 << 62);
        let user = |n: u128| UserId::from_bytes((version_4 | n).to_be_bytes()).unwrap();
        let users: Vec<UserId> = (1..=20_000).map(user).collect();
        let first = BlockHash::of(b"first");
        let mut state = Verified::empty(Mode::Normal);
        state.members.clone_from(&users);
        let change = Change::Members(users.clone());
        state.history.push(Entry { hash: first, created_at: 0, signed_by: SignedBy::Server(String::new()), change });
        let mut previous = first;
        let block = |(place, user): (usize, &UserId)| {
            let transaction = Transaction {
                position: place as u64 + 1,
                previous_hash: previous.to_string(),
                created_at: 0,
                expire_at: 0,
                signer: Signer { user: "server".to_owned(), device: None },
                operation: Operation::Members {
                    kind: MemberOperation::ServerRemoveMembers,
                    members: vec![Spelled::canonical(*user)],
                    device: Stray::default(),
                },
            };
            previous = transaction.hash();
            let signature =
                Signature { protocol: PROTOCOL.to_owned(), hash: previous.to_string(), signature: String::new() };
            Block { transaction, signature, public_keys: Vec::new() }
        };
        let blocks: Vec<Block> = users.iter().skip(1).enumerate().map(block).collect();
        let start = Instant::now();
        let verified = continued(state, &blocks, 0, 0).unwrap();
        assert_eq!(verified.members(), &users[..1]);
        // With a look at every member in every block it is minutes.
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
