//! A group that its members join by themselves with a password (KDF-08, KDF-09).

use super::{Application, Derived, PasswordFile, failed};
use crate::console::Console;
use crate::failure::Failure;
use sealwright::GroupId;
use sealwright::kdf::{group_self_add_message_key, group_self_add_secret};

/// Derive the message key of a group from its self-add password (KDF-08).
///
/// The group's id is no part of it: all groups of an application with the same password have the same key.
#[derive(Debug, clap::Args)]
pub(super) struct MessageKeyArguments {
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    password: PasswordFile,
}

/// Derive the secret that proves the self-add password of a group (KDF-09), in base64.
#[derive(Debug, clap::Args)]
pub(super) struct SecretArguments {
    #[command(flatten)]
    application: Application,
    /// The group, in any spelling.
    #[arg(long, value_name = "ID")]
    group_id: GroupId,
    #[command(flatten)]
    password: PasswordFile,
}

impl MessageKeyArguments {
    pub(super) fn derive(&self, console: &Console) -> Result<Derived, Failure> {
        let password = self.password.read()?;
        console.warning(
            "shared-message-key",
            "all groups of this application with this password share this key: who may read one reads all (KDF-32)",
        );
        let key = group_self_add_message_key(&password, &self.application.app_id).map_err(failed)?;
        Ok(Derived::key("group-self-add-message-key", &key))
    }
}

impl SecretArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let password = self.password.read()?;
        let secret = group_self_add_secret(&password, &self.application.app_id, self.group_id).map_err(failed)?;
        Ok(Derived::base64("group-self-add-secret", secret))
    }
}
