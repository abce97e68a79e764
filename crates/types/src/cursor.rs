//! The one reader of untrusted bytes: it takes from the front, never past the end, and remembers where it is.

use crate::Coded;

/// Reads a byte slice from front to back. The only place of the house that cuts slices by a length from the input.
///
/// ```
/// use sealwright_types::Cursor;
///
/// let mut cursor = Cursor::new(&[3, 0, 0, 0, b'a', b'b', b'c', b'!']);
/// let length = cursor.u32_le()?;
/// assert_eq!(cursor.take(length as usize)?, b"abc");
/// assert_eq!((cursor.position(), cursor.rest()), (7, &b"!"[..]));
/// # Ok::<(), sealwright_types::Truncated>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    position: u64,
}

/// Fewer bytes were left than the structure needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("input ends at byte {at}, {missing} more expected")]
pub struct Truncated {
    /// Where the missing field begins, in bytes.
    pub at: u64,
    /// How many bytes were missing.
    pub missing: u64,
}

impl Coded for Truncated {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, position: 0 }
    }

    /// Takes the next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Truncated> {
        let Some((taken, rest)) = self.rest.split_at_checked(n) else {
            let missing = n.saturating_sub(self.rest.len());
            return Err(Truncated { at: self.position, missing: missing as u64 });
        };
        self.rest = rest;
        self.position = self.position.saturating_add(n as u64);
        Ok(taken)
    }

    /// Takes the next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Takes four bytes as a little-endian number.
    pub fn u32_le(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_le_bytes)
    }

    /// Everything not taken yet; the cursor then stands at the end.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.position = self.position.saturating_add(rest.len() as u64);
        self.rest = &[];
        rest
    }

    /// How many bytes have been taken.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes are left.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_take_past_the_end_says_where_and_how_much_and_moves_nothing() {
        let mut cursor = Cursor::new(b"abc");
        assert_eq!(cursor.take(1), Ok(&b"a"[..]));
        assert_eq!(cursor.u32_le(), Err(Truncated { at: 1, missing: 2 }));
        assert_eq!(cursor.take(usize::MAX), Err(Truncated { at: 1, missing: (usize::MAX - 2) as u64 }));
        assert_eq!(cursor.rest(), b"bc");
        assert_eq!(cursor.remaining(), 0);
    }

    proptest! {
        #[test]
        fn any_sequence_of_takes_gives_the_input_back(bytes: Vec<u8>, cuts: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes);
            let mut seen = Vec::new();
            for cut in cuts {
                if let Ok(taken) = cursor.take(cut.into()) {
                    seen.extend_from_slice(taken);
                }
                prop_assert_eq!(cursor.position(), seen.len() as u64);
            }
            seen.extend_from_slice(cursor.rest());
            prop_assert_eq!(seen, bytes);
        }
    }
}
