//! What the benches share: inputs from the vectors, the primitives alone as a ceiling, and measuring two things in turns.
//!
//! Only ratios count: the machine is shared, so ours and its ceiling are always measured in the same run, one after the other.

pub mod bundle;
pub mod ceiling;
pub mod inputs;
pub mod openssl;
pub mod peak;
pub mod processor;
pub mod turns;
