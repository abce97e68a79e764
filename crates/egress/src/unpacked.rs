//! The content of a stream that may be compressed. Damage ends it and is remembered, so that what came before is not lost.

use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;
/// What zstd may keep of what it has decompressed, as a power of two: 32 MiB (EGR-51).
const LARGEST_WINDOW: u32 = 25;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstandard,
}

impl Compression {
    /// A name without the ending that tells of a compression, in any case.
    pub(crate) fn by_name(name: &str) -> (&str, Option<Self>) {
        let Some((plain, ending)) = name.rsplit_once('.') else { return (name, None) };
        match ending {
            _ if ending.eq_ignore_ascii_case("gz") => (plain, Some(Self::Gzip)),
            _ if ending.eq_ignore_ascii_case("zst") => (plain, Some(Self::Zstandard)),
            _ => (name, None),
        }
    }

    /// By the beginning of a file.
    pub(crate) fn by_magic(beginning: &[u8]) -> Option<Self> {
        const GZIP: &[u8] = &[0x1f, 0x8b];
        const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
        let zstandard = || beginning.starts_with(ZSTANDARD).then_some(Self::Zstandard);
        beginning.starts_with(GZIP).then_some(Self::Gzip).or_else(zstandard)
    }
}

/// The content of a stream.
pub(crate) struct Unpacked<'a> {
    content: Box<dyn BufRead + 'a>,
    state: Rc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Reading what is compressed has failed.
    failed: Cell<bool>,
    /// What was read cannot be decompressed.
    damaged: Cell<bool>,
}

impl<'a> Unpacked<'a> {
    pub(crate) fn open(compression: Option<Compression>, input: impl Read + 'a) -> io::Result<Self> {
        let state = Rc::new(State::default());
        let input = BufReader::with_capacity(BUFFER, Watched { input, state: state.clone() });
        let content: Box<dyn BufRead + 'a> = match compression {
            None => Box::new(input),
            Some(Compression::Gzip) => buffered(MultiGzDecoder::new(input), &state),
            Some(Compression::Zstandard) => {
                let mut decoder = zstd::Decoder::with_buffer(input)?;
                decoder.window_log_max(LARGEST_WINDOW)?;
                buffered(decoder, &state)
            }
        };
        Ok(Self { content, state })
    }

    /// Whether it ended because of damage.
    pub(crate) fn is_damaged(&self) -> bool {
        self.state.damaged.get()
    }
}

fn buffered<'a>(decoder: impl Read + 'a, state: &Rc<State>) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(BUFFER, UntilDamage { decoder, state: state.clone() }))
}

impl fmt::Debug for Unpacked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacked").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl BufRead for Unpacked<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.content.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.content.consume(amount);
    }
}

struct Watched<R> {
    input: R,
    state: Rc<State>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.input.read(buffer);
        if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.state.failed.set(true);
        }
        result
    }
}

struct UntilDamage<R> {
    decoder: R,
    state: Rc<State>,
}

impl<R: Read> Read for UntilDamage<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.state.damaged.get() {
            return Ok(0);
        }
        match self.decoder.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted && !self.state.failed.get() => {
                self.state.damaged.set(true);
                Ok(0)
            }
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(compression: Compression, packed: impl Read) -> (io::Result<Vec<u8>>, bool) {
        let mut unpacked = Unpacked::open(Some(compression), packed).unwrap();
        let mut content = Vec::new();
        let result = unpacked.read_to_end(&mut content).map(|_| content);
        (result, unpacked.is_damaged())
    }

    #[test]
    fn what_came_before_the_damage_is_there() {
        let content: Vec<u8> =
            (0..300_000_u32).flat_map(|number| number.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
        for (compression, packed) in
            [(Compression::Gzip, gzip(&content)), (Compression::Zstandard, zstd::encode_all(&content[..], 1).unwrap())]
        {
            let (whole, damaged) = unpack(compression, &packed[..]);
            assert!(whole.unwrap() == content && !damaged);
            let (cut, damaged) = unpack(compression, &packed[..packed.len() / 2]);
            let cut = cut.unwrap();
            assert!(damaged && cut.len() > content.len() / 4 && content.starts_with(&cut));
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_damage() {
        struct Failing;

        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("no disk"))
            }
        }

        let packed = gzip(&[7; 1000]);
        let (result, damaged) = unpack(Compression::Gzip, packed[..10].chain(Failing));
        assert!(result.is_err() && !damaged);
    }
}
