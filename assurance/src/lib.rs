//! What the programs of this workspace share: requests to valgrind, and the vectors.

pub mod memcheck;
pub mod vectors;
