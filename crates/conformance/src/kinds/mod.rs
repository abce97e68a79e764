//! The kinds of vectors. A kind is a module: what its tests take, what they give, and through which doors of the library they go.

use crate::binary::{Material, field};
use crate::check::{Failure, LoadError, Totals, run_file};
use sealwright_envelope::{KeyLengthError, SymKey};
use sealwright_types::Coded;
use sealwright_wrap::PrivateKey;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashSet;

pub(crate) mod base64;
pub(crate) mod database_recover;
pub(crate) mod derivation;
pub(crate) mod envelope_open;
pub(crate) mod envelope_seal;
pub(crate) mod exported_recover;
pub(crate) mod file_open;
pub(crate) mod file_seal;
pub(crate) mod go_storage_recover;
pub(crate) mod identifier;
pub(crate) mod identity_read;
pub(crate) mod key_import;
pub(crate) mod legacy_message_open;
pub(crate) mod message_open;
pub(crate) mod message_seal;
pub(crate) mod oaep_unwrap;
pub(crate) mod oaep_wrap;
pub(crate) mod process;
pub(crate) mod recovered;
pub(crate) mod rights;
pub(crate) mod serialized_session;
pub(crate) mod session_make;
pub(crate) mod session_resolve;
pub(crate) mod shard;
pub(crate) mod sigchain;
pub(crate) mod signature_verify;
pub(crate) mod stored_blob_open;
pub(crate) mod symmetric_unwrap;
pub(crate) mod token_open;

/// One kind of test.
pub(crate) trait Kind {
    /// As it stands in the `schema` member.
    const NAME: &'static str;
    /// Beginnings of the rules that its tests may name.
    const FAMILIES: &'static [&'static str];
    /// Whether plaintext comes out, so that tests say how much may be released.
    const OPENS: bool;
    type In: Serialize + DeserializeOwned;
    type Out: Serialize + DeserializeOwned + PartialEq;

    /// Sends the input through every door.
    fn run(input: &Self::In, material: Material<'_>) -> Result<Vec<Seen<Self::Out>>, LoadError>;
}

/// What one door gave.
#[derive(Debug)]
pub(crate) struct Seen<O> {
    pub(crate) door: String,
    /// The output, or the code of the error.
    pub(crate) got: Result<O, &'static str>,
    /// Bytes of plaintext that came out, error or not.
    pub(crate) released: u64,
}

impl<O> Seen<O> {
    /// A door that gives everything or nothing.
    pub(crate) fn whole(door: impl Into<String>, got: Result<O, &'static str>, length: impl FnOnce(&O) -> u64) -> Self {
        let released = got.as_ref().map_or(0, length);
        Self { door: door.into(), got, released }
    }
}

type Run = fn(&str, &str, Material<'_>, &mut HashSet<String>) -> Result<(Totals, Vec<Failure>), LoadError>;

/// Every kind that this build can run.
pub(crate) const RUNNERS: [(&str, Run); 63] = [
    runner::<base64::Base64>(),
    runner::<database_recover::DatabaseRecover>(),
    runner::<derivation::Derivation>(),
    runner::<derivation::Normalisation>(),
    runner::<derivation::Value>(),
    runner::<envelope_open::EnvelopeOpen>(),
    runner::<envelope_seal::EnvelopeSeal>(),
    runner::<exported_recover::ExportedRecover>(),
    runner::<file_open::FileOpen>(),
    runner::<file_seal::FileSeal>(),
    runner::<go_storage_recover::GoStorageRecover>(),
    runner::<identifier::Identifier>(),
    runner::<identity_read::IdentityRead>(),
    runner::<session_make::InvitationOpen>(),
    runner::<key_import::KeyImport>(),
    runner::<legacy_message_open::LegacyMessageOpen>(),
    runner::<message_open::MessageOpen>(),
    runner::<message_seal::MessageSeal>(),
    runner::<oaep_unwrap::OaepUnwrap>(),
    runner::<oaep_wrap::OaepWrap>(),
    runner::<session_make::ProxyAdd>(),
    runner::<process::changes::Updating>(),
    runner::<process::primitives::Primitive>(),
    runner::<process::retrieval::Diagnose>(),
    runner::<process::retrieval::Retrieve>(),
    runner::<process::roles::Entitlement>(),
    runner::<process::roles::Quorum>(),
    runner::<process::roles::RolesRead>(),
    runner::<process::sealing::Commit>(),
    runner::<process::sealing::Open>(),
    runner::<process::sealing::Seal>(),
    runner::<process::shares::Answer>(),
    runner::<process::shares::Connections>(),
    runner::<process::shares::ShareOpen>(),
    runner::<process::shares::ShareSeal>(),
    runner::<process::states::ProcessText>(),
    runner::<process::stores::Blobs>(),
    runner::<process::stores::Secrets>(),
    runner::<process::trees::ProofVerify>(),
    runner::<process::trees::Tree>(),
    runner::<process::values::Names>(),
    runner::<process::values::ValueRead>(),
    runner::<process::values::ValueWrite>(),
    runner::<process::votes::Acceptance>(),
    runner::<process::votes::Token>(),
    runner::<process::votes::VoteMessage>(),
    runner::<rights::Rights>(),
    runner::<serialized_session::Serialized>(),
    runner::<shard::Shard>(),
    runner::<sigchain::SigchainBuild>(),
    runner::<sigchain::SigchainCompare>(),
    runner::<sigchain::SigchainGrow>(),
    runner::<sigchain::SigchainHash>(),
    runner::<sigchain::SigchainKeyring>(),
    runner::<sigchain::SigchainReceive>(),
    runner::<sigchain::SigchainVerify>(),
    runner::<session_resolve::SessionReasons>(),
    runner::<session_resolve::SessionResolve>(),
    runner::<signature_verify::SignatureVerify>(),
    runner::<stored_blob_open::StoredBlobOpen>(),
    runner::<symmetric_unwrap::SymmetricUnwrap>(),
    runner::<session_make::TmrRetrieve>(),
    runner::<token_open::TokenOpen>(),
];

const fn runner<K: Kind>() -> (&'static str, Run) {
    (K::NAME, run_file::<K>)
}

/// The code of an error.
pub(crate) fn code(error: impl Coded) -> &'static str {
    error.code()
}

/// The key of a test: an error of its length is the test's outcome, one of its base64 is the file's fault.
pub(crate) fn key(text: &str) -> Result<Result<SymKey, KeyLengthError>, LoadError> {
    Ok(SymKey::from_bytes(&field(text)?))
}

/// A key that has to be good because the tests of this kind are not about keys.
pub(crate) fn good_key(text: &str) -> Result<SymKey, LoadError> {
    key(text)?.map_err(|_| LoadError::material("a key of a wrong length"))
}

/// The private key of a test, PKCS#8 in base64.
pub(crate) fn private_key(text: &str) -> Result<PrivateKey, LoadError> {
    let imported =
        PrivateKey::from_der(&field(text)?).map_err(|_| LoadError::material("a private key that is none"))?;
    Ok(imported.key)
}

/// The fixed IV of a test that seals.
pub(crate) fn iv(text: &str) -> Result<[u8; 16], LoadError> {
    field(text)?.try_into().map_err(|_| LoadError::material("an IV has 16 bytes"))
}

/// The session of a test.
pub(crate) fn session(text: &str) -> Result<sealwright_types::SessionId, LoadError> {
    text.parse().map_err(|_| LoadError::material("a session that is no id"))
}
