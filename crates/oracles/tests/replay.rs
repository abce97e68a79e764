//! Runs every oracle over the corpus and the regressions of its target.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use sealwright_oracles::{Input, TARGETS, seeds};
use std::fs;
use std::path::{Path, PathBuf};

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn corpora_and_regressions_hold() {
    let fuzz = seeds::root().join("fuzz");
    for (target, oracle) in TARGETS {
        let corpus = files(&fuzz.join("corpus").join(target));
        let mut useful = 0;
        for path in corpus.iter().chain(&files(&fuzz.join("regressions").join(target))) {
            println!("{}", path.display());
            useful += usize::from(oracle(&fs::read(path).unwrap()) == Input::Useful);
        }
        assert!(useful > 0, "{target}: no input was of any use");
    }
}

/// The files are a snapshot; this is what the vectors give now.
#[test]
fn seeds_of_the_present_vectors_hold() {
    let made = seeds::files();
    for (target, oracle) in TARGETS {
        let directory = Path::new("corpus").join(target);
        let seeds: Vec<_> = made.iter().filter(|(path, _)| path.starts_with(&directory)).collect();
        assert!(!seeds.is_empty() && seeds.len() <= 30, "{target}");
        for (path, seed) in seeds {
            println!("{}", path.display());
            oracle(seed);
        }
    }
}

#[test]
fn every_target_has_its_line() {
    let fuzz = seeds::root().join("fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let source = fs::read_to_string(fuzz.join("fuzz_targets").join(format!("{target}.rs"))).unwrap();
        assert!(source.contains(&format!("target!(\"{target}\")")), "{target}");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
    }
    assert_eq!(files(&fuzz.join("fuzz_targets")).len(), TARGETS.len(), "a target without an oracle");
}
