//! Makes a bundle of any size with known truth, and checks what an egress made of it:
//!
//! ```text
//! cargo run --release -p sealwright-benches --bin bundle -- make DIR [--files N] [--rows N] [--sessions N] ...
//! sealwright egress run DIR/bundle --out OUT --yes
//! cargo run --release -p sealwright-benches --bin bundle -- check DIR OUT
//! ```
#![allow(clippy::print_stdout, reason = "it is a program")]

use clap::{Parser, Subcommand, ValueEnum};
use sealwright_benches::bundle::{self, Mix, Shape};
use sealwright_benches::inputs::Failure;
use std::path::PathBuf;

/// Bundles with known truth.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make one.
    Make {
        /// Where `bundle/` and `expected.jsonl` go.
        directory: PathBuf,
        #[arg(long, default_value_t = Shape::default().sessions)]
        sessions: usize,
        #[arg(long, default_value_t = Shape::default().files)]
        files: usize,
        /// The longest content of a file, in bytes.
        #[arg(long, default_value_t = Shape::default().longest)]
        longest: usize,
        /// Records with a message each.
        #[arg(long, default_value_t = Shape::default().rows)]
        rows: usize,
        #[arg(long, default_value_t = Shape::default().row_files)]
        row_files: usize,
        /// Length of a message's text, in bytes.
        #[arg(long, default_value_t = Shape::default().text)]
        text: usize,
        #[arg(long, default_value_t = Shape::default().users)]
        users: usize,
        #[arg(long, default_value_t = Shape::default().proxies)]
        proxies: usize,
        /// How the sessions are reached.
        #[arg(long, value_enum, default_value_t = Reached::Everything)]
        mix: Reached,
        #[arg(long, default_value_t = Shape::default().seed)]
        seed: u64,
    },
    /// Compare the output of an egress with the truth.
    Check {
        /// Where `bundle/` and `expected.jsonl` are.
        directory: PathBuf,
        /// What `egress run` wrote.
        output: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Reached {
    /// By every route, and some not at all; damaged files among the data.
    Everything,
    /// By tokens of their own.
    Direct,
    /// Nine of ten through proxies.
    Proxied,
    /// By known keys.
    Known,
}

/// More differences than a person wants to read.
const SHOWN: usize = 20;

fn main() -> Result<(), Failure> {
    match Arguments::parse().task {
        Task::Make { directory, sessions, files, longest, rows, row_files, text, users, proxies, mix, seed } => {
            let mix = match mix {
                Reached::Everything => Mix::Everything,
                Reached::Direct => Mix::Direct,
                Reached::Proxied => Mix::Proxied,
                Reached::Known => Mix::Known,
            };
            let shape = Shape { sessions, files, longest, rows, row_files, text, users, proxies, mix, seed };
            bundle::make(&directory, &shape)
        }
        Task::Check { directory, output } => {
            let differences = bundle::check(&directory, &output)?;
            for difference in differences.iter().take(SHOWN) {
                println!("{}: {}", difference.place, difference.what);
            }
            if differences.is_empty() {
                println!("everything is as it has to be");
                return Ok(());
            }
            Err(format!("{} differences", differences.len()).into())
        }
    }
}
