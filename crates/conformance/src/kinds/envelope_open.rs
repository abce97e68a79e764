//! `envelope-open`: opening an envelope under a key.

use super::{Kind, Seen, code, key};
use crate::binary::{Binary, Material};
use crate::check::LoadError;
use crate::doors::{InPieces, Place, pieces};
use sealwright_envelope::stream::{Opener, open_withheld};
use sealwright_envelope::{SymKey, open, open_in_place};
use serde::{Deserialize, Serialize};
use std::io::Read as _;

pub(crate) struct EnvelopeOpen;

/// Key in base64, and the envelope.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) key: String,
    pub(crate) sealed: Binary,
}

/// The plaintext.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) plaintext: Binary,
}

impl Kind for EnvelopeOpen {
    const NAME: &'static str = "envelope-open";
    const FAMILIES: &'static [&'static str] = &["ENV"];
    const OPENS: bool = true;
    type In = Input;
    type Out = Output;

    fn run(input: &Input, material: Material<'_>) -> Result<Vec<Seen<Output>>, LoadError> {
        let sealed = material.bytes(&input.sealed)?;
        Ok(match key(&input.key)? {
            Ok(key) => doors(&key, &sealed),
            Err(error) => vec![whole("key".into(), Err(code(error)))],
        })
    }
}

fn doors(key: &SymKey, sealed: &[u8]) -> Vec<Seen<Output>> {
    let mut buffer = sealed.to_vec();
    let in_place = open_in_place(key, &mut buffer).map(|opened| opened.to_vec()).map_err(code);
    // On failure the buffer has to be what it was: anything else is plaintext or rubbish that came out.
    let changed = if in_place.is_err() && buffer != sealed { buffer.len() as u64 } else { 0 };
    let mut in_place = whole("in place".into(), in_place);
    in_place.released += changed;
    let mut seen = vec![whole("one shot".into(), open(key, sealed).map_err(code)), in_place];
    for piece in pieces(sealed.len()) {
        seen.push(stream(key, sealed, piece));
        let withheld = open_withheld(key, InPieces::new(sealed, piece), Place::default());
        seen.push(whole(format!("withheld in pieces of {piece}"), withheld.map(|place| place.0).map_err(code)));
    }
    seen
}

fn stream(key: &SymKey, sealed: &[u8], piece: usize) -> Seen<Output> {
    let door = format!("stream in pieces of {piece}");
    let mut plaintext = Vec::new();
    let got = match Opener::new(key, InPieces::new(sealed, piece)) {
        Err(error) => Err(code(error)),
        Ok(mut opener) => opener.read_to_end(&mut plaintext).map_err(|_| "rejected"),
    };
    let released = plaintext.len() as u64;
    Seen { door, got: got.map(|_| Output { plaintext: Binary::of(&plaintext) }), released }
}

fn whole(door: String, got: Result<Vec<u8>, &'static str>) -> Seen<Output> {
    let got = got.map(|plaintext| Output { plaintext: Binary::of(&plaintext) });
    Seen::whole(door, got, |output| output.plaintext.len)
}
