//! Writes the seeds and dictionaries into `fuzz/`, in place of the earlier ones:
//!
//! ```text
//! cargo run -p sealwright-oracles --bin seeds
//! ```

use sealwright_oracles::{TARGETS, seeds};
use std::fs;
use std::io;

fn main() -> io::Result<()> {
    let fuzz = seeds::root().join("fuzz");
    for (target, _) in TARGETS {
        let directory = fuzz.join("corpus").join(target);
        fs::create_dir_all(&directory)?;
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("seed-") {
                fs::remove_file(entry.path())?;
            }
        }
    }
    fs::create_dir_all(fuzz.join("dictionaries"))?;
    for (path, content) in seeds::files() {
        fs::write(fuzz.join(path), content)?;
    }
    Ok(())
}
