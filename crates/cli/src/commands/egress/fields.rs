//! Options of `egress` that say where in records messages stand, and whose they are.

use super::failure;
use crate::failure::Failure;
use sealwright::egress::{Options, SessionMap};
use std::path::PathBuf;

/// Where in records messages stand. Without these, every text that is a message is found.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Messages in records")]
pub(super) struct FieldOptions {
    /// In JSON Lines look only here: a JSON pointer such as /payload/text. May be repeated.
    #[arg(long, value_name = "POINTER")]
    message_field: Vec<String>,
    /// In CSV and SQLite look only into this column. May be repeated.
    #[arg(long, value_name = "NAME")]
    column: Vec<String>,
    /// In SQLite look only into this table. May be repeated.
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// The field or column beside a raw message that names its session; needs --message-field or --column.
    #[arg(long, value_name = "NAME")]
    session_field: Option<String>,
    /// Lines {"source","sessionId"}: the sessions of raw envelopes, and of files of raw messages.
    #[arg(long, value_name = "FILE")]
    session_map: Option<PathBuf>,
    /// The field or empty column that takes the base64 of a clear text that is not UTF-8.
    #[arg(long, value_name = "NAME")]
    binary_field: Option<String>,
}

impl FieldOptions {
    /// Puts them into the options of a run.
    pub(super) fn set(&self, options: &mut Options) -> Result<(), Failure> {
        if let Some(pointer) = self.message_field.iter().find(|pointer| !pointer.starts_with('/')) {
            let hint = format!("a field at top level is /{pointer}");
            return Err(Failure::usage(format_args!("{pointer} is not a JSON pointer"), hint));
        }
        if self.session_field.is_some() && self.message_field.is_empty() && self.column.is_empty() {
            let hint = "name the field of the raw messages with --message-field or --column";
            return Err(Failure::usage("--session-field alone does not tell where raw messages stand", hint));
        }
        let fields = &mut options.fields;
        fields.pointers.clone_from(&self.message_field);
        fields.columns.clone_from(&self.column);
        fields.tables.clone_from(&self.table);
        fields.session.clone_from(&self.session_field);
        fields.binary.clone_from(&self.binary_field);
        if let Some(path) = &self.session_map {
            options.session_map = SessionMap::read(path).map_err(failure)?;
        }
        Ok(())
    }
}
