//! Measuring in rounds, each case once a round, so that what slows the machine for a while slows
//! them all.

use crate::load::Load;
use crate::server::Server;

/// Seconds of load in a round.
pub const ROUND: u64 = 2;
/// Seconds before the rounds, for each case.
const WARM_UP: u64 = 1;

/// One load on one server.
pub struct Case<'s> {
    pub name: String,
    pub server: &'s Server,
    pub load: Load,
    pub samples: Vec<Sample>,
}

/// The result of a case in one round.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Processor time of the server for a request, in microseconds.
    pub cpu_us: f64,
    /// Requests a second.
    pub rate: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl<'s> Case<'s> {
    pub fn new(name: impl Into<String>, server: &'s Server, load: Load) -> Self {
        Self { name: name.into(), server, load, samples: Vec::new() }
    }

    /// Load that is not measured. Gives the requests a second.
    pub fn warm_up(&self) -> f64 {
        let outcome = self.load.run(self.server.port(), WARM_UP);
        outcome.requests / outcome.seconds
    }

    fn measure(&mut self) {
        let before = self.server.cpu_seconds();
        let outcome = self.load.run(self.server.port(), ROUND);
        let used = self.server.cpu_seconds() - before;
        self.samples.push(Sample {
            cpu_us: used * 1e6 / outcome.requests,
            rate: outcome.requests / outcome.seconds,
            p50_us: outcome.p50_us,
            p99_us: outcome.p99_us,
        });
    }

    pub fn figure(&self, of: fn(&Sample) -> f64) -> Figure {
        Figure::of(self.samples.iter().map(of))
    }

    /// How this case stands to another, round by round.
    pub fn ratio(&self, other: &Self, of: fn(&Sample) -> f64) -> Figure {
        let middle = self.figure(of).median / other.figure(of).median;
        let pairs = self.samples.iter().zip(&other.samples);
        let rounds = Figure::of(pairs.map(|(this, other)| of(this) / of(other)));
        Figure { median: middle, ..rounds }
    }
}

/// Measures all cases in so many rounds.
pub fn alternate(cases: &mut [Case<'_>], rounds: usize) {
    for _ in 0..rounds {
        for case in &mut *cases {
            case.measure();
        }
    }
}

/// A median with its spread.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

impl Figure {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self {
            median: values[values.len() / 2],
            lowest: values[0],
            highest: values[values.len() - 1],
        }
    }
}
