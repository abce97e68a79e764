//! Writes the seeds and dictionaries into `fuzz/`:
//!
//! ```text
//! cargo run -p sealwright-oracles --bin seeds
//! ```

use sealwright_oracles::seeds;
use std::fs;
use std::io;

fn main() -> io::Result<()> {
    for (path, content) in seeds::files() {
        let path = seeds::root().join("fuzz").join(path);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}
