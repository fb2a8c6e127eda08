//! An error with its causes, for logs and the terminal.

use std::error::Error;
use std::iter::successors;

/// The error and its causes, outermost first.
pub fn chain<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// The error and its causes in one line.
#[must_use]
pub fn in_full(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    for cause in chain(error).skip(1).map(ToString::to_string) {
        // An error that is transparent says what its cause says.
        if !line.ends_with(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{chain, in_full};

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("the file cannot be read")]
        Read(#[source] io::Error),
        #[error("not started: {0}")]
        Start(#[source] Box<Failure>),
    }

    #[test]
    fn every_cause_is_told_once() {
        let read = Failure::Read(io::Error::other("disk full"));
        assert_eq!(in_full(&read), "the file cannot be read: disk full");
        let start = Failure::Start(Box::new(read));
        assert_eq!(in_full(&start), "not started: the file cannot be read: disk full");
        assert_eq!(chain(&start).count(), 3);
    }
}
