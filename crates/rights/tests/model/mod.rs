//! The model against which the decisions are proved.

pub mod invariants;
pub mod reference;
pub mod renaming;
pub mod search;
pub mod sequence;
pub mod starts;
