//! Distributions of values.

use super::Counter;

/// Upper bounds of ranges of durations, in nanoseconds: from what a read in memory takes to what a
/// caller no longer waits for, or a disk in trouble.
pub const DURATIONS: &[u64] = &[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Counts values by the range that they are in.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above them all.
    counts: Box<[Counter]>,
    sum: Counter,
}

/// The counts of a [`Histogram`], or of several together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The upper bounds of the ranges, each inclusive, in order.
    pub bounds: &'static [u64],
    /// How many values were in each range and in none below it; the last one has no upper bound.
    pub counts: Vec<u64>,
    /// All values together.
    pub sum: u64,
}

impl Histogram {
    /// A histogram of ranges with these upper bounds, which ascend.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| Counter::default()).collect();
        Self { bounds, counts, sum: Counter::default() }
    }

    /// Counts a value.
    pub fn observe(&self, value: u64) {
        let range = self.bounds.partition_point(|bound| *bound < value);
        self.counts[range].increment();
        self.sum.add(value);
    }

    /// The counts until now.
    #[must_use]
    pub fn distribution(&self) -> Distribution {
        Distribution {
            bounds: self.bounds,
            counts: self.counts.iter().map(Counter::get).collect(),
            sum: self.sum.get(),
        }
    }
}

impl Distribution {
    /// No values in ranges of these bounds.
    #[must_use]
    pub fn empty(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0 }
    }

    /// Adds what another histogram of the same ranges counted.
    pub fn add(&mut self, other: &Histogram) {
        debug_assert_eq!(self.bounds, other.bounds);
        for (count, counter) in self.counts.iter_mut().zip(&other.counts) {
            *count += counter.get();
        }
        self.sum += other.sum.get();
    }
}

#[cfg(test)]
mod tests {
    use super::{Distribution, Histogram};

    const BOUNDS: &[u64] = &[1, 10, 100];

    #[test]
    fn a_bound_is_the_last_value_of_its_range() {
        let histogram = Histogram::new(BOUNDS);
        for value in [0, 1, 2, 10, 11, 100, 101, 5000] {
            histogram.observe(value);
        }
        let counted = histogram.distribution();
        assert_eq!(counted.counts, [2, 2, 2, 2]);
        assert_eq!(counted.sum, 5225);
    }

    #[test]
    fn what_several_counted_adds_up() {
        let (one, other) = (Histogram::new(BOUNDS), Histogram::new(BOUNDS));
        one.observe(5);
        other.observe(6);
        other.observe(600);
        let mut all = Distribution::empty(BOUNDS);
        all.add(&one);
        all.add(&other);
        assert_eq!((all.counts, all.sum), (vec![0, 2, 0, 1], 611));
    }
}
