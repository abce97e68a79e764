//! Several threads rewrite as one does, and the quick ways of reading a message say what the slow ones say.

use super::*;
use crate::fields::Fields;
use crate::files::Files;
use crate::ledger::{Damage, Rows, Unopened};
use crate::messages::{Opening, is_message};
use crate::sink::Sink;
use crate::sink::outlet::Outlet;
use crate::source::Source;
use crate::unopened_rows::UnopenedRows;
use proptest::prelude::*;
use sealwright_envelope::{SymKey, message};
use sealwright_session::{Keyring, Policy, Records, Resolver};
use sealwright_types::b64;
use std::path::PathBuf;

fn key(seed: u8) -> SymKey {
    SymKey::from_bytes(&[seed; 64]).unwrap()
}

fn session(seed: u8) -> SessionId {
    format!("5a221722-36c4-41ee-be56-0242ac1200{seed:02x}").parse().unwrap()
}

/// Knows the keys of four sessions.
fn resolver() -> Resolver {
    let mut records = Records::default();
    for seed in 0..4 {
        let record = serde_json::json!({ "sessionId": session(seed), "key": b64::encode(key(seed).expose()) });
        crate::keys::add_record(&mut records, &record.to_string()).unwrap();
    }
    Resolver::new(Keyring::default(), records, Policy::default())
}

/// A line: opens, stays closed, is rejected, is no message, or is no record.
fn line() -> impl Strategy<Value = String> {
    let sealed = |by: u8, of: u8, text: String| message::seal(&key(by), session(of), &text).unwrap();
    prop_oneof![
        8 => (0..4_u8, ".{0,80}").prop_map(move |(seed, text)| {
            serde_json::json!({ "id": seed, "body": sealed(seed, seed, text) }).to_string()
        }),
        1 => (0..4_u8, "[a-z]{0,40}").prop_map(move |(seed, text)| {
            serde_json::json!({ "body": sealed(9, seed, text.clone()), "next": sealed(seed, seed, text) }).to_string()
        }),
        1 => "[a-z]{0,40}".prop_map(move |text| serde_json::json!({ "body": sealed(7, 7, text) }).to_string()),
        1 => (0..4_u8).prop_map(move |seed| sealed(seed, seed, "bare".to_owned())),
        1 => (0..4_u8).prop_map(move |seed| {
            let body = sealed(seed, seed, "cut".to_owned());
            serde_json::json!({ "body": &body[..body.len() - 9] }).to_string()
        }),
        1 => Just("no record".to_owned()),
        1 => Just(String::new()),
    ]
}

/// What the records have become, how they ended, and what stayed closed.
fn rewritten(text: &[u8], threads: usize) -> (Vec<u8>, Rows, Vec<Unopened>) {
    let (mut sink, name) = (Vec::new(), Source::new(PathBuf::from("messages/rows.jsonl")));
    let (resolver, fields, directory) = (resolver(), Fields::default(), tempfile::tempdir().unwrap());
    let outlet =
        Outlet::open(&Files::default(), directory.path(), &Sink::Clear { keys_out: None }, true, Damage::Told).unwrap();
    let mut opener = Opener::new(Opening { resolver: &resolver, outlet: Some(&outlet) });
    let reading = Reading { fields: &fields, session: None };
    let done = Rewritten::new(&name, UnopenedRows::in_directory(&Files::default(), directory.path()));
    let done = rewrite(text, &mut sink, done, &mut opener, reading, threads).unwrap();
    let mut unopened = Vec::new();
    done.unopened
        .finish()
        .unwrap()
        .each(|row| {
            unopened.push(row.clone());
            Ok(())
        })
        .unwrap();
    (sink, done.rows, unopened)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn several_threads_rewrite_as_one_does(lines in prop::collection::vec(line(), 1..60), repeated in 1..80_usize) {
        // Long enough for several blocks.
        let text = vec![lines.join("\n"); repeated].join("\n");
        let (one, rows, unopened) = rewritten(text.as_bytes(), 1);
        let several = rewritten(text.as_bytes(), 3);
        prop_assert!(one == several.0);
        prop_assert_eq!(rows, several.1);
        prop_assert_eq!(&unopened, &several.2);
        let records = text.lines().filter(|line| !line.trim().is_empty());
        prop_assert_eq!(rows.records, records.count() as u64);
        let places: Vec<u64> = unopened.iter().map(|unopened| unopened.row).collect();
        prop_assert!(places.is_sorted() && places.iter().all(|&row| row < rows.records));
    }

    #[test]
    fn a_quick_way_says_what_the_slow_one_says(
        seed in 0..4_u8, text in ".{0,40}", at in any::<prop::sample::Index>(), change in prop::option::of("[\\\\ \"a=-]?")
    ) {
        let mut written = message::seal(&key(seed), session(seed), &text).unwrap();
        if let Some(change) = change {
            let at = at.index(written.len());
            written.replace_range(at..=at, &change);
        }
        let quoted = serde_json::to_string(&written).unwrap();
        let (quick, quick_quoted) = (Message::parse_written(&written), Message::parse_quoted(&quoted));
        prop_assert_eq!(&quick, &quick_quoted);
        if let Some(quick) = quick {
            prop_assert_eq!(Ok(quick), Message::parse(&written));
            prop_assert!(is_message(&written));
        }
    }

    #[test]
    fn what_changes_in_a_quoted_message_is_not_overlooked(at in any::<prop::sample::Index>(), change in "[\\\\ \"a=-]?") {
        let mut quoted = serde_json::to_string(&message::seal(&key(1), session(1), "text").unwrap()).unwrap();
        let at = at.index(quoted.len());
        quoted.replace_range(at..=at, &change);
        if let Some(quick) = Message::parse_quoted(&quoted) {
            let text: String = serde_json::from_str(&quoted).unwrap();
            prop_assert_eq!(Ok(quick), Message::parse(text));
        }
    }
}

#[test]
fn a_line_that_is_too_long_passes_and_is_told() {
    let open = serde_json::json!({ "body": message::seal(&key(1), session(1), "clear").unwrap() }).to_string();
    let long = format!("{{\"body\":\"{}\"}}", "x".repeat(crate::lines::LONGEST_LINE));
    let text = format!("{open}\n{long}\n{open}\n");
    for threads in [1, 2] {
        let (sink, rows, unopened) = rewritten(text.as_bytes(), threads);
        assert_eq!((rows.records, rows.converted, rows.malformed), (3, 2, 1));
        assert_eq!((unopened.len(), unopened[0].row, unopened[0].error.as_str()), (1, 1, "too-large"));
        assert!(sink == format!("{{\"body\":\"clear\"}}\n{long}\n{{\"body\":\"clear\"}}\n").into_bytes());
    }
}

#[test]
fn a_large_record_opens_too() {
    let clear = "\u{7f}x\n".repeat(700_000);
    let large = serde_json::json!({ "body": message::seal(&key(1), session(1), &clear).unwrap() }).to_string();
    let text = format!("{{}}\n{large}\n{{}}\n{large}");
    for threads in [1, 2] {
        let (sink, rows, _) = rewritten(text.as_bytes(), threads);
        assert_eq!((rows.records, rows.converted), (4, 2));
        let expected = serde_json::json!({ "body": clear }).to_string();
        assert!(sink == format!("{{}}\n{expected}\n{{}}\n{expected}").into_bytes());
    }
}
