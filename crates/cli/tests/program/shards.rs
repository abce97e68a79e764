use crate::peer;
use crate::place::Place;
use std::fs::{self, File};
use std::path::Path;

/// A public key of the age tools.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// A place with a bundle of one user, its egress as a whole, and the same in two shards.
fn with_shards() -> Place {
    let mut place = Place::new();
    let sample = peer::vectors("egress/sample/bundle");
    copy(&sample.join("data"), &place.path().join("bundle/data"));
    fs::create_dir_all(place.path().join("bundle/identities")).unwrap();
    for name in ["identities/frank.bin", "message-keys.jsonl"] {
        place.file(format!("bundle/{name}"), fs::read(sample.join(name)).unwrap());
    }
    place.run(["egress", "run", "bundle", "--out", "whole", "--quiet"]);
    for (shard, out) in [("0/2", "first"), ("1/2", "second")] {
        place.run(["egress", "run", "bundle", "--out", out, "--shard", shard, "--quiet"]);
    }
    place
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The outputs and ledgers below a directory, without what tells of single runs.
fn kept(place: &Place, output: &str) -> Vec<(String, Vec<u8>)> {
    let inside = place.listing().into_iter().filter(|name| !name.ends_with('/'));
    let inside = inside.filter_map(|name| Some((name.strip_prefix(output)?.strip_prefix('/')?.to_owned(), name)));
    let inside = inside.filter(|(short, _)| !["runs.jsonl", "report.html"].contains(&&short[..]));
    inside.map(|(short, name)| (short, place.read(&name))).collect()
}

#[test]
fn shards_become_one_output_and_a_difference_is_told() {
    let mut place = with_shards();
    for merge in
        [["first", "second", "--out", "merged"].as_slice(), &["second", "first", "--out", "linked", "--hard-links"]]
    {
        let output = place.run(["egress", "merge"].iter().chain(merge));
        // The identity opens a part of the sample only.
        assert_eq!(output.status.code(), Some(3));
    }
    assert_eq!(kept(&place, "merged"), kept(&place, "whole"));
    assert_eq!(kept(&place, "linked"), kept(&place, "whole"));
    assert_eq!(place.run(["egress", "diff", "whole", "merged"]).status.code(), Some(0));
    assert_eq!(place.run(["egress", "diff", "whole", "first"]).status.code(), Some(1));
    place.run(["egress", "diff", "first", "whole", "--json"]);
    place.matches("egress-shards");
}

#[test]
fn what_cannot_be_merged_or_compared_is_told() {
    let mut place = with_shards();
    place.file("file", "text");
    place.file("empty", "");
    fs::create_dir(place.path().join("directory")).unwrap();
    let before = place.listing();
    let lock = File::create(place.path().join("second/.sealwright.lock")).unwrap();
    for (locked, status, arguments) in [
        (false, 1, ["merge", "first", "--out", "out"].as_slice()),
        (false, 1, &["merge", "first", "first", "--out", "out"]),
        (false, 1, &["merge", "first", "whole", "--out", "out"]),
        (false, 1, &["merge", "first", "missing", "--out", "out"]),
        (false, 1, &["merge", "first", "file", "--out", "out"]),
        (false, 1, &["merge", "first", "directory", "--out", "out"]),
        (false, 1, &["merge", "first", "second", "--out", "first/out"]),
        (false, 1, &["merge", "first", "second", "--out", "file"]),
        (false, 1, &["merge", "first", "second", "--out", "first"]),
        (false, 2, &["merge", "first", "second"]),
        (false, 2, &["merge", "--out", "out"]),
        (true, 1, &["merge", "first", "second", "--out", "out"]),
        (true, 1, &["run", "bundle", "--out", "second", "--shard", "1/2"]),
        (false, 1, &["run", "bundle", "--out", "second", "--shard", "0/2"]),
        (false, 2, &["run", "bundle", "--out", "out", "--shard", "4/4"]),
        (false, 2, &["run", "bundle", "--out", "out", "--shard", "one"]),
        (false, 1, &["run", "missing", "--out", "out"]),
        (false, 1, &["run", "file", "--out", "out"]),
        (false, 1, &["run", "directory", "--out", "out"]),
        (false, 1, &["run", "bundle", "--out", "bundle"]),
        (false, 1, &["run", "bundle", "--out", "out", "--sink", "age", "-r", "nobody"]),
        (false, 1, &["run", "bundle", "--out", "out", "--sink", "age", "--passphrase-file", "empty"]),
        (false, 1, &["run", "bundle", "--out", "out", "--sink", "age", "--passphrase-file", "missing"]),
        (false, 1, &["run", "bundle", "--out", "out", "-R", "missing", "--keys-out", "keys.age"]),
        (false, 1, &["run", "bundle", "--out", "out", "-r", RECIPIENT, "--keys-out", "missing/keys.age"]),
        (false, 1, &["run", "bundle", "--out", "out", "-r", RECIPIENT, "--keys-out", "file"]),
        (false, 1, &["run", "bundle", "--out", "out", "-r", RECIPIENT, "--keys-out", "bundle/keys.age"]),
        (false, 1, &["run", "bundle", "--out", "directory", "-r", RECIPIENT, "--keys-out", "directory/report.json"]),
        (false, 1, &["run", "bundle", "--out", "out", "--session-map", "missing"]),
        (false, 1, &["verify", "file"]),
        (false, 1, &["diff", "first", "missing"]),
        (false, 1, &["diff", "first", "file"]),
        (false, 1, &["diff", "first", "directory"]),
        (false, 2, &["diff", "first"]),
        (false, 1, &["pack", "missing", "-o", "out.tar"]),
        (false, 1, &["pack", "directory", "-o", "out.tar"]),
        (false, 1, &["pack", "whole", "-o", "file"]),
        (false, 1, &["pack", "whole", "-o", "missing/out.tar"]),
    ] {
        if locked {
            lock.lock().unwrap();
        }
        let output = place.run(["egress"].iter().chain(arguments));
        lock.unlock().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        let lines: Vec<_> = told.lines().filter(|line| !line.contains("confined: ")).collect();
        assert!(
            lines.len() == 2 && lines[0].starts_with("error[") && lines[1].starts_with("hint: "),
            "{arguments:?}: {told}"
        );
        // A new output remembers its sink.
        let out = place.path().join("out");
        if out.exists() {
            assert!(arguments.contains(&"--keys-out"), "{arguments:?}");
            fs::remove_dir_all(out).unwrap();
        }
        let added: Vec<_> = place.listing().into_iter().filter(|name| !before.contains(name)).collect();
        assert!(added.is_empty(), "{arguments:?} leaves {added:?}");
    }
    place.matches("egress-wrong");
}
