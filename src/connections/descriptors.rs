//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that connections leave to the rest: documents, the store, metrics, the log.
const RESERVE: u64 = 256;

/// The limit of what the process may have open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// Files and connections together; none where there is no limit.
    pub most: Option<u64>,
}

impl Descriptors {
    /// Raises the process' limit as far as so many connections need it and the system lets it.
    /// The limit that a shell gives (1,024) is one for programs that cannot count further.
    #[must_use]
    pub fn raise(connections: usize) -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = (connections as u64).saturating_add(RESERVE);
        let wanted = maximum.map_or(wanted, |maximum| wanted.min(maximum));
        if current.is_some_and(|current| current < wanted) {
            let limit = Rlimit { current: Some(wanted), maximum };
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::warn!(cause = %error, "the limit of open files cannot be raised");
            }
        }
        Self { most: getrlimit(Resource::Nofile).current }
    }

    /// How many connections there may be of those that are wanted, so that enough is left for
    /// documents: the reserve, or half of what there is where that is less.
    #[must_use]
    pub fn connections(self, wanted: usize) -> usize {
        let Some(most) = self.most else { return wanted };
        let left = most - RESERVE.min(most / 2);
        usize::try_from(left).unwrap_or(usize::MAX).min(wanted).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Descriptors, RESERVE};

    #[test]
    fn connections_leave_descriptors_to_documents() {
        for (most, wanted, connections) in [
            (None, 10_000, 10_000),
            (Some(20_000), 10_000, 10_000),
            (Some(10_000 + RESERVE), 10_000, 10_000),
            (Some(10_000), 10_000, 10_000 - 256),
            (Some(1_024), 10_000, 768),
            (Some(512), 10_000, 256),
            (Some(64), 10_000, 32),
            (Some(64), 7, 7),
            (Some(1), 7, 1),
        ] {
            assert_eq!(Descriptors { most }.connections(wanted), connections, "{most:?}");
        }
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_can_be() {
        let before = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let wanted = before.current.map_or(100, |current| usize::try_from(current).unwrap() + 1);
        let raised = Descriptors::raise(wanted);
        assert!(raised.most >= before.current || raised.most.is_none(), "{raised:?}");
        if before.maximum == before.current {
            assert_eq!(raised.most, before.current);
        }
    }
}
