//! `identity show`: what an identity document holds.

use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::keys::read_identity_with_warnings;
use crate::recognition::key_uses;
use sealwright::identity::Use;
use sealwright::types::{SecretString, b64};
use sealwright::wrap::KeyHash;
use sealwright::{Coded as _, DeviceId, UserId};
use serde::Serialize;

/// Show what an identity document holds: ids, and size, hash and public half of every key. Private keys stay hidden.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// An identity document, raw or as base64 text; `-` is standard input.
    file: Input,
    /// Print the private keys too, as base64 of PKCS#8.
    #[arg(long)]
    expose: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    user_id: UserId,
    device_id: DeviceId,
    keys: Vec<Key<'a>>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key<'a> {
    usage: &'static str,
    bits: usize,
    hash: KeyHash,
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
}

#[derive(Serialize)]
struct Warning {
    code: &'static str,
    message: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<(), Failure> {
    let read = read_identity_with_warnings(&arguments.file)?;
    let identity = &read.identity;
    let keys = [Use::Encryption, Use::Signing].map(|usage| key_uses(identity, usage)).concat();
    let private: Vec<_> = keys
        .iter()
        .map(|(_, key)| arguments.expose.then(|| SecretString::from(b64::encode(key.to_pkcs8().expose()))))
        .collect();
    let keys: Vec<_> = keys
        .iter()
        .zip(&private)
        .map(|((usage, key), private)| Key {
            usage,
            bits: key.bits(),
            hash: key.hash(),
            public_key: b64::encode(key.public().to_spki()),
            private_key: private.as_ref().map(SecretString::expose),
        })
        .collect();
    console.line(format_args!("user      {}\ndevice    {}", identity.user(), identity.device()))?;
    for key in &keys {
        console.line(format_args!("key       {}, {} bits\n  hash    {}", key.usage, key.bits, key.hash))?;
        console.line(format_args!("  public  {}", key.public_key))?;
        if let Some(private) = key.private_key {
            console.line(format_args!("  private {private}"))?;
        }
    }
    let warnings: Vec<_> =
        read.warnings.iter().map(|warning| Warning { code: warning.code(), message: warning.to_string() }).collect();
    for Warning { code, message } in &warnings {
        console.warning(code, message);
    }
    console.value(&Shown { user_id: identity.user(), device_id: identity.device(), keys, warnings })
}
