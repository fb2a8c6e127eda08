//! Commits that wait: who asked, since when, and whether it is still wanted.
//!
//! Invariant: a commit is begun or left, never both at once: whoever stops waiting for one that was
//! not begun knows that nothing of it is ever written.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::overdue::Watched;
use crate::domain::{Commit, CommitError, CommitFuture, Committed, Remedy, Unavailable};
use crate::storage::document_store::DocumentError;

/// How long a change may take from when it was asked for.
pub(super) const COMMIT_PATIENCE: Duration = Duration::from_secs(8);
/// Commits that wait before those are looked for that nobody wants any more.
const MANY: usize = 1024;

pub(super) type Outcome = Result<Committed, CommitError>;

/// The commits that wait for the tenant's writer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// A writer is at work and will look here again.
    pub(super) has_writer: bool,
    /// From so many on, those that nobody wants any more are taken out.
    full: usize,
}

/// A commit with who waits for its outcome.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) commit: Commit,
    pub(super) since: Instant,
    standing: Arc<Standing>,
    answer: oneshot::Sender<Outcome>,
    /// Seen by the watchdog until the writer is done with it.
    _watched: Watched,
}

/// How a commit stands between who asked and the writer.
#[derive(Debug, Default)]
struct Standing(AtomicU8);

/// It waits, and can be left.
const WAITS: u8 = 0;
/// It is being written.
const BEGUN: u8 = 1;
/// Nobody waits for it.
const LEFT: u8 = 2;

/// The side of who asked. Dropped, it leaves the commit.
struct Asked {
    standing: Arc<Standing>,
    outcome: oneshot::Receiver<Outcome>,
}

/// The change was not begun in time.
#[derive(Debug, thiserror::Error)]
#[error("the change did not get its turn within {} s", COMMIT_PATIENCE.as_secs())]
struct NoTurn;

/// The change was begun, and its end did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the store did not say within {} s what became of the change", COMMIT_PATIENCE.as_secs())]
struct NoEnd;

impl Default for Queue {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), has_writer: false, full: MANY }
    }
}

impl Queue {
    /// One more waits.
    pub(super) fn push(&mut self, waiting: Waiting) {
        if self.waiting.len() >= self.full {
            self.drop_left();
            self.full = MANY.max(2 * self.waiting.len());
        }
        self.waiting.push_back(waiting);
    }

    /// Since when the one that has waited longest does, of those that are still wanted.
    pub(super) fn oldest(&mut self) -> Option<Instant> {
        self.drop_left();
        self.waiting.front().map(|waiting| waiting.since)
    }

    /// All that wait.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        self.waiting.drain(..).collect()
    }

    /// Those that have waited so long.
    pub(super) fn take_older(&mut self, age: Duration) -> Vec<Waiting> {
        let young = self.waiting.iter().position(|waiting| waiting.since.elapsed() < age);
        self.waiting.drain(..young.unwrap_or(self.waiting.len())).collect()
    }

    /// Lets go of all that wait.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    fn drop_left(&mut self) {
        self.waiting.retain(Waiting::is_wanted);
    }
}

impl Waiting {
    /// A commit, and the answer that its asker waits for; timed by this runtime.
    pub(super) fn new(commit: Commit, watched: Watched, runtime: &Handle) -> (Self, CommitFuture) {
        Self::within(COMMIT_PATIENCE, commit, watched, runtime)
    }

    fn within(
        patience: Duration,
        commit: Commit,
        watched: Watched,
        runtime: &Handle,
    ) -> (Self, CommitFuture) {
        let standing = Arc::new(Standing::default());
        let (answer, outcome) = oneshot::channel();
        let mut asked = Asked { standing: Arc::clone(&standing), outcome };
        let end = {
            let _entered = runtime.enter();
            tokio::time::sleep(patience)
        };
        let waiting = Self { commit, since: Instant::now(), standing, answer, _watched: watched };
        let answered = Box::pin(async move {
            tokio::select! {
                biased;
                outcome = &mut asked.outcome => outcome.unwrap_or_else(|_gone| {
                    Err(CommitError::Uncertain(Unavailable::new(DocumentError::GivenUp)))
                }),
                () = end => Err(asked.run_out()),
            }
        });
        (waiting, answered)
    }

    /// Whether somebody waits for it.
    pub(super) fn is_wanted(&self) -> bool {
        self.standing.0.load(Ordering::Acquire) != LEFT
    }

    /// From here on it is being written; unless nobody waits any more.
    pub(super) fn begin(&self) -> bool {
        self.standing.go(WAITS, BEGUN)
    }

    /// Nothing of it was written.
    pub(super) fn undo(&self) {
        self.standing.go(BEGUN, WAITS);
    }

    /// Tells what it came to.
    pub(super) fn answer(self, outcome: Outcome) {
        // Whoever stopped waiting does not want to know.
        let _ = self.answer.send(outcome);
    }
}

impl Standing {
    fn go(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Asked {
    /// The time is over.
    fn run_out(&self) -> CommitError {
        match self.standing.0.swap(LEFT, Ordering::AcqRel) {
            BEGUN => CommitError::Uncertain(Unavailable::new(NoEnd)),
            _ => CommitError::Unavailable(Unavailable::with_remedy(
                NoTurn,
                Remedy::TryLater("Its turn did not come in time."),
            )),
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.standing.0.store(LEFT, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Queue, Waiting};
    use crate::domain::{
        Commit, CommitError, CommitFuture, KeyName, KeyringEdit, Precondition, Right, TenantId,
    };
    use crate::storage::store::overdue::Overdue;

    const LONG: Duration = Duration::from_secs(60);

    fn ask(overdue: &Arc<Overdue>, patience: Duration) -> (Waiting, CommitFuture) {
        let tenant = TenantId::parse("t").unwrap();
        let watched = overdue.watch(&tenant);
        let edit = KeyringEdit::Delete { name: KeyName::parse("k").unwrap() };
        let (precondition, right) = (Precondition::default(), Right::Operator);
        let commit = Commit { tenant, edit, precondition, right };
        Waiting::within(patience, commit, watched, &tokio::runtime::Handle::current())
    }

    #[tokio::test]
    async fn what_was_left_is_not_begun_and_what_was_begun_is_not_taken_out() {
        let overdue = Arc::new(Overdue::default());
        let mut queue = Queue::default();
        let (left, asked) = ask(&overdue, LONG);
        drop(asked);
        assert!(!left.begin());
        queue.push(left);
        assert!(queue.oldest().is_none());
        let (begun, asked) = ask(&overdue, LONG);
        assert!(begun.begin());
        begun.undo();
        assert!(begun.begin() && begun.is_wanted());
        drop(asked);
        begun.undo();
        assert!(!begun.begin(), "its asker went while it was written, and nothing was");
        assert_eq!(overdue.waiting(), 1);
        drop(begun);
        assert_eq!(overdue.waiting(), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_learns_whether_it_was_begun() {
        let overdue = Arc::new(Overdue::default());
        let (_waits, asked) = ask(&overdue, Duration::ZERO);
        let told = asked.await.unwrap_err();
        assert!(matches!(told, CommitError::Unavailable(_)), "{told:?}");
        let (begun, asked) = ask(&overdue, Duration::ZERO);
        begun.begin();
        let told = asked.await.unwrap_err();
        assert!(matches!(told, CommitError::Uncertain(_)), "{told:?}");
    }

    #[tokio::test]
    async fn many_that_were_left_need_no_room() {
        let overdue = Arc::new(Overdue::default());
        let mut queue = Queue::default();
        for _ in 0..10 * super::MANY {
            queue.push(ask(&overdue, LONG).0);
        }
        assert!(overdue.waiting() <= super::MANY, "{}", overdue.waiting());
        assert!(queue.take_older(LONG).is_empty());
        assert!(!queue.take_older(Duration::ZERO).is_empty());
    }
}
