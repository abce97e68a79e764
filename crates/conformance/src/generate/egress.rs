//! `egress-rules/`: which shard an item belongs to.

use super::{Draft, Files, GenerateError};
use crate::kinds::shard::{Input, Output, Shard};
use ring::digest::{SHA256, digest};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    shard().finish(files)
}

/// The session of the specification's example, in shard 1 of 4.
const SESSION: &str = "00000000-0000-1000-a000-7ea300000018";
/// The record file of the specification's example, in shard 0 of 4.
const RECORDS: &str = "messages/notes.jsonl";

fn shard() -> Draft<Shard> {
    let mut draft = Draft::ours("egress-rules/shard", "shard");
    let mut add = |shard: (u32, u32), session: Option<&str>, source: &str, comment: &str, belongs: bool| {
        let session = session.map(str::to_owned);
        let input = Input { shard: format!("{}/{}", shard.0, shard.1), session, source: source.to_owned() };
        draft.valid("EGR-50", comment, input, Output { belongs }, 0);
    };
    for index in 0..4 {
        add((index, 4), Some(SESSION), "data/a.seald", "the example, by session", index == 1);
        add((index, 4), None, RECORDS, "the example, by source", index == 0);
    }
    add((0, 1), Some(SESSION), "data/a.seald", "one shard has everything", true);
    add((0, 1), None, "", "one shard has everything", true);
    // Numbers that are no power of two, and the largest: all 64 bits count, unsigned and big-endian.
    for count in [2, 3, 7, 1000, u32::MAX] {
        let session = [0, 0, 0, 0, 0, 0, 0x10, 0, 0xa0, 0, 0x7e, 0xa3, 0, 0, 0, 0x18];
        let (of_session, of_source) = (index_of(&session, count), index_of(RECORDS.as_bytes(), count));
        add((of_session, count), Some(SESSION), "data/a.seald", "by session", true);
        add((of_source, count), None, RECORDS, "by source", true);
        add(((of_session + 1) % count, count), Some(SESSION), "data/a.seald", "the next one", false);
        add(((of_source + 1) % count, count), None, RECORDS, "the next one", false);
    }
    let upper = SESSION.to_uppercase();
    add((1, 4), Some(&upper), "data/a.seald", "the bytes of the id count, not its spelling", true);
    for source in ["data/é.seald", "data/e\u{301}.seald", "data/a b", "data/\u{fffd}", "data/archive.tar!a/b"] {
        let index = index_of(source.as_bytes(), 5);
        add((index, 5), None, source, "the name as it stands in the manifest, in UTF-8", true);
        add(((index + 2) % 5, 5), None, source, "another shard", false);
    }
    for (shard, comment) in [
        ("", "empty"),
        ("/", "no number"),
        ("1", "no number of shards"),
        ("1/", "no number of shards"),
        ("/4", "no number"),
        ("4/4", "the number is too large: they are counted from 0"),
        ("5/4", "the number is too large"),
        ("0/0", "no shard"),
        ("-1/4", "negative"),
        ("+1/4", "a sign"),
        ("01/4", "a leading zero"),
        ("1/04", "a leading zero"),
        ("00/4", "two zeros"),
        (" 1/4", "a space"),
        ("1/4 ", "a space"),
        ("1 / 4", "spaces"),
        ("1/4\n", "a line feed"),
        ("1/4/2", "three numbers"),
        ("1,4", "a comma"),
        ("0x1/4", "hexadecimal"),
        ("1.0/4", "a fraction"),
        ("\u{661}/\u{664}", "digits of another script"),
        ("1/4294967296", "more than 2^32 - 1 shards"),
        ("4294967297/4", "a number that is 1 in 32 bits"),
        ("1/18446744073709551620", "a number that is 4 in 64 bits"),
    ] {
        let input = Input { shard: shard.to_owned(), session: None, source: RECORDS.to_owned() };
        draft.invalid("EGR-50", comment, input, "bad-shard", &["ShardTrick"]);
    }
    draft
}

/// The rule once more, in another arithmetic than that of the library: byte by byte.
fn index_of(name: &[u8], count: u32) -> u32 {
    let remainder = digest(&SHA256, name)
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |remainder, &byte| (remainder * 256 + u64::from(byte)) % u64::from(count));
    u32::try_from(remainder).unwrap_or(u32::MAX)
}
