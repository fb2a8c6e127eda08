//! How authentications came out, counted.

use super::Method;
use crate::tally::{Counter, PerThread};

/// The outcome of one credential, or of a request that brought none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The credential is valid.
    Accepted,
    /// The credential is not valid, or the request has none.
    Refused,
    /// It cannot be known now: the tenant's keys cannot be read.
    Unavailable,
}

impl Verdict {
    const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Unavailable];

    /// The name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The kinds of credential, and none.
const METHODS: [Option<Method>; 3] = [Some(Method::ApiKey), Some(Method::Bearer), None];

/// Counts of authentications, or nothing where nobody will ask.
#[derive(Debug, Default)]
pub struct AuthenticationTally(Option<PerThread<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    verdicts: [[Counter; Verdict::ALL.len()]; METHODS.len()],
    previous_tokens: Counter,
    refused_addresses: Counter,
}

impl AuthenticationTally {
    /// Counts, none yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(PerThread::new(Default::default)))
    }

    /// Counts what became of a credential of this kind, or of a request without any.
    pub(super) fn count(&self, method: Option<Method>, verdict: Verdict) {
        if let Some(counts) = &self.0 {
            counts.own().verdicts[place(method)][verdict as usize].increment();
        }
    }

    /// Counts a use of a token that a rotation replaced.
    pub(super) fn count_previous_token(&self) {
        if let Some(counts) = &self.0 {
            counts.own().previous_tokens.increment();
        }
    }

    /// Counts a token that was refused for the address that it came from.
    pub(super) fn count_refused_address(&self) {
        if let Some(counts) = &self.0 {
            counts.own().refused_addresses.increment();
        }
    }

    /// How often tokens were used until now that a rotation replaced.
    #[must_use]
    pub fn previous_tokens(&self) -> u64 {
        self.sum(|counts| &counts.previous_tokens)
    }

    /// How often tokens were refused until now for the address that they came from.
    #[must_use]
    pub fn refused_addresses(&self) -> u64 {
        self.sum(|counts| &counts.refused_addresses)
    }

    fn sum(&self, counter: impl Fn(&Counts) -> &Counter) -> u64 {
        self.0.iter().flat_map(PerThread::iter).map(|counts| counter(counts).get()).sum()
    }

    /// The counts until now: the kind of credential, the verdict, how often.
    #[must_use]
    pub fn counted(&self) -> Vec<(Option<Method>, Verdict, u64)> {
        let Some(counts) = &self.0 else { return Vec::new() };
        let all = METHODS.into_iter().flat_map(|method| Verdict::ALL.map(|it| (method, it)));
        let sum = |method, verdict: Verdict| {
            counts.iter().map(|it| it.verdicts[place(method)][verdict as usize].get()).sum()
        };
        all.map(|(method, verdict)| (method, verdict, sum(method, verdict))).collect()
    }
}

/// Where a kind of credential stands among [`METHODS`].
fn place(method: Option<Method>) -> usize {
    match method {
        Some(Method::ApiKey) => 0,
        Some(Method::Bearer) => 1,
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{AuthenticationTally, METHODS, Verdict, place};
    use crate::auth::Method;

    #[test]
    fn each_is_counted_in_its_own_place() {
        let tally = AuthenticationTally::new();
        tally.count(Some(Method::Bearer), Verdict::Refused);
        tally.count(Some(Method::Bearer), Verdict::Refused);
        tally.count(None, Verdict::Unavailable);
        let counted = tally.counted();
        assert_eq!(counted.len(), 9);
        let found: Vec<_> = counted.into_iter().filter(|(_, _, count)| *count > 0).collect();
        let expected =
            [(Some(Method::Bearer), Verdict::Refused, 2), (None, Verdict::Unavailable, 1)];
        assert_eq!(found, expected);
        for (number, method) in METHODS.into_iter().enumerate() {
            assert_eq!(place(method), number);
        }
        for (number, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict as usize, number);
        }
    }

    #[test]
    fn what_is_off_counts_nothing() {
        let tally = AuthenticationTally::default();
        tally.count(None, Verdict::Refused);
        assert!(tally.counted().is_empty());
    }
}
