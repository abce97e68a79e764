//! Containers of protocol 2 and the legacy file form, which are only read (HTML-01 to HTML-05, OLD-05).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "tests")]

mod doors;

use doors::{Failure, File, Trickle, open_file_everywhere, pattern, withhold_files};
use sealwright_envelope::file::{self, Entries, Kind, SingleEntry};
use sealwright_envelope::{SymKey, seal};
use sealwright_types::{SessionId, b64};
use std::io::Cursor;

const ID: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const MARKER: &str = "window.sealdDocument = ";

fn key() -> SymKey {
    SymKey::from_bytes(&[7; 64]).unwrap()
}

fn session() -> SessionId {
    ID.parse().unwrap()
}

/// The envelope of a tar with one file of `length` bytes, in base64.
fn payload(length: usize) -> String {
    let mut container = Vec::new();
    file::seal(&key(), session(), "page.txt", length as u64, &pattern(length)[..], &mut container).unwrap();
    b64::encode(&container[59..])
}

fn uid() -> String {
    format!("<script>window.sealdDocumentUID = '{ID}';")
}

fn page(before: &str, payload: &str, after: &str) -> String {
    format!("{before}\n{MARKER}'{payload}{after}")
}

fn open(page: &str) -> Result<File, Failure> {
    open_file_everywhere(&key(), page.as_bytes(), SingleEntry::Only)
}

fn opens(page: &str, length: usize) {
    let header = file::inspect(&mut Trickle::new(page.as_bytes(), 11)).unwrap();
    assert_eq!((header.kind, header.session), (Kind::Html, session()));
    assert_eq!(
        file::recognize(&page.as_bytes()[..page.len().min(file::recognition_window() as usize)]),
        Some(Kind::Html)
    );
    let file = open(page).unwrap();
    assert_eq!((file.name.unwrap().raw.as_str(), file.content), ("page.txt", pattern(length)));
}

fn fails(page: &str, rule: &str) {
    let failure = open(page).unwrap_err();
    assert_eq!((failure.code, failure.rule), ("malformed", Some(rule)), "{}", &page[..page.len().min(120)]);
}

#[test]
fn a_page_opens_whatever_stands_around() {
    for length in [0, 1, 5_000, 200_000] {
        let payload = payload(length);
        opens(&page(&uid(), &payload, "';</script></html>"), length);
        opens(&page(&uid(), &payload, "'"), length);
    }
    let payload = payload(10);
    opens(&page(&format!("<!DOCTYPE html>é\u{0}{}", uid()), &payload, "' it's = 'more'"), 10);
    // The first quote after the marker opens the payload, whatever stands before it (HTML-04).
    let text = format!("{}{MARKER} /* here */ '{payload}'", uid());
    opens(&text, 10);
    // Only the first marker counts.
    opens(&page(&uid(), &payload, &format!("';{MARKER}'nothing'")), 10);
    fails(&page(&format!("{}{MARKER}'nothing!'", uid()), &payload, "'"), "B64-02");
}

#[test]
fn the_marker_begins_before_65_536() {
    let payload = payload(100);
    let before = |length: usize| {
        let mut text = uid();
        text.push_str(&" ".repeat(length - text.len()));
        format!("{text}{MARKER}'{payload}'")
    };
    opens(&before(65_535), 100);
    fails(&before(65_536), "HTML-02");
    assert_eq!(file::recognize(before(65_536).as_bytes()), None);
    fails(&before(1_000_000), "HTML-02");
    for wrong in
        ["window.sealdDocument= '", "window.sealdDocument =\t'", "window.SealdDocument = '", "window.sealdDocument ='"]
    {
        fails(&page(&uid(), &payload, "'").replace("window.sealdDocument = '", wrong), "HTML-02");
    }
}

#[test]
fn the_forms_of_the_id() {
    let payload = payload(3);
    let with = |uid: &str| page(uid, &payload, "'");
    for good in [
        format!("window.sealdDocumentUID='{ID}'"),
        format!("window.sealdDocumentUID \t\n = \r\n \"{ID}\""),
        format!("window.sealdDocumentUID = \"{ID}'"),
        format!("window.sealdDocumentUID; window.sealdDocumentUID = '{ID}'"),
        format!("window.sealdDocumentUID = nothing; window.sealdDocumentUID = '{ID}'"),
        format!("window.sealdDocumentUID = '{ID}'; window.sealdDocumentUID = 'other'"),
    ] {
        opens(&with(&good), 3);
    }
    for bad in [
        String::new(),
        format!("window.sealdDocumentUID = '{}'", ID.to_uppercase()),
        "window.sealdDocumentUID = 'WiIXIjbEQe6+VgJCrBIAAg'".to_owned(),
        "window.sealdDocumentUID = ''".to_owned(),
        format!("window.sealdDocumentUID = 'x{ID}'"),
        format!("window.sealdDocumentUID = '{ID}"),
        format!("window.sealdDocumentUID = {ID}"),
        format!("window.sealdDocumentuid = '{ID}'"),
        format!("window.sealdDocumentUID = 'other'; window.sealdDocumentUID = '{ID}'"),
        "window.sealdDocumentUID = '5a221722-36c4-71ee-be56-0242ac120002'".to_owned(),
    ] {
        fails(&with(&bad), "HTML-03");
    }
    // An id after the marker is not looked at.
    fails(&format!("{MARKER}'{payload}'; window.sealdDocumentUID = '{ID}'"), "HTML-03");
}

#[test]
fn the_payload_is_read_tolerantly() {
    let text = payload(300);
    let lines: String = text.as_bytes().chunks(61).map(|line| String::from_utf8_lossy(line) + " \r\n\t").collect();
    for good in
        [lines, text.trim_end_matches('=').to_owned(), text.replace('+', "-").replace('/', "_"), format!("{text}=")]
    {
        opens(&page(&uid(), &good, "';"), 300);
    }
    for (bad, rule) in [
        (text.replace('+', "%"), "B64-02"),
        (format!("{text}=A"), "B64-02"),
        (format!("{text}=AAAA"), "B64-02"),
        (format!("!{text}"), "B64-02"),
        (text[..text.len() - 3].to_owned(), "B64-02"),
        (text[..text.len() - 4].to_owned(), "ENV-06"),
        (String::new(), "ENV-06"),
    ] {
        fails(&page(&uid(), &bad, "'"), rule);
    }
}

#[test]
fn an_error_in_the_payload_says_where() {
    let text = payload(300);
    let bad = page(&uid(), &format!("{}!{}", &text[..50], &text[50..]), "'");
    assert_eq!(open(&bad).unwrap_err().at, bad.find('!').map(|at| at as u64));
}

#[test]
fn a_missing_quote_is_malformed_although_the_mac_is_right() {
    for length in [0, 100_000] {
        let payload = payload(length);
        fails(&page(&uid(), &payload, ""), "HTML-04");
        fails(&page(&uid(), &payload, ";</script>"), "B64-02");
    }
    fails(&format!("{}{MARKER}", uid()), "HTML-04");
    fails(&format!("{}{MARKER}'", uid()), "HTML-04");
}

#[test]
fn a_damaged_page_is_rejected() {
    let text = payload(1_000);
    for place in (0..text.len() - 8).step_by(97) {
        let mut damaged = text.clone().into_bytes();
        damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
        let failure = open(&page(&uid(), &String::from_utf8(damaged).unwrap(), "'")).unwrap_err();
        assert_eq!(failure.code, "rejected", "{place}");
    }
}

#[test]
fn the_legacy_file_form() {
    let legacy = |id: &str, sealed: &[u8]| [file::LEGACY_MAGIC, id.as_bytes(), sealed].concat();
    for length in [0, 1, 16, 100_000] {
        let container = legacy(&session().to_s64(), &seal(&key(), &pattern(length)).unwrap());
        assert_eq!(container.len() as u64, 45 + sealwright_envelope::sealed_length(length as u64).unwrap());
        let header = file::inspect(&mut Cursor::new(&container)).unwrap();
        assert_eq!((header.kind, header.session, header.version), (Kind::Legacy, session(), None));
        assert_eq!(file::recognize(&container), Some(Kind::Legacy));
        let file = open_file_everywhere(&key(), &container, SingleEntry::Only).unwrap();
        assert_eq!((file.name, file.content), (None, pattern(length)));
        assert_eq!(withhold_files(&key(), Cursor::new(&container), Entries::List).unwrap()[0].content.len(), length);
        for place in (45..container.len()).step_by(1 + length / 50) {
            let mut damaged = container.clone();
            damaged[place] ^= 1;
            assert_eq!(open_file_everywhere(&key(), &damaged, SingleEntry::Only).unwrap_err().code, "rejected");
        }
    }
    let sealed = seal(&key(), b"x").unwrap();
    for id in [&"A".repeat(22), "WiIXIjbEQe6+VgJCrBIA!g", &ID[..22], "WiIXIjbEQe6+VgJCrBIAA="] {
        let failure = open_file_everywhere(&key(), &legacy(id, &sealed), SingleEntry::Only).unwrap_err();
        assert_eq!((failure.code, failure.rule), ("malformed", Some("OLD-05")), "{id}");
    }
    let short = &legacy(&session().to_s64(), b"")[..44];
    assert_eq!(open_file_everywhere(&key(), short, SingleEntry::Only).unwrap_err().code, "malformed");
    let header_only = legacy(&session().to_s64(), b"");
    assert_eq!(open_file_everywhere(&key(), &header_only, SingleEntry::Only).unwrap_err().rule, Some("ENV-06"));
}
