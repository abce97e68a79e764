//! `cargo run -p sealwright-rights --example rights_vectors` at the root of the repository writes `vectors/rights`.
#![allow(clippy::expect_used, missing_docs, unreachable_pub, reason = "a generator of test data")]

mod cases;
mod form;
mod guards;
mod story;

use std::io;

fn main() -> io::Result<()> {
    std::fs::create_dir_all("vectors/rights")?;
    for (name, file) in cases::files() {
        let text = serde_json::to_string_pretty(&file).map_err(io::Error::other)?;
        std::fs::write(format!("vectors/rights/{name}.json"), text + "\n")?;
    }
    Ok(())
}
