//! The kinds of process data. Bytes stand in hexadecimal in all of them.

use crate::check::LoadError;
use sealwright_process::{Field, Name};
use std::str::FromStr;

pub(crate) mod changes;
pub(crate) mod primitives;
pub(crate) mod retrieval;
pub(crate) mod roles;
pub(crate) mod sealing;
pub(crate) mod shares;
pub(crate) mod states;
pub(crate) mod stores;
pub(crate) mod trees;
pub(crate) mod values;
pub(crate) mod votes;

/// The rules that tests of these kinds may name.
pub(crate) const FAMILIES: &[&str] = &["PROC"];

/// Bytes in hexadecimal.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, LoadError> {
    hex::decode(text).map_err(|_| LoadError::material("not hexadecimal"))
}

pub(crate) fn array<const N: usize>(text: &str) -> Result<[u8; N], LoadError> {
    bytes(text)?.try_into().map_err(|_| LoadError::material("hexadecimal of another length"))
}

/// Something that has to be good because the tests of this kind are not about it.
pub(crate) fn good<T: FromStr>(text: &str) -> Result<T, LoadError> {
    text.parse().map_err(|_| LoadError::material("a name, an id or a hash that is none"))
}

pub(crate) fn field(text: &str) -> Result<Field, LoadError> {
    good(text)
}

pub(crate) fn name(text: &str) -> Result<Name, LoadError> {
    good(text)
}

/// A fault of the vector, whatever the library says about it.
pub(crate) fn fault<E>(why: &'static str) -> impl FnOnce(E) -> LoadError {
    move |_| LoadError::material(why)
}
