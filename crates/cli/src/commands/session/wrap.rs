//! `session wrap`: a session key for recipients.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::key_file::{LONG_KEY, SessionKeyFile};
use sealwright::SessionId;
use sealwright::types::b64;
use sealwright::wrap::record::DeviceToken;
use sealwright::wrap::{PublicKey, wrap};

/// Wrap a session key for recipients: one token record for each public key, as JSON Lines.
///
/// The lines are records of `message-keys.jsonl` of a bundle. They are no secret: only the private keys open them.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    key: SessionKeyFile,
    /// The session; a serialised session as key says it itself.
    #[arg(long, value_name = "ID")]
    session_id: Option<SessionId>,
    /// A file with a recipient's RSA public key: DER or base64 text. `identity show` prints those of an identity.
    #[arg(long, required = true, num_args = 1.., value_name = "PUBLIC_KEY_FILE")]
    recipient: Vec<Input>,
}

/// The longest key of 8192 bits takes less, however it is written.
const LONGEST_KEY: u64 = 64 * 1024;

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let key = arguments.key.read(arguments.recipient.iter().find(|input| **input == Input::Standard))?;
    let session_id = key.session(arguments.session_id)?;
    // Every recipient is read before anything is printed.
    let recipients: Vec<_> = arguments.recipient.iter().map(read).collect::<Result<_, _>>()?;
    for (recipient, input) in recipients.iter().zip(&arguments.recipient) {
        let token = wrap(&key.key, recipient)
            .map_err(|error| Failure::of(&error).hint_for("key-length", LONG_KEY).at(input))?;
        let (device_id, created_for_key_hash) = (None, Some(recipient.hash()));
        console.json(&DeviceToken {
            session_id,
            device_id,
            created_for_key_hash,
            token: token.into(),
            revoked: false,
        })?;
    }
    Ok(())
}

fn read(input: &Input) -> Result<PublicKey, Failure> {
    let content = input.read(LONGEST_KEY)?;
    let decoded = b64::decode_tolerant(content.expose());
    let der = decoded.as_deref().unwrap_or(content.expose());
    PublicKey::from_der(der).map_err(|error| {
        Failure::of(&error)
            .hint_for("key-malformed", "a recipient is an RSA public key (SPKI or PKCS#1) as DER or as the base64 of it, without PEM lines; `sealwright identity show` prints the public keys of an identity")
            .at(input)
    })
}
