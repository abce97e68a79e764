//! Shards put together are what one run makes (EGR-33, EGR-50).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/made.rs"]
mod made;
mod support;

use made::Made;
use sealwright_egress::{EgressError, Fields, Line, Options, SessionMap, Shard, merge, run, verify};
use sealwright_envelope::message;
use sealwright_types::{Coded as _, SessionId};
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use support::{confirmed, snapshot};
use tempfile::TempDir;

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/egress").join(name).join("bundle")
}

/// Runs every shard of a bundle into an output of its own.
fn shards(bundle: &Path, count: u32, threads: usize) -> Vec<TempDir> {
    let mut options = confirmed();
    options.threads = NonZero::new(threads);
    shards_with(bundle, count, &options)
}

fn shards_with(bundle: &Path, count: u32, options: &Options) -> Vec<TempDir> {
    let outputs: Vec<_> = (0..count).map(|_| tempfile::tempdir().unwrap()).collect();
    for (index, output) in (0..).zip(&outputs) {
        run_shard(bundle, output.path(), Shard::new(index, count).unwrap(), options);
    }
    outputs
}

fn run_shard(bundle: &Path, output: &Path, shard: Shard, options: &Options) {
    let mut options = options.clone();
    options.shard = Some(shard);
    run(bundle, output, &options, &()).unwrap();
}

fn paths(shards: &[TempDir]) -> Vec<PathBuf> {
    shards.iter().map(|shard| shard.path().to_owned()).collect()
}

fn code(result: Result<sealwright_egress::Summary, EgressError>) -> &'static str {
    result.unwrap_err().code()
}

/// What another session of the same bundle makes.
fn another_session(made: &Made) -> Made {
    let other = Made::new();
    let [path, record] = [made, &other].map(|made| made.directory.path().join("session-keys.jsonl"));
    let records = fs::read_to_string(&path).unwrap() + &fs::read_to_string(record).unwrap();
    fs::write(path, records).unwrap();
    other
}

/// A bundle in which files of several sessions want the same names, with messages and files that stay closed.
fn with_equal_names() -> Made {
    let made = Made::new();
    let mut records = String::new();
    for number in 0..30 {
        let other = another_session(&made);
        made.add(&format!("data/{}/{number:02}.seald", number % 3), other.container("report.txt", &[number; 10]));
        if number % 10 == 0 {
            let files: [(&str, &[u8]); 3] = [("report.txt", b"one"), ("b.txt", &[number]), ("report.txt", b"two")];
            made.add(&format!("data/0/{number:02}-several.seald"), other.several(&files));
        }
        made.add(&format!("data/1/plain-{number}"), "never encrypted");
        made.add(&format!("data/2/cut-{number}"), "SEALD.IO_");
        let lost = message::seal(&made.key, SessionId::random().unwrap(), "lost").unwrap();
        let text = message::seal(&other.key, other.session, "text").unwrap();
        records.push_str(&format!("{}\n", serde_json::json!({ "a": text, "b": lost })));
        if number % 7 == 0 {
            made.add(&format!("messages/{number}.jsonl"), &records);
        }
        if number % 9 == 0 {
            let mut archive = tar::Builder::new(Vec::new());
            for (name, content) in
                [("z/report", &other.container("same.txt", b"1")), ("a/report", &other.container("b", b"2"))]
            {
                for name in [name, "report", "report."] {
                    let mut header = tar::Header::new_ustar();
                    header.set_size(content.len() as u64);
                    header.set_cksum();
                    archive.append_data(&mut header, name, &content[..]).unwrap();
                }
            }
            made.add(&format!("data/2/{number}.tar"), archive.into_inner().unwrap());
            made.add(&format!("data/2/report.txt{number}.gz"), b"\x1f\x8b\x08");
        }
    }
    made
}

#[test]
fn four_shards_are_one_run() {
    let made = with_equal_names();
    let many: &[(u32, usize)] = &[(4, 1), (4, 2), (1, 2)];
    for (bundle, shapes) in
        [(sample("sample"), many), (sample("hard"), &[(4, 2)]), (made.directory.path().to_owned(), many)]
    {
        let whole = tempfile::tempdir().unwrap();
        let summary = run(&bundle, whole.path(), &confirmed(), &()).unwrap();
        for &(count, threads) in shapes {
            let shards = shards(&bundle, count, threads);
            let before: Vec<_> = shards.iter().map(|shard| snapshot(shard.path())).collect();
            let merged = tempfile::tempdir().unwrap();
            let mut options = confirmed();
            options.threads = NonZero::new(threads);
            options.hard_links = threads == 1;
            assert_eq!(merge(&paths(&shards), merged.path(), &options, &()).unwrap(), summary);
            let (one, other) = (snapshot(whole.path()), snapshot(merged.path()));
            let names = |tree: &std::collections::BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&one), names(&other));
            for (name, content) in &one {
                assert!(other[name] == *content, "{name} of {}", bundle.display());
            }
            assert!(verify(merged.path(), &options, &()).unwrap().changed.is_empty());
            // The shards stay, and the same command changes nothing.
            assert!(shards.iter().map(|shard| snapshot(shard.path())).eq(before));
            merge(&paths(&shards), merged.path(), &options, &()).unwrap();
            assert!(snapshot(merged.path()) == other);
            // One run goes on where shards have ended.
            assert_eq!(run(&bundle, merged.path(), &confirmed(), &()).unwrap(), summary);
            assert!(snapshot(merged.path()) == other);
        }
    }
}

#[test]
fn every_item_is_in_one_shard_with_the_rows_of_its_file() {
    let made = with_equal_names();
    let mut sources: Vec<String> = Vec::new();
    for shard in shards(made.directory.path(), 4, 2) {
        let manifest = fs::read_to_string(shard.path().join("manifest.jsonl")).unwrap();
        sources.extend(manifest.lines().map(|line| serde_json::from_str::<Line>(line).unwrap().source));
    }
    let all = sources.len();
    sources.sort();
    sources.dedup();
    assert!(all > 98);
    assert_eq!(sources.len(), all);
}

#[test]
fn a_merge_that_was_interrupted_goes_on() {
    let made = with_equal_names();
    let shards = shards(made.directory.path(), 3, 2);
    let (whole, merged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    merge(&paths(&shards), whole.path(), &confirmed(), &()).unwrap();
    merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap();
    for name in ["manifest.jsonl", "report.json", "data/0/report.txt", "data/1/report (3).txt"] {
        fs::remove_file(merged.path().join(name)).unwrap();
    }
    fs::write(merged.path().join("data/0/.sealwright-left.part"), "half").unwrap();
    merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap();
    assert!(snapshot(merged.path()) == snapshot(whole.path()));
}

#[test]
fn what_is_in_the_way_stays() {
    let made = with_equal_names();
    let shards = shards(made.directory.path(), 2, 2);
    for name in ["data/0/report.txt", "manifest.jsonl", "unopened.jsonl"] {
        let merged = tempfile::tempdir().unwrap();
        let path = merged.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(code(merge(&paths(&shards), merged.path(), &confirmed(), &())), "exists", "{name}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert!(!merged.path().join("report.json").exists());
    }
}

#[test]
fn what_is_read_of_a_shard_as_a_whole_has_a_bound() {
    const MIB: u64 = 1024 * 1024;
    let made = with_equal_names();
    for (name, longest) in [("report.json", 512 * MIB), ("sink.jsonl", 512 * MIB), ("shard.json", 4096)] {
        let (shards, merged) = (shards(made.directory.path(), 2, 2), tempfile::tempdir().unwrap());
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(shards[1].path().join(name));
        file.unwrap().set_len(longest + 1).unwrap();
        let refused = merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap_err();
        assert!(refused.code() == "io" && refused.to_string().contains("longer than"), "{name}: {refused}");
    }
}

#[test]
fn runs_that_are_too_many_to_be_read_are_left_out() {
    let made = with_equal_names();
    let (shards, merged) = (shards(made.directory.path(), 2, 2), tempfile::tempdir().unwrap());
    let runs = fs::OpenOptions::new().write(true).open(shards[1].path().join("runs.jsonl")).unwrap();
    runs.set_len(2 * 1024 * 1024).unwrap();
    merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap();
    assert_eq!(fs::read_to_string(merged.path().join("runs.jsonl")).unwrap().lines().count(), 1);
}

#[test]
fn an_output_of_something_else_is_not_touched() {
    let made = with_equal_names();
    let shards = shards(made.directory.path(), 2, 2);
    let other = Made::new();
    other.add("data/1.seald", other.container(".sealwright-mine.part", b"mine"));
    let output = tempfile::tempdir().unwrap();
    other.run(output.path());
    let before = snapshot(output.path());
    assert!(before.contains_key("data/.sealwright-mine.part"));
    assert_eq!(code(merge(&paths(&shards), output.path(), &confirmed(), &())), "exists");
    assert!(snapshot(output.path()) == before);
    // The same while its run has not ended, and has written no more than its journal.
    fs::rename(output.path().join("manifest.jsonl"), output.path().join("journal.jsonl")).unwrap();
    fs::remove_file(output.path().join("unopened.jsonl")).unwrap();
    let before = snapshot(output.path());
    assert_eq!(code(merge(&paths(&shards), output.path(), &confirmed(), &())), "exists");
    assert!(snapshot(output.path()) == before);
}

#[test]
fn a_merge_that_is_repeated_keeps_outputs_called_like_temporary_files() {
    let made = with_equal_names();
    made.add("data/0/called.seald", made.container(".sealwright-mine.part", b"mine"));
    let shards = shards(made.directory.path(), 2, 2);
    let merged = tempfile::tempdir().unwrap();
    merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap();
    let before = snapshot(merged.path());
    let path = merged.path().join("data/0/.sealwright-mine.part");
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(merged.path().join("data/0/.sealwright-left.part"), "half").unwrap();
    merge(&paths(&shards), merged.path(), &confirmed(), &()).unwrap();
    assert!(snapshot(merged.path()) == before);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written, "it was removed and copied again");
}

#[test]
fn shards_that_are_not_one_egress_are_refused() {
    let made = with_equal_names();
    let bundle = made.directory.path();
    let shards = shards(bundle, 3, 2);
    let out = tempfile::tempdir().unwrap();
    let refused = |given: &[PathBuf]| code(merge(given, &out.path().join("merged"), &confirmed(), &()));
    let all = paths(&shards);
    assert_eq!(refused(&[]), "shards-incomplete");
    assert_eq!(refused(&all[..2]), "shards-incomplete");
    assert_eq!(refused(&[&all[..], &all[..1]].concat()), "shards-incomplete");
    let whole = tempfile::tempdir().unwrap();
    made.run(whole.path());
    assert_eq!(refused(&[whole.path().to_owned()]), "not-a-shard");
    assert_eq!(refused(&[all[0].clone(), all[1].clone(), whole.path().to_owned()]), "not-a-shard");
    assert_eq!(code(merge(&all, &all[0].join("merged"), &confirmed(), &())), "output-inside-bundle");
    assert_eq!(code(merge(&all, &all[0], &confirmed(), &())), "output-inside-bundle");

    // An unfinished run, one of another bundle, a file that changed, an item that is in two shards.
    let journal = all[0].join("journal.jsonl");
    fs::write(&journal, "").unwrap();
    assert_eq!(refused(&all), "not-a-shard");
    fs::remove_file(journal).unwrap();
    let report = fs::read_to_string(all[1].join("report.json")).unwrap();
    fs::write(all[1].join("report.json"), report.replacen("\"users\": 0", "\"users\": 1", 1)).unwrap();
    assert_eq!(refused(&all), "shards-incomplete");
    fs::write(all[1].join("report.json"), &report).unwrap();
    let manifest = |shard: usize| fs::read_to_string(all[shard].join("manifest.jsonl")).unwrap();
    let line = manifest(0).lines().find(|line| line.contains("\"output\"")).unwrap().to_owned();
    let own = manifest(1);
    fs::write(all[1].join("manifest.jsonl"), format!("{own}{line}\n")).unwrap();
    assert_eq!(refused(&all), "not-a-shard");
    report_again(&all[1]);
    assert_eq!(refused(&all), "shards-incomplete");
    fs::write(all[1].join("manifest.jsonl"), own).unwrap();
    report_again(&all[1]);
    let line: Line = serde_json::from_str(&line).unwrap();
    let output = all[0].join(line.written()[0].output.clone());
    let content = fs::read(&output).unwrap();
    fs::write(&output, [&content[..], b"x"].concat()).unwrap();
    assert_eq!(refused(&all), "output-changed");
    fs::write(&output, content).unwrap();
    merge(&all, &out.path().join("merged"), &confirmed(), &()).unwrap();
}

#[test]
fn an_output_holds_one_shard_and_no_other() {
    let made = with_equal_names();
    let output = tempfile::tempdir().unwrap();
    let run_shard = |shard: &str| {
        let mut options = confirmed();
        options.shard = (!shard.is_empty()).then(|| shard.parse().unwrap());
        run(made.directory.path(), output.path(), &options, &())
    };
    run_shard("1/3").unwrap();
    let before = snapshot(output.path());
    for other in ["0/3", "1/4", ""] {
        assert_eq!(code(run_shard(other)), "other-shard");
    }
    run_shard("1/3").unwrap();
    assert!(snapshot(output.path()) == before);
}

/// Lets a report say what the manifest is, as a hostile hand or another program would.
fn report_again(shard: &Path) {
    let manifest = fs::read(shard.join("manifest.jsonl")).unwrap();
    let mut report: serde_json::Value = serde_json::from_slice(&fs::read(shard.join("report.json")).unwrap()).unwrap();
    report["manifest"] = serde_json::json!({
        "lines": manifest.iter().filter(|&&byte| byte == b'\n').count(),
        "bytes": manifest.len(),
        "sha256": hex::encode(ring::digest::digest(&ring::digest::SHA256, &manifest)),
    });
    fs::write(shard.join("report.json"), report.to_string()).unwrap();
}

/// Nothing is copied when shards are refused.
fn assert_refused(shards: &[TempDir], says: &str) {
    let merged = tempfile::tempdir().unwrap();
    let refused = merge(&paths(shards), merged.path(), &confirmed(), &()).unwrap_err();
    assert_eq!(refused.code(), "shards-incomplete");
    assert!(refused.to_string().contains(says), "{refused}");
    assert!(snapshot(merged.path()).is_empty());
}

#[test]
fn shards_have_seen_the_same_items() {
    let made = with_equal_names();
    let bundle = made.directory.path();
    let outputs = shards(bundle, 3, 2);
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(outputs[0].path().join("report.json")).unwrap()).unwrap();
    let mut sources: Vec<String> = Vec::new();
    for directory in ["data/0", "data/1", "data/2", "messages"] {
        let names = fs::read_dir(bundle.join(directory)).unwrap();
        sources.extend(names.map(|entry| format!("{directory}/{}\0", entry.unwrap().file_name().to_str().unwrap())));
    }
    sources.sort();
    assert_eq!(report["bundle"]["items"]["count"], sources.len());
    let expected = ring::digest::digest(&ring::digest::SHA256, sources.concat().as_bytes());
    assert_eq!(report["bundle"]["items"]["sha256"], hex::encode(expected));

    // An item that belongs to the last shard comes or goes after the first ones have ended.
    let last = Shard::new(2, 3).unwrap();
    let item = (0..).map(|number| format!("data/item-{number}")).find(|item| last.has_source(item)).unwrap();
    made.add(&item, "never encrypted");
    run_shard(bundle, outputs[2].path(), last, &confirmed());
    assert_refused(&outputs, "same items");
    fs::remove_file(bundle.join(item)).unwrap();
    run_shard(bundle, outputs[2].path(), last, &confirmed());
    // The line of an item that is gone stays in an output; a new one does not have it.
    assert_refused(&outputs, "the shards list");
}

#[test]
fn shards_list_all_items_that_they_have_seen() {
    let made = with_equal_names();
    let outputs = shards(made.directory.path(), 3, 2);
    let manifest = outputs[1].path().join("manifest.jsonl");
    let lines = fs::read_to_string(&manifest).unwrap();
    let is_of_member = |line: &&str| serde_json::from_str::<Line>(line).unwrap().source.contains('!');
    for line in lines.lines().filter(|line| !is_of_member(line)).step_by(5) {
        fs::write(&manifest, lines.replace(&format!("{line}\n"), "")).unwrap();
        let merged = tempfile::tempdir().unwrap();
        assert_eq!(code(merge(&paths(&outputs), merged.path(), &confirmed(), &())), "not-a-shard");
        report_again(outputs[1].path());
        assert_refused(&outputs, "the shards list");
    }
    fs::write(&manifest, lines).unwrap();
    report_again(outputs[1].path());
    merge(&paths(&outputs), tempfile::tempdir().unwrap().path(), &confirmed(), &()).unwrap();
    let unopened = outputs[1].path().join("unopened.jsonl");
    let rows = fs::read_to_string(&unopened).unwrap();
    fs::write(&unopened, rows.split_once('\n').unwrap().1).unwrap();
    let merged = tempfile::tempdir().unwrap();
    assert_eq!(code(merge(&paths(&outputs), merged.path(), &confirmed(), &())), "not-a-shard");
}

#[test]
fn shards_with_different_options_are_refused() {
    let made = Made::new();
    for number in 0..6 {
        made.add(&format!("data/{number}.seald"), made.container("a.txt", &[number]));
    }
    let map = made.directory.path().join("map");
    fs::write(&map, format!("{{\"source\":\"data/raw\",\"sessionId\":\"{}\"}}\n", made.session)).unwrap();
    let changes: [&dyn Fn(&mut Options); 6] = [
        &|options| options.copy_plain = true,
        &|options| options.unknown_hash = sealwright_egress::UnknownHash::TryAll,
        &|options| options.proxies = sealwright_egress::ProxyDepth::Chains,
        &|options| options.fields.pointers = vec!["/body".to_owned()],
        &|options| options.fields.session = Some("session".to_owned()),
        &|options| options.session_map = SessionMap::read(&map).unwrap(),
    ];
    let bundle = made.directory.path();
    let outputs = shards(bundle, 2, 1);
    for change in changes {
        let mut options = confirmed();
        change(&mut options);
        let other = shards_with(bundle, 2, &options).pop().unwrap();
        let pair = paths(&outputs)[..1].iter().cloned().chain([other.path().to_owned()]).collect::<Vec<_>>();
        let merged = tempfile::tempdir().unwrap();
        let refused = merge(&pair, merged.path(), &confirmed(), &()).unwrap_err();
        assert_eq!(refused.code(), "shards-incomplete");
        assert!(refused.to_string().contains("options"), "{refused}");
    }
    // What does not decide what comes out may differ, and so may the order of fields.
    let of_fields = |columns: [&str; 2], threads| {
        let mut options = confirmed();
        options.threads = NonZero::new(threads);
        let mut fields = Fields::default();
        fields.columns = columns.map(str::to_owned).to_vec();
        options.fields = fields;
        shards_with(bundle, 2, &options)
    };
    let (one, other) = (of_fields(["a", "b"], 1), of_fields(["b", "a"], 2));
    let pair = [one[0].path().to_owned(), other[1].path().to_owned()];
    merge(&pair, tempfile::tempdir().unwrap().path(), &confirmed(), &()).unwrap();
}
