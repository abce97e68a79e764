//! What operations cost, and how many of them something takes (docs/spec/EGRESS.md section 4).

use std::collections::BTreeMap;

/// What operations cost on some machine, in nanoseconds.
///
/// The default is that of a usual machine. A plan is made with it, so that the same bundle takes the same ways everywhere; how long the plan
/// takes is told with what was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    private_key: BTreeMap<usize, u64>,
    /// One scrypt.
    pub scrypt: u64,
    /// One opening of a key that is wrapped under another symmetric key.
    pub symmetric: u64,
}

/// Numbers of operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Private-key operations by the bits of the key.
    pub private_key: BTreeMap<usize, u64>,
    /// Derivations from passwords.
    pub scrypt: u64,
    /// Keys opened that are wrapped under another symmetric key.
    pub symmetric: u64,
}

/// The work of one way to one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Bits of the key, and how often.
    pub(crate) private_key: Option<(usize, u64)>,
    pub(crate) scrypt: u64,
    pub(crate) symmetric: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { private_key: BTreeMap::new(), scrypt: 50_000_000, symmetric: 2_000 }
    }
}

impl Costs {
    /// Says what one operation with a private key of so many bits costs.
    pub fn set_private_key(&mut self, bits: usize, nanoseconds: u64) {
        self.private_key.insert(bits, nanoseconds);
    }

    /// One operation with a private key of so many bits. What was not said grows with the cube of the bits.
    pub fn private_key(&self, bits: usize) -> u64 {
        /// 2048 bits: 250 microseconds.
        const UNIT_BITS: usize = 64;
        const UNIT: u64 = 250_000 / 32_768;
        self.private_key.get(&bits).copied().unwrap_or_else(|| {
            UNIT.saturating_mul((bits / UNIT_BITS) as u64).saturating_mul(((bits / UNIT_BITS) as u64).pow(2))
        })
    }

    pub(crate) fn of(&self, effort: &Effort) -> u64 {
        let private_key = effort.private_key.map_or(0, |(bits, times)| self.private_key(bits).saturating_mul(times));
        let symmetric = self.symmetric.saturating_mul(effort.symmetric);
        private_key.saturating_add(self.scrypt.saturating_mul(effort.scrypt)).saturating_add(symmetric)
    }
}

impl Work {
    /// Private-key operations with keys of any size.
    pub fn operations(&self) -> u64 {
        self.private_key.values().sum()
    }

    /// How long it takes one thread, in seconds.
    pub fn seconds(&self, costs: &Costs) -> f64 {
        let nanoseconds = |times: u64, each: u64| times as f64 * each as f64;
        let private_key: f64 =
            self.private_key.iter().map(|(&bits, &times)| nanoseconds(times, costs.private_key(bits))).sum();
        (private_key + nanoseconds(self.scrypt, costs.scrypt) + nanoseconds(self.symmetric, costs.symmetric)) / 1e9
    }

    pub(crate) fn add(&mut self, effort: &Effort) {
        if let Some((bits, times)) = effort.private_key {
            let sum = self.private_key.entry(bits).or_default();
            *sum = sum.saturating_add(times);
        }
        self.scrypt = self.scrypt.saturating_add(effort.scrypt);
        self.symmetric = self.symmetric.saturating_add(effort.symmetric);
    }
}

impl Effort {
    pub(crate) fn private_key(bits: usize, times: u64) -> Self {
        Self { private_key: Some((bits, times)), ..Self::default() }
    }

    pub(crate) fn symmetric(times: u64) -> Self {
        Self { symmetric: times, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_keys_and_passwords_cost_more() {
        let costs = Costs::default();
        let rsa = [1024, 2048, 3072, 4096].map(|bits| costs.private_key(bits));
        assert!(rsa.is_sorted_by(|a, b| a < b));
        assert!(costs.symmetric < rsa[0] && rsa[3] < costs.scrypt);
        let mut measured = costs;
        measured.set_private_key(2048, 1);
        assert_eq!((measured.private_key(2048), measured.private_key(4096)), (1, rsa[3]));
    }

    #[test]
    fn an_effort_is_what_it_is_made_of() {
        let (rsa, symmetric) = (Effort::private_key(2048, 3), Effort::symmetric(5));
        assert_eq!((rsa.private_key, rsa.scrypt, rsa.symmetric), (Some((2048, 3)), 0, 0));
        assert_eq!((symmetric.private_key, symmetric.scrypt, symmetric.symmetric), (None, 0, 5));
    }

    #[test]
    fn work_adds_up() {
        let mut work = Work::default();
        for (bits, times) in [(2048, 2), (4096, 1), (2048, 3)] {
            work.add(&Effort::private_key(bits, times));
        }
        work.add(&Effort { private_key: None, scrypt: 2, symmetric: 7 });
        assert_eq!((work.operations(), work.private_key[&2048], work.scrypt, work.symmetric), (6, 5, 2, 7));
        let mut costs = Costs { scrypt: 1_000_000_000, symmetric: 0, ..Costs::default() };
        costs.set_private_key(2048, 100_000_000);
        costs.set_private_key(4096, 500_000_000);
        assert!((work.seconds(&costs) - 3.0).abs() < 1e-9);
    }
}
