//! No type of secrets is forgotten by the tests that see them wiped.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

/// Types that print nothing of themselves and stand in no list, because of what they are made of: of others, of states
/// inside of `hmac`, `sha2` and `ring`, or of ciphertext.
const MADE_OF_OTHERS: &[&str] =
    &["Challenge", "ContentHash", "Encrypted", "RunningMac", "Sealed", "Unfilled", "Writer"];

#[test]
fn every_type_that_is_redacted_is_tried() {
    let lists = concat!(include_str!("wiping.rs"), include_str!("wiping_of_keys.rs"));
    let redacted = redacted_types();
    assert!(redacted.len() > 10, "{redacted:?}");
    for name in redacted.iter().filter(|name| !MADE_OF_OTHERS.contains(&name.as_str())) {
        assert!(lists.contains(&format!("(\"{name}\"")), "{name} is in no list of secrets");
    }
}

/// The arguments of `redacted_debug!` in the sources of the house.
fn redacted_types() -> Vec<String> {
    let call = concat!("redacted_", "debug!(");
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")))
        .iter()
        .flat_map(|text| text.lines().filter_map(|line| line.split_once(call)?.1.split_once(");")))
        .flat_map(|(names, _)| names.split(',').map(|name| name.trim().to_owned()))
        .filter(|name| name != "Token")
        .collect()
}

/// The text of every `src/**.rs` below.
fn sources(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(extension) if extension == "rs" => vec![std::fs::read_to_string(&path).unwrap()],
            _ => Vec::new(),
        })
        .collect()
}
