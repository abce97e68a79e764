//! What several tests of the egress need.

use sealwright_egress::Options;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Options of somebody who knows that several users' data becomes readable.
pub(crate) fn confirmed() -> Options {
    let mut options = Options::default();
    options.confirmed = true;
    options
}

/// What differs between two runs that end the same: when and how fast they worked, and the page that tells it.
const OF_RUNS: [&str; 2] = ["runs.jsonl", "report.html"];

/// All files below a directory with their contents, but what tells of single runs.
pub(crate) fn snapshot(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(directory, directory, &mut files);
    files.retain(|name, _| !OF_RUNS.contains(&&name[..]));
    files
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}
