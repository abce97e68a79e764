//! `file-seal`: writing file containers with a given IV.

use super::{Kind, Seen, code, good_key, iv, session};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use crate::doors::{InPieces, pieces};
use sealwright_envelope::hazmat::seal_file_with_iv;
use serde::{Deserialize, Serialize};

pub(crate) struct FileSeal;

/// Key and IV in base64, the session, the name, the content, and the length that the caller announces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) iv: String,
    pub(crate) session: String,
    pub(crate) name: String,
    pub(crate) announced: u64,
    pub(crate) content: Binary,
}

/// The container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) container: Binary,
}

impl Kind for FileSeal {
    const NAME: &'static str = "file-seal";
    const FAMILIES: &'static [&'static str] = &["FILE", "TAR"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let (key, iv, session) = (good_key(&input.key)?, iv(&input.iv)?, session(&input.session)?);
        let content = material.bytes(&input.content)?;
        let sealed = |piece| {
            let mut container = Vec::new();
            let source = InPieces::new(&content, piece);
            seal_file_with_iv(&key, session, &iv, &input.name, input.announced, source, &mut container)
                .map_err(code)?;
            Ok(Output { container: Binary::of(&container) })
        };
        let all = pieces(content.len()).map(|piece| Seen::whole(format!("in pieces of {piece}"), sealed(piece), |_| 0));
        Ok(all.collect())
    }
}
