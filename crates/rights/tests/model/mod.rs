//! The model against which the decisions are proved.

pub mod check;
pub mod invariants;
pub mod questions;
pub mod reference;
pub mod renaming;
pub mod search;
pub mod sequence;
pub mod starts;
pub mod visited;
