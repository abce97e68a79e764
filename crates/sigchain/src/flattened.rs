//! Blocks as the databases of the JavaScript packages keep them: flat, without the hash, which is computed again (docs/spec/IDENTITY.md section 5).

use crate::block::{Block, Operation, Signature, Signer, Stray, Transaction};
use crate::fault::Check;
use crate::object::{Object, Wrong};
use crate::shape::{Kind, Named, kind, operated, optional_id, users};

/// A block in the flattened form. An empty list of members stands there for none in the operations on devices.
pub(crate) fn block(text: &str) -> Result<Block, Check> {
    let block = Object::parse(text).named("the block")?;
    let text = |name| block.text_or_empty(name);
    let members = block.texts("operationMembers").named("operationMembers")?;
    let ids = (text("operationDeviceId"), text("operationEncryptionKeyHash"), text("operationSigningKeyHash"));
    let id = ids.0.named("operationDeviceId")?;
    let encryption_hash = ids.1.named("operationEncryptionKeyHash")?;
    let signing_hash = ids.2.named("operationSigningKeyHash")?;
    let kind = kind(&block.text("operationType").named("operationType")?);
    let position = block.integer("position").named("position")?;
    let previous_hash = text("previousHash").named("previousHash")?;
    let created_at = block.integer("createdAt").named("createdAt")?;
    let expire_at = block.integer("expireAt").named("expireAt")?;
    let signer = Signer {
        user: block.text("signerUser").named("signerUser")?,
        device: text("signerDeviceId").and_then(optional_id).named("signerDeviceId")?,
    };
    let signature = text("signatureString").named("signatureString")?;
    let public_keys = block.texts("pubkeys").named("pubkeys")?.unwrap_or_default();
    // Last, because an operation of an unknown type is told only where the shape is right.
    let operation = match kind {
        Ok(Kind::Device(kind)) => Operation::Device {
            kind,
            device: operated(id, encryption_hash, signing_hash).named("operationDeviceId")?,
            with_members: members.is_some_and(|members| !members.is_empty()),
        },
        Ok(Kind::Members(kind)) => Operation::Members {
            kind,
            members: members.ok_or(Wrong).and_then(users).named("operationMembers")?,
            device: Stray { id: optional_id(id).named("operationDeviceId")?, encryption_hash, signing_hash },
        },
        Err(unknown) => {
            members.map(users).transpose().named("operationMembers")?;
            optional_id(id).named("operationDeviceId")?;
            return Err(unknown);
        }
    };
    let transaction = Transaction { position, previous_hash, created_at, expire_at, signer, operation };
    let signature = Signature { protocol: "2".to_owned(), hash: transaction.hash().to_string(), signature };
    Ok(Block { transaction, signature, public_keys })
}
