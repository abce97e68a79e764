//! The keys of a local database (KDF-01, KDF-02).

use super::{Application, Derived, failed};
use crate::console::Console;
use crate::failure::Failure;
use crate::input::Input;
use crate::secret::Wanted;
use sealwright::kdf::{DatabaseKey, database_key};

/// Derive the key of a local database from its `databaseKey` (KDF-01).
#[derive(Debug, clap::Args)]
pub(super) struct KeyArguments {
    #[command(flatten)]
    application: Application,
    /// A file with the `databaseKey` as UTF-8 text, without the line break at its end; `-` is standard input. Without this option it is asked
    /// for on a terminal.
    #[arg(long, value_name = "FILE")]
    database_key_file: Option<Input>,
    /// The application gave no `databaseKey`: then the key is derived from the application's id alone.
    #[arg(long, conflicts_with = "database_key_file")]
    no_key: bool,
}

/// Check a `databaseRawKey` and print it in its one canonical spelling: it is the key of the database as it is (KDF-02).
#[derive(Debug, clap::Args)]
pub(super) struct RawKeyArguments {
    /// A file with the 64 bytes, as they are or in base64; `-` is standard input. Without this option they are asked for on a terminal.
    #[arg(long, value_name = "FILE")]
    raw_key_file: Option<Input>,
}

impl KeyArguments {
    pub(super) fn derive(&self, console: &Console) -> Result<Derived, Failure> {
        let app = &self.application.app_id;
        let key = if self.no_key {
            console.warning(
                "no-database-key",
                "a database without databaseKey is not protected: whoever knows the application's id can open it (KDF-33)",
            );
            database_key(DatabaseKey::NotGiven, app)
        } else {
            let wanted = Wanted { name: "Database key", option: "--database-key-file" };
            let given = wanted.read(self.database_key_file.as_ref())?.password().map_err(|failure| {
                failure.hint_for("empty-password", "if the application gives no databaseKey, say so with --no-key")
            })?;
            database_key(DatabaseKey::Given(&given), app)
        };
        Ok(Derived::key("database-key", &key.map_err(failed)?))
    }
}

impl RawKeyArguments {
    pub(super) fn derive(&self) -> Result<Derived, Failure> {
        let wanted = Wanted { name: "Raw database key (base64)", option: "--raw-key-file" };
        Ok(Derived::raw_key("database-raw-key", &wanted.read(self.raw_key_file.as_ref())?.raw_key()?))
    }
}
