//! Random bytes of the operating system: what keys, IVs and salts are made of. RSA takes its own through AWS-LC, which the operating system seeds.

use crate::Coded;
use ring::rand::{SecureRandom as _, SystemRandom};

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct RandomError;

impl Coded for RandomError {
    fn code(&self) -> &'static str {
        "no-randomness"
    }
}

/// Fills `buffer` with random bytes.
///
/// # Errors
/// [`RandomError`] when the operating system's generator fails; the buffer is then not to be used.
pub fn fill(buffer: &mut [u8]) -> Result<(), RandomError> {
    SystemRandom::new().fill(buffer).map_err(|_| RandomError)
}
