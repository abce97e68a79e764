//! From JSON to blocks whose shape is right (SIG-02, SIG-03).
//!
//! Members that are not named here are accepted and carry no meaning. Inside of a block that is looked at no name stands twice.

use crate::block::{
    Block, DeviceOperation, MemberOperation, Operated, Operation, Signature, Signer, Spelled, Stray, Transaction,
};
use crate::fault::Check;
use crate::object::{Object, Wrong};
use sealwright_types::{DeviceId, UserId};
use std::str::FromStr;

/// Says which member is wrong.
pub(crate) trait Named<T> {
    fn named(self, member: &'static str) -> Result<T, Check>;
}

impl<T> Named<T> for Result<T, Wrong> {
    fn named(self, member: &'static str) -> Result<T, Check> {
        self.map_err(|_| Check::Malformed { member })
    }
}

/// A block in the form of the API.
pub(crate) fn block(text: &str) -> Result<Block, Check> {
    let block = Object::parse(text).named("the block")?;
    let signed = block.object("transaction").named("transaction")?;
    let signature = block.object("signature").named("signature")?;
    let extras = block.optional_object("extras").named("extras")?;
    let public_keys = extras.map(|extras| extras.texts("pubkeys").named("extras.pubkeys")).transpose()?.flatten();
    let signature = Signature {
        protocol: signature.text("protocol").named("signature.protocol")?,
        hash: signature.text("hash").named("signature.hash")?,
        signature: signature.text("signature").named("signature.signature")?,
    };
    // Last, because an operation of an unknown type is told only where the shape is right.
    let transaction = transaction(&signed)?;
    Ok(Block { transaction, signature, public_keys: public_keys.unwrap_or_default() })
}

/// The operation comes last.
fn transaction(transaction: &Object<'_>) -> Result<Transaction, Check> {
    let integer = |name: &str, path| transaction.integer(name).named(path);
    let signer = transaction.object("signer").named("transaction.signer")?;
    let signing_device = signer.text("device_id").named("transaction.signer.device_id")?;
    Ok(Transaction {
        position: integer("position", "transaction.position")?,
        previous_hash: transaction.text("previous_hash").named("transaction.previous_hash")?,
        created_at: integer("created_at", "transaction.created_at")?,
        expire_at: integer("expire_at", "transaction.expire_at")?,
        signer: Signer {
            user: signer.text("user").named("transaction.signer.user")?,
            device: optional_id(signing_device).named("transaction.signer.device_id")?,
        },
        operation: operation(&transaction.object("operation").named("transaction.operation")?)?,
    })
}

fn operation(operation: &Object<'_>) -> Result<Operation, Check> {
    let members = operation.texts("members").named("transaction.operation.members")?;
    let device = operation.optional_object("device").named("transaction.operation.device")?;
    match kind(&operation.text("type").named("transaction.operation.type")?) {
        Ok(Kind::Device(kind)) => {
            let device = device.ok_or(Wrong).named("transaction.operation.device")?;
            let text = |name| device.text(name).named("transaction.operation.device");
            Ok(Operation::Device {
                kind,
                device: operated(text("id")?, text("encryption_pubkey_hash")?, text("signing_pubkey_hash")?)
                    .named("transaction.operation.device.id")?,
                with_members: members.is_some(),
            })
        }
        Ok(Kind::Members(kind)) => Ok(Operation::Members {
            kind,
            members: members.ok_or(Wrong).and_then(users).named("transaction.operation.members")?,
            device: stray(device)?,
        }),
        // Nobody can say what it needs; what is there has its shape.
        Err(unknown) => {
            members.map(users).transpose().named("transaction.operation.members")?;
            stray(device)?;
            Err(unknown)
        }
    }
}

fn stray(device: Option<Object<'_>>) -> Result<Stray, Check> {
    let Some(device) = device else { return Ok(Stray::default()) };
    let text = |name| device.text_or_empty(name).named("transaction.operation.device");
    Ok(Stray {
        id: optional_id(text("id")?).named("transaction.operation.device")?,
        encryption_hash: text("encryption_pubkey_hash")?,
        signing_hash: text("signing_pubkey_hash")?,
    })
}

/// The two kinds of operations.
pub(crate) enum Kind {
    Device(DeviceOperation),
    Members(MemberOperation),
}

pub(crate) fn kind(name: &str) -> Result<Kind, Check> {
    Ok(match name {
        "creation" => Kind::Device(DeviceOperation::Creation),
        "renewal" => Kind::Device(DeviceOperation::Renewal),
        "revocation" => Kind::Device(DeviceOperation::Revocation),
        "members" => Kind::Members(MemberOperation::Members),
        "server-remove-members" => Kind::Members(MemberOperation::ServerRemoveMembers),
        _ => return Err(Check::UnknownOperation),
    })
}

/// An operated device. A text that is no hash of a key is kept: no key has it.
pub(crate) fn operated(id: String, encryption_hash: String, signing_hash: String) -> Result<Operated, Wrong> {
    let hash = |text: String| Spelled { value: text.parse().ok(), text };
    Ok(Operated {
        id: hyphenated::<DeviceId>(id)?,
        encryption_hash: hash(encryption_hash),
        signing_hash: hash(signing_hash),
    })
}

/// An id, or none for the empty text.
pub(crate) fn optional_id(text: String) -> Result<Option<Spelled<DeviceId>>, Wrong> {
    if text.is_empty() { Ok(None) } else { hyphenated(text).map(Some) }
}

pub(crate) fn users(texts: Vec<String>) -> Result<Vec<Spelled<UserId>>, Wrong> {
    texts.into_iter().map(hyphenated).collect()
}

/// An id in its hyphenated form, in any case.
fn hyphenated<T: FromStr>(text: String) -> Result<Spelled<T>, Wrong> {
    // No other form that the ids are read in has this length.
    let value = if text.len() == 36 { text.parse().ok() } else { None };
    value.map(|value| Spelled { text, value }).ok_or(Wrong)
}
