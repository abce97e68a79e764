//! A file of lines in blocks of whole lines: what one thread can work on without knowing of the others.

use crate::lines::LONGEST_LINE;
use std::io::{self, Read};

/// Bytes that are read at a time.
const PIECE: usize = 256 * 1024;
/// A block of more bytes than this holds one line and stays alone (EGR-51).
pub(crate) const LARGE: usize = 1024 * 1024;

/// Lines of a file, with their line ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Whole lines; only the last one of the file may have no line end.
    Lines(Vec<u8>),
    /// A part of a line that is longer than what is read as a record.
    TooLong {
        bytes: Vec<u8>,
        /// Whether the line begins here.
        begins: bool,
    },
}

impl Block {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Lines(bytes) | Self::TooLong { bytes, .. } => bytes,
        }
    }
}

/// The blocks of a file.
pub(crate) struct Blocks<R> {
    source: R,
    /// Read, and not given yet.
    carried: Vec<u8>,
    /// In the middle of a line that is too long.
    too_long: bool,
    ended: bool,
    piece: usize,
    longest: usize,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(source: R) -> Self {
        Self::of_size(source, PIECE, LONGEST_LINE)
    }

    fn of_size(source: R, piece: usize, longest: usize) -> Self {
        Self { source, carried: Vec::new(), too_long: false, ended: false, piece, longest }
    }

    /// The next block; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Block>> {
        let (mut block, mut searched) = (std::mem::take(&mut self.carried), 0);
        loop {
            if self.too_long {
                let end = block.iter().position(|&byte| byte == b'\n');
                if let Some(end) = end {
                    self.carried = block.split_off(end + 1);
                    self.too_long = false;
                }
                if !block.is_empty() {
                    return Ok(Some(Block::TooLong { bytes: block, begins: false }));
                }
            } else if let Some(end) = block.iter().skip(searched).rposition(|&byte| byte == b'\n') {
                self.carried = block.split_off(searched + end + 1);
                return Ok(Some(Block::Lines(block)));
            } else if block.len() >= self.longest {
                self.too_long = true;
                return Ok(Some(Block::TooLong { bytes: block, begins: true }));
            }
            if self.ended {
                return Ok((!block.is_empty()).then_some(Block::Lines(block)));
            }
            searched = block.len();
            self.read(&mut block)?;
        }
    }

    /// Reads one piece more, and not beyond the longest line.
    fn read(&mut self, block: &mut Vec<u8>) -> io::Result<()> {
        let room = self.piece.min(self.longest.saturating_sub(block.len()));
        // A long line gets all its room at once, and not twice as much as it grows.
        let reserved = if block.len() >= LARGE { self.longest.saturating_sub(block.len()) } else { room };
        block.reserve_exact(reserved);
        let read = (&mut self.source).take(room as u64).read_to_end(block)?;
        self.ended = read < room;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Line by line, as it is said.
    fn obvious(text: &[u8], longest: usize) -> (Vec<u8>, usize) {
        let (mut whole, mut too_long) = (Vec::new(), 0);
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            if line.len() > longest || (line.len() == longest && !line.ends_with(b"\n")) {
                too_long += 1;
            } else {
                whole.extend_from_slice(line);
            }
        }
        (whole, too_long)
    }

    proptest! {
        #[test]
        fn blocks_are_whole_lines_and_lose_nothing(text in "[ab\n]{0,200}", piece in 1..40_usize, longest in 1..60_usize) {
            let mut blocks = Blocks::of_size(text.as_bytes(), piece, longest);
            let (mut all, mut whole, mut too_long) = (Vec::new(), Vec::new(), 0);
            while let Some(block) = blocks.next().unwrap() {
                prop_assert!(!block.bytes().is_empty());
                let goes_on = matches!(block, Block::TooLong { begins: false, .. });
                prop_assert!(all.is_empty() || all.ends_with(b"\n") || goes_on);
                all.extend_from_slice(block.bytes());
                match block {
                    Block::Lines(lines) => whole.extend(lines),
                    Block::TooLong { begins, .. } => too_long += usize::from(begins),
                }
            }
            prop_assert_eq!(all, text.as_bytes());
            prop_assert_eq!((whole, too_long), obvious(text.as_bytes(), longest));
        }
    }
}
