//! Archives: what is in them is converted, whatever they are called, hold or lack.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "other tests need more")]
#[path = "support/faulty.rs"]
mod faulty;
#[allow(dead_code, reason = "other tests need more")]
#[path = "support/made.rs"]
mod made;
#[allow(dead_code, reason = "other tests need more")]
mod support;

use faulty::{Faulty, Kind};
use made::Made;
use sealwright_egress::{Files, Line, Status, plan, run};
use sealwright_envelope::message;
use sealwright_types::SessionId;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use support::{confirmed, snapshot};
use tar::{Builder, EntryType, Header};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// An entry with a name that no builder would accept, unless it is too long for a header.
fn entry(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    header.set_cksum();
    let padding = vec![0; content.len().next_multiple_of(512) - content.len()];
    [header.as_bytes(), content, &padding].concat()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries = files.iter().flat_map(|(name, content)| entry(name, EntryType::Regular, content));
    entries.chain([0; 1024]).collect()
}

/// The lines of a run by source, and the outputs.
fn converted(made: &Made) -> (BTreeMap<String, Line>, BTreeMap<String, Vec<u8>>) {
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    let mut files = snapshot(output.path());
    files.retain(|name, _| name.starts_with("data/") || name.starts_with("messages/"));
    let again = made.run(output.path());
    assert_eq!(again, lines, "a second run changes nothing");
    (lines.into_iter().map(|line| (line.source.clone(), line)).collect(), files)
}

fn status<'a>(lines: &'a BTreeMap<String, Line>, source: &str) -> (Status, Option<&'a str>) {
    let line = lines.get(source).unwrap_or_else(|| panic!("{source} is not among {:?}", lines.keys()));
    (line.status, line.error.as_deref())
}

#[test]
fn members_are_items_whatever_is_around_them() {
    let made = Made::new();
    let (one, two) = (made.container("one.txt", b"1"), made.container("two.txt", b"2"));
    let sealed = message::seal(&made.key, made.session, "text").unwrap();
    let inside = tar(&[
        ("./deep/one.seald", &one),
        ("deep/two.seald", &two),
        ("note.json", sealed.as_bytes()),
        ("plain", b"plain"),
    ]);
    made.add("data/a.tar", &inside);
    made.add("data/b.tar.gz", gzip(&inside));
    made.add("data/sub/c.tar.zst", zstandard(&inside));
    made.add("data/d.seald.gz", gzip(&one));
    made.add("data/nameless", zstandard(&two));
    let (lines, files) = converted(&made);
    for archive in ["data/a.tar", "data/b.tar.gz", "data/sub/c.tar.zst"] {
        assert_eq!((status(&lines, archive), lines[archive].members), ((Status::Converted, None), Some(4)));
        for (member, name, content) in [
            ("./deep/one.seald", "deep/one.txt", "1"),
            ("deep/two.seald", "deep/two.txt", "2"),
            ("note.json", "note.json", "text"),
        ] {
            let line = &lines[&format!("{archive}!{member}")];
            assert_eq!(
                (line.status, line.output.as_deref()),
                (Status::Converted, Some(format!("{archive}/{name}").as_str()))
            );
            assert_eq!(files[&format!("{archive}/{name}")], content.as_bytes());
        }
        assert_eq!(status(&lines, &format!("{archive}!plain")), (Status::Plain, None));
    }
    assert_eq!(files["data/one.txt"], b"1");
    assert_eq!(files["data/two.txt"], b"2");
    assert_eq!(status(&lines, "data/d.seald.gz!d.seald"), (Status::Converted, None));
    assert_eq!(status(&lines, "data/nameless!nameless"), (Status::Converted, None));
    assert_eq!(files.len(), 11);
    assert_eq!(plan(made.directory.path(), &confirmed(), &()).unwrap().sessions.needed, 1);
}

#[test]
fn archives_in_archives_are_opened_once_more_and_not_deeper() {
    let made = Made::new();
    let one = made.container("one.txt", b"1");
    let inner = gzip(&tar(&[("one.seald", &one)]));
    let deep = gzip(&tar(&[("inner.tgz", &inner)]));
    made.add("data/a.tar", tar(&[("inner.tgz", &inner), ("deep.tgz", &deep), ("x.seald.gz", &gzip(&one))]));
    let (lines, files) = converted(&made);
    assert_eq!(files["data/a.tar/inner.tgz/one.txt"], b"1");
    assert_eq!(files["data/a.tar/one.txt"], b"1");
    assert_eq!(files.len(), 2);
    assert_eq!(status(&lines, "data/a.tar!inner.tgz!one.seald"), (Status::Converted, None));
    assert_eq!(status(&lines, "data/a.tar!deep.tgz!inner.tgz"), (Status::Failed, Some("too-deep")));
    assert_eq!(status(&lines, "data/a.tar!x.seald.gz!x.seald"), (Status::Converted, None));
}

#[test]
fn names_of_members_lead_nowhere_but_into_the_output() {
    let made = Made::new();
    let files: Vec<_> = (0..9).map(|number| made.container(&format!("{number}.txt"), &[b'0' + number])).collect();
    let names = ["/etc/passwd", "../../up", "a/../../b", "C:\\x\\y", "CON/nul", "same", "same", "a\nb/c", ""];
    let members: Vec<_> = names.iter().zip(&files).map(|(name, file)| (*name, &file[..])).collect();
    made.add("data/a.tar", tar(&members));
    let (lines, outputs) = converted(&made);
    assert_eq!(lines["data/a.tar"].members, Some(9));
    assert_eq!(lines.len(), 10);
    assert_eq!(status(&lines, "data/a.tar!same"), (Status::Converted, None));
    assert_eq!(status(&lines, "data/a.tar!same (again)"), (Status::Converted, None));
    let expected = ["etc/0", "unnamed/unnamed/1", "a/unnamed/unnamed/2", "3", "_CON/4", "5", "6", "a_b/7", "8"];
    let mut expected: Vec<_> = expected.iter().map(|name| format!("data/a.tar/{name}.txt")).collect();
    expected.sort();
    assert_eq!(outputs.into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_no_file_is_told_and_long_names_are_read() {
    let made = Made::new();
    let one = made.container("one.txt", b"1");
    let mut builder = Builder::new(Vec::new());
    let long = format!("{}/{}.seald", "d".repeat(120), "n".repeat(120));
    let mut header = Header::new_gnu();
    header.set_size(one.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, &long, &one[..]).unwrap();
    builder.append_pax_extensions([("path", long.to_uppercase().as_bytes())]).unwrap();
    header.set_path("short").unwrap();
    header.set_cksum();
    builder.append(&header, &one[..]).unwrap();
    let mut header = Header::new_gnu();
    header.set_size(0);
    header.set_entry_type(EntryType::Symlink);
    builder.append_link(&mut header, "link", "/etc/passwd").unwrap();
    header.set_entry_type(EntryType::Link);
    builder.append_link(&mut header, "hard", "short").unwrap();
    header.set_entry_type(EntryType::Directory);
    builder.append_data(&mut header, "directory/", &[][..]).unwrap();
    made.add("data/a.tar.gz", gzip(&builder.into_inner().unwrap()));
    let (lines, files) = converted(&made);
    let line = &lines["data/a.tar.gz"];
    assert_eq!((line.status, line.members), (Status::Converted, Some(2)));
    assert_eq!(line.warnings, ["a symbolic link, left out: link", "a hard link, left out: hard"]);
    assert_eq!(status(&lines, &format!("data/a.tar.gz!{long}")), (Status::Converted, None));
    assert_eq!(status(&lines, &format!("data/a.tar.gz!{}", long.to_uppercase())), (Status::Converted, None));
    assert_eq!(files.len(), 2);
}

#[test]
fn what_came_before_a_damage_is_converted_and_the_damage_is_told() {
    let made = Made::new();
    let (one, two) = (made.container("one.txt", &[1; 9000]), made.container("two.txt", &[2; 9000]));
    let whole = tar(&[("one.seald", &one), ("two.seald", &two)]);
    let second = 512 + one.len().next_multiple_of(512);
    let mut broken_header = whole.clone();
    broken_header[second + 10] ^= 1;
    let packed = gzip(&whole);
    let mut flipped = packed.clone();
    let last = flipped.len() - 8;
    flipped[last] ^= 1;
    for (what, archive, two_is, error) in [
        ("cut in a member", whole[..second + 4000].to_vec(), Some((Status::Malformed, Some("damaged"))), "damaged"),
        ("cut in a header", whole[..second + 100].to_vec(), None, "damaged"),
        ("cut between members", whole[..second].to_vec(), None, "damaged"),
        ("without an end", whole[..whole.len() - 1024].to_vec(), Some((Status::Converted, None)), "damaged"),
        ("broken header", broken_header, None, "damaged"),
        ("more behind the end", [&whole[..], &whole].concat(), Some((Status::Converted, None)), "trailing-data"),
        ("wrong checksum", flipped, Some((Status::Converted, None)), "damaged"),
        (
            "cut while compressed",
            packed[..packed.len() - 4000].to_vec(),
            Some((Status::Malformed, Some("damaged"))),
            "damaged",
        ),
    ] {
        let made_one = Made {
            directory: tempfile::tempdir().unwrap(),
            key: sealwright_envelope::SymKey::generate().unwrap(),
            session: made.session,
        };
        fs::copy(
            made.directory.path().join("session-keys.jsonl"),
            made_one.directory.path().join("session-keys.jsonl"),
        )
        .unwrap();
        made_one.add("data/a", archive);
        let (lines, files) = converted(&made_one);
        assert_eq!(status(&lines, "data/a"), (Status::Malformed, Some(error)), "{what}");
        assert_eq!(status(&lines, "data/a!one.seald"), (Status::Converted, None), "{what}");
        assert_eq!(lines.get("data/a!two.seald").map(|line| (line.status, line.error.as_deref())), two_is, "{what}");
        assert_eq!(files["data/a/one.txt"], [1; 9000], "{what}");
        let opened = two_is.is_some_and(|(status, _)| status == Status::Converted);
        assert_eq!(files.contains_key("data/a/two.txt"), opened, "{what}");
    }
}

#[test]
fn headers_of_any_size_are_read_in_bounds() {
    let made = Made::new();
    let name = vec![b'x'; 3 * 1024 * 1024];
    let archive = [entry("././@LongLink", EntryType::GNULongName, &name), tar(&[("a", b"a")])].concat();
    made.add("data/a.tar", archive);
    let (lines, files) = converted(&made);
    assert_eq!(status(&lines, "data/a.tar"), (Status::Malformed, Some("too-large")));
    assert!(files.is_empty());
}

#[test]
fn a_member_that_opens_later_and_one_that_was_changed_open_the_archive_again() {
    let made = Made::new();
    let one = made.container("one.txt", b"1");
    made.add("data/a.tar", tar(&[("one.seald", &one), ("plain", b"plain")]));
    let output = tempfile::tempdir().unwrap();
    let lines = made.run(output.path());
    fs::write(output.path().join("data/a.tar/one.txt"), b"changed").unwrap();
    assert_eq!(made.run(output.path()), lines);
    assert_eq!(fs::read(output.path().join("data/a.tar/one.txt")).unwrap(), b"1");
    let mut options = confirmed();
    options.copy_plain = true;
    run(made.directory.path(), output.path(), &options, &()).unwrap();
    assert_eq!(fs::read(output.path().join("data/a.tar/plain")).unwrap(), b"plain");
}

#[test]
fn records_in_an_archive_of_messages_are_rewritten() {
    let made = Made::new();
    let sealed = message::seal(&made.key, made.session, "x").unwrap();
    let json = format!("{{\"m\":{}}}\n", serde_json::to_string(&sealed).unwrap());
    let csv = format!("m\n\"{}\"\n", sealed.replace('"', "\"\""));
    made.add("messages/a.tar.gz", gzip(&tar(&[("t.jsonl", json.as_bytes()), ("t.csv.gz", &gzip(csv.as_bytes()))])));
    let (lines, files) = converted(&made);
    assert_eq!(files["messages/a.tar.gz/t.jsonl"], b"{\"m\":\"x\"}\n");
    assert_eq!(files["messages/a.tar.gz/t.csv"], b"m\n\"x\"\n");
    assert!(lines.values().all(|line| line.status == Status::Converted));
}

#[test]
fn many_members_are_all_there() {
    let made = Made::new();
    let sealed = message::seal(&made.key, made.session, "x").unwrap();
    let names: Vec<_> = (0..3000).map(|number| format!("{}/{number}.json", number % 7)).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), sealed.as_bytes())).collect();
    made.add("data/a.tar.zst", zstandard(&tar(&files)));
    let (lines, outputs) = converted(&made);
    assert_eq!((lines.len(), outputs.len()), (3001, 3000));
    assert!(Path::new("data/a.tar.zst/3/3.json").parent().is_some() && outputs.contains_key("data/a.tar.zst/3/3.json"));
}

/// Several hundred members that want few names, with an archive, damaged ones and records of which many stay closed among them.
fn many_members(made: &Made) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    for number in 0..200_usize {
        let name = ["same.txt", "Same.TXT", "other.txt"][number % 3];
        let content = match number % 40 {
            7 => b"SEALD.IO_".to_vec(),
            9 => b"never encrypted".to_vec(),
            _ => made.container(name, format!("content {number}").as_bytes()),
        };
        members.push((format!("{}/{:03}.seald", number % 3, number * 733 % 1000), content));
    }
    let inner = tar(&[("one.seald", &made.container("same.txt", b"inside")), ("plain", b"plain")]);
    members.insert(140, ("1/inner.tar".to_owned(), inner));
    let closed = message::seal(&made.key, SessionId::random().unwrap(), "closed").unwrap();
    let rows = format!("{}\n", serde_json::json!({ "body": closed })).repeat(100);
    members.insert(20, ("2/rows.jsonl".to_owned(), rows.into_bytes()));
    members
}

fn tar_of(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    tar(&members.iter().map(|(name, content)| (&name[..], &content[..])).collect::<Vec<_>>())
}

#[test]
fn many_members_come_out_in_the_order_of_their_sources_whatever_that_of_the_archive() {
    let made = Made::new();
    let mut members = many_members(&made);
    let mut reversed = None;
    for _ in 0..2 {
        members.reverse();
        made.add("messages/many.tar", tar_of(&members));
        let (lines, files) = converted(&made);
        let outputs = |directory: &str| {
            let lines =
                lines.values().filter(|line| line.source.starts_with(&format!("messages/many.tar!{directory}/")));
            lines.filter_map(|line| line.output.clone()).collect::<Vec<_>>()
        };
        // The first ones of a directory, by their sources, have the first numbers.
        let first = outputs("0").into_iter().filter(|output| output.contains("/same")).take(3).collect::<Vec<_>>();
        let expected = ["same.txt", "same (1).txt", "same (2).txt"].map(|name| format!("messages/many.tar/0/{name}"));
        assert_eq!(first, expected);
        assert_eq!((lines.len(), lines["messages/many.tar"].members), (205, Some(202)));
        assert_eq!(lines["messages/many.tar!2/rows.jsonl"].rows.unwrap().closed, 100);
        let this = (lines, files);
        assert!(reversed.replace(this.clone()).is_none_or(|other| other == this));
    }
}

/// Memory instead of a disk, where there is some.
fn room() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

#[test]
fn a_run_over_many_members_can_be_killed_and_leaves_nothing_behind() {
    let made = Made::new();
    made.add("messages/many.tar", tar_of(&many_members(&made)));
    let mut options = confirmed();
    options.threads = NonZero::new(1);
    let mut watched = |output: &Path, watch: Arc<Faulty>| {
        options.files = Files::watched(watch);
        run(made.directory.path(), output, &options, &())
    };
    let (reference, count) = (room(), Arc::new(Faulty::new(Kind::Count, 0)));
    watched(reference.path(), count.clone()).unwrap();
    let (expected, operations) = (snapshot(reference.path()), count.operations());
    for point in 1..10 {
        let at = point * operations / 10;
        let kind = [Kind::Torn, Kind::Once(faulty::EIO), Kind::Full][point % 3];
        let output = room();
        drop(watched(output.path(), Arc::new(Faulty::new(kind, at))));
        made.run(output.path());
        let tree = snapshot(output.path());
        let left = tree.keys().find(|name| name.ends_with(".part"));
        assert_eq!((left, tree.len()), (None, expected.len()), "after {kind:?} at {at} of {operations}");
        let contents = |tree: &BTreeMap<String, Vec<u8>>| {
            let outputs = tree.iter().filter(|(name, _)| name.contains('/'));
            let mut contents: Vec<_> = outputs.map(|(_, content)| content.clone()).collect();
            contents.sort();
            contents
        };
        assert!(contents(&tree) == contents(&expected), "after {kind:?} at {at} of {operations}");
    }
}

#[test]
fn no_two_items_have_one_source_whatever_files_and_members_are_called() {
    let made = Made::new();
    let good = |number: u8| made.container(&format!("{number}.txt"), &[number]);
    let mut tampered = good(0);
    *tampered.last_mut().unwrap() ^= 1;
    made.add("data/a.tar", tar(&[("x.seald", &tampered), ("inner.tar!x", &good(1)), ("y", &good(2))]));
    made.add("data/a.tar!x.seald", good(3));
    made.add("data/a.tar!inner.tar", tar(&[("x", &good(4))]));
    made.add("data/a.tar!y!deep/z", good(5));
    made.add("data/b.tar", tar(&[("g.gz", &gzip(&tampered)), ("g.gz!g", &good(6)), ("g.gz!g", &good(7))]));
    let (lines, files) = converted(&made);
    let opened = |source: &str| lines[source].name.clone();
    assert_eq!(status(&lines, "data/a.tar!x.seald (again)"), (Status::Rejected, Some("rejected")));
    assert_eq!(opened("data/a.tar!inner.tar (again)!x").as_deref(), Some("1.txt"));
    assert_eq!(opened("data/a.tar!y").as_deref(), Some("2.txt"));
    assert_eq!(opened("data/a.tar!x.seald").as_deref(), Some("3.txt"));
    assert_eq!(opened("data/a.tar!inner.tar!x").as_deref(), Some("4.txt"));
    assert_eq!(opened("data/a.tar!y!deep/z").as_deref(), Some("5.txt"));
    assert_eq!(status(&lines, "data/b.tar!g.gz!g"), (Status::Rejected, Some("rejected")));
    assert_eq!(opened("data/b.tar!g.gz!g (again)").as_deref(), Some("6.txt"));
    assert_eq!(opened("data/b.tar!g.gz!g (again) (again)").as_deref(), Some("7.txt"));
    assert_eq!((lines.len(), files.len()), (13, 7));
    // The same sources with one thread and in shards.
    let mut options = confirmed();
    options.threads = NonZero::new(1);
    let mut sources = Vec::new();
    for index in 0..3 {
        let output = tempfile::tempdir().unwrap();
        options.shard = Some(sealwright_egress::Shard::new(index, 3).unwrap());
        run(made.directory.path(), output.path(), &options, &()).unwrap();
        let manifest = fs::read_to_string(output.path().join("manifest.jsonl")).unwrap();
        let lines = manifest.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
        sources.extend(lines.map(|line| line.source));
    }
    sources.sort();
    assert!(lines.keys().eq(&sources), "{sources:?}");
    // A file that is called like a member is not taken for one when a run looks what is left to do.
    let (made, output) = (Made::new(), tempfile::tempdir().unwrap());
    made.add("data/a.tar", tar(&[("x", &made.container("x", b"x")), ("y", b"plain")]));
    made.add("data/a.tar!x", b"plain");
    made.add("data/a.tar!inner", tar(&[("y", b"plain")]));
    for _ in 0..2 {
        made.run(output.path());
        assert_eq!(fs::read_to_string(output.path().join("runs.jsonl")).unwrap().lines().count(), 1);
    }
}

#[test]
fn a_record_file_that_is_twice_in_an_archive_is_read_twice() {
    let made = Made::new();
    let record = |text: &str| {
        let sealed = message::seal(&made.key, made.session, text).unwrap();
        format!("{}\n", serde_json::json!({ "m": sealed })).into_bytes()
    };
    made.add("messages/a.tar", tar(&[("t.jsonl", &record("first")), ("t.jsonl", &record("second"))]));
    let (lines, files) = converted(&made);
    assert_eq!(lines["messages/a.tar!t.jsonl (again)"].rows.map(|rows| rows.converted), Some(1));
    assert_eq!(files["messages/a.tar/t.jsonl"], b"{\"m\":\"first\"}\n");
    assert_eq!(files["messages/a.tar/t (1).jsonl"], b"{\"m\":\"second\"}\n");
}
