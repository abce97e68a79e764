//! Names that are given once over all shards are those of one run (EGR-17, EGR-31, EGR-33).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::{Made, tar};
use sealwright_egress::{Line, Options, Recipients, Shard, Sink, merge, run};
use std::fs;
use std::path::Path;
use support::{confirmed, snapshot};
use tempfile::{TempDir, tempdir};

/// Shards that are many enough for neighbours to be in different ones.
const SHARDS: u32 = 7;

fn run_shards(bundle: &Path, count: u32, options: &Options) -> Vec<TempDir> {
    let shards = (0..count).map(|index| {
        let output = tempdir().unwrap();
        let mut options = options.clone();
        options.shard = Some(Shard::new(index, count).unwrap());
        run(bundle, output.path(), &options, &()).unwrap();
        output
    });
    shards.collect()
}

fn merged(shards: &[TempDir]) -> TempDir {
    let output = tempdir().unwrap();
    let paths: Vec<_> = shards.iter().map(|shard| shard.path().to_owned()).collect();
    merge(&paths, output.path(), &confirmed(), &()).unwrap();
    output
}

fn lines(output: &Path) -> Vec<Line> {
    let manifest = fs::read_to_string(output.join("manifest.jsonl")).unwrap();
    manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[cfg(unix)]
#[test]
fn members_whose_names_are_no_text_are_ordered_by_their_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let made = Made::new();
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["\u{e9}".as_bytes(), b"\x80"] {
        let content = made.container("x", name);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, std::ffi::OsStr::from_bytes(name), &content[..]).unwrap();
    }
    made.add("data/a.tar", archive.into_inner().unwrap());
    assert_merged_is_one_run(&made);
    let lines = made.run(tempdir().unwrap().path());
    assert_eq!(lines[1].source_bytes.as_deref(), Some("646174612f612e7461722180"));
    assert_eq!(lines[1].output.as_deref(), Some("data/a.tar/x"));
}

fn assert_merged_is_one_run(made: &Made) {
    let whole = tempdir().unwrap();
    run(made.directory.path(), whole.path(), &confirmed(), &()).unwrap();
    let merged = merged(&run_shards(made.directory.path(), SHARDS, &confirmed()));
    let (one, other) = (snapshot(whole.path()), snapshot(merged.path()));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    let text =
        |tree: &std::collections::BTreeMap<String, Vec<u8>>| String::from_utf8(tree["manifest.jsonl"].clone()).unwrap();
    assert_eq!(text(&one), text(&other));
    assert!(one == other);
}

#[test]
fn what_an_archive_is_unpacked_into_keeps_its_name() {
    let made = Made::new();
    // Nothing of the archives is written, and yet a run takes the names of their directories.
    made.add("data/a.tar", tar(&[("plain", b"never encrypted")]));
    made.add("data/b.tar.gz", b"\x1f\x8b\x08");
    for number in 0..9 {
        let name = ["a.tar", "B.tar.gz", "a (1).tar"][number % 3];
        made.add(&format!("data/{number}.seald"), made.container(name, &[number as u8]));
    }
    assert_merged_is_one_run(&made);
    made.add("data/a.tar", tar(&[("a", &made.container("a.tar", b"1")), ("b", &made.container("a.tar", b"2"))]));
    assert_merged_is_one_run(&made);
}

#[test]
fn a_directory_that_is_called_like_an_unpacked_archive_is_shared_with_it() {
    let made = Made::new();
    let twice = tar(&[("1", &made.container("x", b"1")), ("2", &made.container("x", b"2"))]);
    // One of them comes before the directory, one after it.
    for (archive, directory) in [("data/a:b.tar", "data/a_b.tar"), ("data/c|d.tar", "data/c_d.tar")] {
        made.add(archive, &twice);
        for number in 0..4 {
            made.add(&format!("{directory}/{number}.seald"), made.container("x", &[number]));
        }
    }
    assert_merged_is_one_run(&made);
}

#[test]
fn an_exclamation_mark_makes_no_member() {
    let made = Made::new();
    for number in 0..6 {
        made.add(&format!("data/now!/{number}!.seald"), made.container("same.txt", &[number]));
        made.add(&format!("data/{number}!x"), made.container(["now!", "same.txt"][number as usize % 2], &[number]));
    }
    made.add("data/empty!/plain", "never encrypted");
    made.add("data/7.seald", made.container("empty!", b"7"));
    made.add("data/t.tar", tar(&[("a!b/c", &made.container("same.txt", b"t")), ("d", &made.container("a!b", b"d"))]));
    assert_merged_is_one_run(&made);
}

#[test]
fn endings_of_the_sink_stay_at_the_end_of_merged_names() {
    let made = Made::new();
    for number in 0..8 {
        made.add(&format!("data/{number}.seald"), made.container("report.pdf", &[number]));
    }
    let recipient = age::x25519::Identity::generate().to_public().to_string().parse().unwrap();
    let mut options = confirmed();
    options.sink = Sink::Age { recipients: Recipients::keys([recipient]).unwrap(), keys_out: None };
    let whole = tempdir().unwrap();
    run(made.directory.path(), whole.path(), &options, &()).unwrap();
    let merged = merged(&run_shards(made.directory.path(), SHARDS, &options));
    let names = |output: &Path| -> Vec<_> {
        lines(output).into_iter().map(|line| (line.source, line.name, line.output, line.clear_sha256)).collect()
    };
    assert_eq!(names(merged.path()), names(whole.path()));
    assert!(merged.path().join("data/report (7).pdf.age").exists());
    // One run goes on.
    let before = snapshot(merged.path());
    run(made.directory.path(), merged.path(), &options, &()).unwrap();
    assert!(snapshot(merged.path()) == before);
}

#[test]
fn the_identity_goes_with_what_it_opens() {
    let made = Made::new();
    made.add("data/1.seald", made.container("a.txt", b"a"));
    made.add("data/2.seald", made.container("b.txt", b"b"));
    let mut options = confirmed();
    let passphrase = |text: &str| Recipients::passphrase(text.to_owned().into()).unwrap();
    options.sink = Sink::Age { recipients: passphrase("correct horse"), keys_out: None };
    let shards = run_shards(made.directory.path(), 1, &options);
    let merged = merged(&shards);
    let identity = |output: &Path| fs::read(output.join("identity.age")).unwrap();
    assert_eq!(identity(merged.path()), identity(shards[0].path()));
    let before = snapshot(merged.path());
    run(made.directory.path(), merged.path(), &options, &()).unwrap();
    assert!(snapshot(merged.path()) == before);

    fs::remove_file(shards[0].path().join("identity.age")).unwrap();
    let again = tempdir().unwrap();
    let refused = merge(&[shards[0].path().to_owned()], again.path(), &confirmed(), &()).unwrap_err();
    assert!(refused.to_string().contains("identity.age"), "{refused}");
}
