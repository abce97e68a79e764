//! `shard`: which of several runs does an item.

use super::{Kind, Seen, code};
use crate::binary::Material;
use crate::check::LoadError;
use sealwright_egress::Shard as EgressShard;
use sealwright_types::{Coded as _, SessionId};
use serde::{Deserialize, Serialize};

pub(crate) struct Shard;

/// The shard as it is written, and an item: the id of its session if it has one, and its name in the manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) shard: String,
    pub(crate) session: Option<String>,
    pub(crate) source: String,
}

/// Whether the item belongs to the shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) belongs: bool,
}

impl Kind for Shard {
    const NAME: &'static str = "shard";
    const FAMILIES: &'static [&'static str] = &["EGR"];
    const OPENS: bool = false;
    type In = Input;
    type Out = Output;

    fn run(Input { shard, session, source }: &Input, _: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let belongs = || {
            let shard: EgressShard = shard.parse().map_err(|error: sealwright_egress::ShardError| error.code())?;
            let belongs = match session {
                Some(session) => shard.has_session(session.parse::<SessionId>().map_err(code)?),
                None => shard.has_source(source),
            };
            Ok(Output { belongs })
        };
        Ok(vec![Seen::whole("Shard", belongs(), |_| 0)])
    }
}
