//! Any table, written and read by another implementation, before and after.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use csv::{QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use proptest::prelude::*;
use sealwright_egress::{Fields, RecordFormat, rewrite_records};
use sealwright_envelope::{SymKey, message};
use sealwright_session::{Keyring, Policy, Records, Resolver};
use sealwright_types::SessionId;

/// A field: as it is, or the text of a message.
#[derive(Debug, Clone)]
enum Cell {
    Text(String),
    Message(String),
}

fn cell() -> impl Strategy<Value = Cell> {
    let text = "[a-z,;\"\t\r\né ]{0,8}";
    prop_oneof![3 => text.prop_map(Cell::Text), 1 => text.prop_map(Cell::Message)]
}

fn read(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #[test]
    fn messages_become_their_text_and_everything_else_stays(
        rows in proptest::collection::vec(proptest::collection::vec(cell(), 1..6), 0..12),
        (always, crlf) in (any::<bool>(), any::<bool>()),
    ) {
        let (session, key) = (SessionId::random().unwrap(), SymKey::generate().unwrap());
        let mut writer = WriterBuilder::new();
        writer.flexible(true);
        writer.quote_style(if always { QuoteStyle::Always } else { QuoteStyle::Necessary });
        writer.terminator(if crlf { Terminator::CRLF } else { Terminator::Any(b'\n') });
        let (mut writer, mut clear) = (writer.from_writer(Vec::new()), Vec::new());
        let header: Vec<_> = (0..6).map(|number| format!("column {number}")).collect();
        writer.write_record(&header).unwrap();
        clear.push(header);
        for row in &rows {
            let (mut sealed, mut texts) = (Vec::new(), Vec::new());
            for cell in row {
                let (Cell::Text(text) | Cell::Message(text)) = cell;
                let is_message = matches!(cell, Cell::Message(_));
                sealed.push(if is_message { message::seal(&key, session, text).unwrap() } else { text.clone() });
                texts.push(text.clone());
            }
            writer.write_record(&sealed).unwrap();
            clear.push(texts);
        }
        let csv = writer.into_inner().unwrap();
        let mut known = Records::default();
        known.add_known(session, &key);
        let resolver = Resolver::new(Keyring::default(), known, Policy::default());
        let mut output = Vec::new();
        let counted = rewrite_records(RecordFormat::Csv, &csv[..], &mut output, &resolver, &Fields::default()).unwrap();
        prop_assert_eq!(read(&output), clear);
        prop_assert_eq!(counted.records, rows.len() as u64);
        let with_messages = rows.iter().filter(|row| row.iter().any(|cell| matches!(cell, Cell::Message(_))));
        prop_assert_eq!(counted.converted, with_messages.count() as u64);
    }
}
