//! Measuring two things in turns, so that whatever else the machine does falls on both.

use std::fmt;
use std::time::{Duration, Instant};

/// Two medians and the median of the ratios of neighbouring measurements.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Seconds of one operation of ours.
    pub ours: f64,
    /// Seconds of one operation of the ceiling.
    pub ceiling: f64,
    /// How fast ours is in parts of the ceiling: 1 is as fast, 0.5 takes twice as long.
    pub ratio: f64,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12.3} µs {:>12.3} µs {:>6.3}", self.ours * 1e6, self.ceiling * 1e6, self.ratio)
    }
}

/// Runs the two in turns, the order changing each time, until `budget` has passed; at least five times each. Both give the seconds of
/// one operation.
pub fn compare(budget: Duration, mut ours: impl FnMut() -> f64, mut ceiling: impl FnMut() -> f64) -> Comparison {
    const FEWEST: usize = 5;
    let started = Instant::now();
    let (mut of_ours, mut of_ceiling, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Caches, page tables and clock are warm after the first turn.
    ours();
    ceiling();
    while ratios.len() < FEWEST || started.elapsed() < budget {
        let (first, second) = if ratios.len().is_multiple_of(2) {
            let first = ours();
            (first, ceiling())
        } else {
            let second = ceiling();
            (ours(), second)
        };
        of_ours.push(first);
        of_ceiling.push(second);
        ratios.push(second / first);
    }
    Comparison { ours: median(of_ours), ceiling: median(of_ceiling), ratio: median(ratios) }
}

/// The seconds that `operation` takes for one of `items`, done for all of them at once.
pub fn seconds_each<T>(items: &mut [T], mut operation: impl FnMut(&mut T)) -> f64 {
    let started = Instant::now();
    for item in items.iter_mut() {
        operation(item);
    }
    started.elapsed().as_secs_f64() / items.len().max(1) as f64
}

/// The seconds that `operation` takes, repeated for about `duration`.
pub fn seconds_repeated(duration: Duration, mut operation: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut times = 0_u32;
    while started.elapsed() < duration {
        operation();
        times = times.saturating_add(1);
    }
    started.elapsed().as_secs_f64() / f64::from(times)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_as_fast_is_one_half_whatever_the_outliers() {
        let mut turn = 0;
        let comparison = compare(
            Duration::ZERO,
            || 2.0,
            || {
                turn += 1;
                if turn == 3 { 100.0 } else { 1.0 }
            },
        );
        assert_eq!((comparison.ours, comparison.ceiling, comparison.ratio), (2.0, 1.0, 0.5));
    }
}
