//! The model against which the decisions are proved.

pub mod invariants;
pub mod random;
pub mod reference;
pub mod renaming;
pub mod search;
pub mod starts;
