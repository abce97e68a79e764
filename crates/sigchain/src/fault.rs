//! Where a chain fails, and at which check (docs/spec/SIGCHAIN.md section 5).

use sealwright_types::{Coded, RuleId};

/// The first failing check of the first failing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("block {position}: {check} ({})", check.rule())]
pub struct Fault {
    /// The place of the block in the chain, from 0.
    pub position: usize,
    /// The check that it fails.
    pub check: Check,
}

impl Coded for Fault {
    fn code(&self) -> &'static str {
        self.check.code()
    }
}

/// Check, rule, code, words.
macro_rules! checks {
    ($($name:ident = $rule:literal, $code:literal, $words:literal;)+) => {
        /// What a block is checked for. The checks of a block are made in the order of their rules; inside one rule in the order of this
        /// list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Check {
            /// This member is missing, stands there twice or has a value of another kind (SIG-02).
            #[error("{member} is missing, stands there twice or is of another kind")]
            Malformed {
                /// The path of the member.
                member: &'static str,
            },
            $(#[doc = concat!("`", $code, "`: ", $words, " (", $rule, ").")]
            #[error($words)]
            $name,)+
        }

        impl Check {
            /// Every check that has no further detail, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The rule that the check belongs to.
            pub fn rule(self) -> RuleId {
                RuleId::new(match self {
                    Self::Malformed { .. } => "SIG-20",
                    $(Self::$name => $rule,)+
                })
            }
        }

        impl Coded for Check {
            fn code(&self) -> &'static str {
                match self {
                    Self::Malformed { .. } => "malformed",
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

checks! {
    UnknownOperation = "SIG-20", "unknown-operation", "the type of the operation is none that is known";
    InvalidHash = "SIG-21", "invalid-hash", "the hash is not the one of the transaction";
    InvalidProtocol = "SIG-22", "invalid-protocol", "the protocol is not \"2\"";
    SignatureMalformed = "SIG-23", "signature-malformed", "the signature is not base64 in its strict form";
    WrongPosition = "SIG-24", "wrong-position", "the position is not the place in the chain";
    WrongPreviousHash = "SIG-25", "wrong-previous-hash", "the previous hash is not the hash of the block before";
    CreatedOrder = "SIG-26", "created-order", "made more than two hours before the block before it";
    FirstOperationType = "SIG-27", "first-operation-type", "a chain begins with a creation";
    FirstOperationAutosign = "SIG-27", "first-operation-autosign", "the first device signs for itself";
    CreatedInFuture = "SIG-28", "created-in-future", "made more than an hour after now";
    CreateSelf = "SIG-29", "create-self", "only the user creates devices";
    CreateExisting = "SIG-29", "create-existing", "the device exists already";
    CreateSigner = "SIG-29", "create-signer", "a further device cannot sign for itself";
    ExpireBeforeCreate = "SIG-29", "expire-before-create", "expires before it was made";
    ExpireTooLateCreate = "SIG-29", "expire-too-late-create", "expires more than five years after it was made";
    MissingKeyCreate = "SIG-29", "missing-key-create", "no public key has the hash of the signing key";
    BadKeyCreate1 = "SIG-29", "bad-key-create-1", "the signing key is no RSA key that is read";
    BadKeyCreate2 = "SIG-29", "bad-key-create-2", "the signing key is not written in its canonical form";
    RenewSelf = "SIG-30", "renew-self", "only the user renews devices";
    RenewNotExisting = "SIG-30", "renew-not-existing", "the renewed device does not exist";
    RenewSameKey = "SIG-30", "renew-same-key", "a device is renewed by itself";
    ExpireBeforeRenew = "SIG-30", "expire-before-renew", "expires before it was made";
    ExpireTooLateRenew = "SIG-30", "expire-too-late-renew", "expires more than five years after it was made";
    RevokeNotExisting = "SIG-31", "revoke-not-existing", "the revoked device does not exist";
    RevokeAlreadyRevoked = "SIG-31", "revoke-already-revoked", "the device is revoked already";
    RevokeExpiration = "SIG-31", "revoke-expiration", "a revocation does not expire";
    ServerRemoveExpiration = "SIG-32", "server-remove-expiration", "a removal does not expire";
    ServerRemoveEmpty = "SIG-32", "server-remove-empty", "nobody is removed";
    Members = "SIG-33", "members", "an operation on a device has no members";
    MembersExpiration = "SIG-34", "members-expiration", "a list of members does not expire";
    MembersNoDevice = "SIG-34", "members-no-device", "a list of members names no device";
    MembersNoEncryptionKey = "SIG-34", "members-no-encryption-key", "a list of members names no encryption key";
    MembersNoSigningKey = "SIG-34", "members-no-signing-key", "a list of members names no signing key";
    UnknownUserToRemove = "SIG-35", "unknown-user-to-remove", "a removed user is no member";
    SignerUnknown = "SIG-36", "signer-unknown", "the signing device does not exist";
    SignerRevoked = "SIG-36", "signer-revoked", "the signing device is revoked";
    SignerExpired = "SIG-36", "signer-expired", "the signing device had expired";
    SignatureInvalid = "SIG-36", "signature-invalid", "the signature is not one of the signing device";
    UnsignedNotRevoke = "SIG-37", "unsigned-not-revoke", "only the user does this";
    SignedNotSelf = "SIG-37", "signed-not-self", "a block of the server carries no signature and no device";
    MissingKeyRenew = "SIG-38", "missing-key-renew", "no public key has the hash of the new signing key";
    BadKeyRenew1 = "SIG-38", "bad-key-renew-1", "the new signing key is no RSA key that is read";
    BadKeyRenew2 = "SIG-38", "bad-key-renew-2", "the new signing key is not written in its canonical form";
    WrongKeyHash = "SIG-39", "wrong-key-hash", "the hash of the signing key is not the one of the device";
}

/// Fails with `check` unless `holds`.
pub(crate) fn require(holds: bool, check: Check) -> Result<(), Check> {
    if holds { Ok(()) } else { Err(check) }
}
