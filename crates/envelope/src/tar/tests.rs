//! The pieces in which an archive is fed never show.

use super::*;
use proptest::prelude::*;

/// Everything that a reader tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    files: Vec<(Option<Name>, u64, u64, Vec<u8>)>,
    skipped: Vec<Name>,
}

impl Sink for Told {
    fn begin(&mut self, name: Option<Name>, length: u64, offset: u64) -> io::Result<()> {
        self.files.push((name, length, offset, Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let (_, _, start, content) = self.files.last_mut().unwrap();
        assert_eq!(position, *start + content.len() as u64);
        content.extend_from_slice(bytes);
        Ok(())
    }

    fn skipped(&mut self, name: Name) {
        self.skipped.push(name);
    }
}

fn read<'a>(wanted: Entries, pieces: impl Iterator<Item = &'a [u8]>) -> (Told, Result<(), TarError>) {
    let (mut told, mut reader) = (Told::default(), Reader::new(wanted));
    for piece in pieces {
        reader.feed(piece, &mut told).unwrap();
    }
    (told, reader.finish())
}

/// A part of an archive: entries of all kinds, zeros, noise.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![
        6 => Just(EntryType::Regular),
        2 => Just(EntryType::XHeader),
        1 => Just(EntryType::XGlobalHeader),
        1 => Just(EntryType::GNULongName),
        1 => Just(EntryType::GNULongLink),
        1 => Just(EntryType::Directory),
        1 => Just(EntryType::new(b'V')),
    ];
    let entry = (kind, "[a-z./]{0,20}", 0_usize..1200).prop_map(|(kind, name, length)| {
        let body = if kind == EntryType::XHeader { pax_record("path", &name) } else { vec![b'c'; length] };
        let mut bytes = header_block(&name, body.len() as u64, kind).to_vec();
        bytes.extend_from_slice(&body);
        bytes.extend(written_padding(body.len() as u64));
        bytes
    });
    prop_oneof![
        12 => entry,
        2 => (0_usize..1100).prop_map(|length| vec![0; length]),
        1 => proptest::collection::vec(any::<u8>(), 0..600),
    ]
}

proptest! {
    #[test]
    fn any_pieces_give_the_same(
        parts in proptest::collection::vec(part(), 0..6),
        cut in 0_usize..3000,
        sizes in proptest::collection::vec(1_usize..1500, 1..8),
        wanted in prop_oneof![Just(Entries::One), Just(Entries::First), Just(Entries::List)],
    ) {
        let mut archive = parts.concat();
        if cut < 1000 {
            archive.truncate(archive.len().saturating_sub(cut));
        }
        let whole = read(wanted, std::iter::once(&archive[..]));
        let mut rest = &archive[..];
        let mut sizes = sizes.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let (piece, after) = rest.split_at_checked(*sizes.next()?).unwrap_or((rest, &[]));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        });
        prop_assert_eq!(&read(wanted, pieces), &whole);
        prop_assert_eq!(&read(wanted, archive.chunks(1)), &whole);
        if whole.1.is_ok() {
            for (_, length, offset, content) in &whole.0.files {
                prop_assert_eq!(*length, content.len() as u64);
                prop_assert_eq!(&archive[*offset as usize..][..content.len()], &content[..]);
            }
        }
    }
}
