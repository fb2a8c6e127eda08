//! Commits that wait: who asked, since when, and whether it is still wanted.
//!
//! Invariant: a commit is begun or left, never both at once: whoever stops waiting for one that was
//! not begun knows that nothing of it is ever written.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::statistics::Tally;
use super::watchdog::PendingCommit;
use crate::domain::{
    CallerGone, Commit, CommitError, Committed, RefusedChange, Remedy, Unavailable,
};
use crate::storage::document_store::DocumentError;

/// How long a change may take from when it was asked for, with all that was waited for before it came
/// here.
pub(super) const COMMIT_PATIENCE: Duration = Duration::from_secs(8);
/// Commits that wait before those are looked for that nobody wants any more.
const MANY: usize = 1024;
/// How long a change whose asker has gone may wait for its turn where nobody is known to hold it up.
/// Whoever ends its side of the connection with its request waits for the answer all the same.
const LEAVE_TIME: Duration = Duration::from_secs(2);

pub(super) type CommitResult = Result<Committed, CommitError>;

/// The commits that wait for the tenant's writer.
#[derive(Debug)]
pub(super) struct CommitQueue {
    waiting: VecDeque<QueuedCommit>,
    /// A writer is at work and will look here again.
    pub(super) has_writer: bool,
    /// Another process keeps the writer from its turn.
    is_held_up: bool,
    /// Somebody asked whether the document is in the log.
    is_to_look: bool,
    /// Changes that were refused, and are not in the log yet.
    pub(super) refused: Vec<RefusedChange>,
    /// From so many on, those that nobody wants any more are taken out.
    full: usize,
}

/// A commit with who waits for its outcome.
#[derive(Debug)]
pub(super) struct QueuedCommit {
    pub(super) commit: Commit,
    pub(super) since: Instant,
    standing: Arc<Progress>,
    answer: oneshot::Sender<CommitResult>,
    /// Seen by the watchdog until the writer is done with it.
    _watched: PendingCommit,
}

/// The progress of a commit, seen by who asked and by the writer.
#[derive(Debug, Default)]
struct Progress {
    state: AtomicU8,
    /// Another process keeps it waiting.
    held_up: Notify,
}

/// It waits, and can be left.
const WAITS: u8 = 0;
/// It is being written.
const BEGUN: u8 = 1;
/// Nobody waits for it.
const LEFT: u8 = 2;
/// It was begun, nothing of it was written, and it is about to be begun again.
const UNDONE: u8 = 3;

/// The side of who asked. Dropped, it leaves the commit.
pub(super) struct CommitTicket {
    standing: Arc<Progress>,
    since: Instant,
    end: Pin<Box<tokio::time::Sleep>>,
    tally: Arc<Tally>,
    outcome: oneshot::Receiver<CommitResult>,
}

/// The change was not begun in time.
#[derive(Debug, thiserror::Error)]
#[error("the change did not get its turn within {} s", COMMIT_PATIENCE.as_secs())]
struct NoTurn;

/// The change was begun, and its end did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the store did not report the outcome of the change within {} s", COMMIT_PATIENCE.as_secs())]
struct NoEnd;

impl Default for CommitQueue {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            has_writer: false,
            is_held_up: false,
            is_to_look: false,
            refused: Vec::new(),
            full: MANY,
        }
    }
}

impl CommitQueue {
    /// One more waits.
    pub(super) fn push(&mut self, waiting: QueuedCommit) {
        if self.waiting.len() >= self.full {
            self.drop_left();
            self.full = MANY.max(2 * self.waiting.len());
        }
        if self.is_held_up {
            waiting.standing.held_up.notify_one();
        }
        self.waiting.push_back(waiting);
    }

    /// Another process keeps all of them waiting, and who comes now, until that is over.
    pub(super) fn hold_up(&mut self, is_held_up: bool) {
        self.is_held_up = is_held_up;
        if is_held_up {
            self.waiting.iter().for_each(|waiting| waiting.standing.held_up.notify_one());
        }
    }

    /// Since when the one that has waited longest does, of those that are still wanted.
    pub(super) fn oldest(&mut self) -> Option<Instant> {
        self.drop_left();
        let look = (self.is_to_look || !self.refused.is_empty()).then(Instant::now);
        self.waiting.front().map(|waiting| waiting.since).or(look)
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The document has to be looked at, whether it is in the log.
    pub(super) fn ask_to_look(&mut self) {
        self.is_to_look = true;
    }

    /// Whether that was asked since it was done last.
    pub(super) fn take_look(&mut self) -> bool {
        std::mem::take(&mut self.is_to_look)
    }

    /// All that wait.
    pub(super) fn take(&mut self) -> Vec<QueuedCommit> {
        self.waiting.drain(..).collect()
    }

    /// Those that have waited so long, and are still wanted.
    pub(super) fn take_older(&mut self, age: Duration) -> Vec<QueuedCommit> {
        let young = self.waiting.iter().position(|waiting| waiting.since.elapsed() < age);
        let old = self.waiting.drain(..young.unwrap_or(self.waiting.len()));
        old.filter(QueuedCommit::is_wanted).collect()
    }

    /// Lets go of all that wait.
    pub(super) fn clear(&mut self) {
        self.is_held_up = false;
        self.refused.clear();
        self.waiting.clear();
    }

    fn drop_left(&mut self) {
        self.waiting.retain(QueuedCommit::is_wanted);
    }
}

impl QueuedCommit {
    /// A commit, and the side of who asked for it; timed by this runtime.
    pub(super) fn new(
        commit: Commit,
        watched: PendingCommit,
        tally: &Arc<Tally>,
        runtime: &Handle,
    ) -> (Self, CommitTicket) {
        Self::within(COMMIT_PATIENCE, commit, watched, tally, runtime)
    }

    fn within(
        patience: Duration,
        commit: Commit,
        watched: PendingCommit,
        tally: &Arc<Tally>,
        runtime: &Handle,
    ) -> (Self, CommitTicket) {
        let standing = Arc::new(Progress::default());
        let (answer, outcome) = oneshot::channel();
        let (since, until) = (Instant::now(), commit.asked_at + patience);
        let end = {
            let _entered = runtime.enter();
            Box::pin(tokio::time::sleep_until(until.into()))
        };
        let tally = Arc::clone(tally);
        let asked = CommitTicket { standing: Arc::clone(&standing), since, end, tally, outcome };
        (Self { commit, since, standing, answer, _watched: watched }, asked)
    }

    /// Whether somebody waits for it.
    pub(super) fn is_wanted(&self) -> bool {
        self.standing.state.load(Ordering::Acquire) != LEFT
    }

    /// From here on it is being written; unless nobody waits any more.
    pub(super) fn begin(&self) -> bool {
        self.standing.go(WAITS, BEGUN) || self.standing.go(UNDONE, BEGUN)
    }

    /// Nothing of it was written.
    pub(super) fn undo(&self) {
        self.standing.go(BEGUN, UNDONE);
    }

    /// Tells what it came to.
    pub(super) fn answer(self, outcome: CommitResult) {
        // Whoever stopped waiting does not want to know.
        let _ = self.answer.send(outcome);
    }
}

impl Progress {
    fn go(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl CommitTicket {
    /// Waits for what it comes to.
    pub(super) async fn answered(mut self) -> CommitResult {
        tokio::select! {
            biased;
            outcome = &mut self.outcome => told(outcome),
            () = &mut self.end => Err(self.run_out()),
        }
    }

    /// The same; if whoever asked goes meanwhile, it is left unless it was begun.
    pub(super) async fn answered_unless_gone(mut self, gone: CallerGone) -> CommitResult {
        let leave_at = tokio::time::Instant::from_std(self.since + LEAVE_TIME);
        let standing = Arc::clone(&self.standing);
        let leave = async {
            gone.await;
            tokio::select! {
                () = standing.held_up.notified() => {}
                () = tokio::time::sleep_until(leave_at) => {}
            }
        };
        tokio::select! {
            biased;
            outcome = &mut self.outcome => return told(outcome),
            () = &mut self.end => return Err(self.run_out()),
            () = leave => {}
        }
        if self.standing.go(WAITS, LEFT) {
            let left = Err(CommitError::CallerGone);
            self.tally.answered(&left);
            return left;
        }
        self.answered().await
    }

    /// The time is over.
    fn run_out(&self) -> CommitError {
        match self.standing.state.swap(LEFT, Ordering::AcqRel) {
            BEGUN => CommitError::Uncertain(Unavailable::new(NoEnd)),
            _ => CommitError::Unavailable(Unavailable::with_remedy(
                NoTurn,
                Remedy::TryLater("Its turn did not come in time."),
            )),
        }
    }
}

impl Drop for CommitTicket {
    fn drop(&mut self) {
        self.standing.state.store(LEFT, Ordering::Release);
    }
}

/// The answer of the writer, which may have come to a sudden end before.
fn told(outcome: Result<CommitResult, oneshot::error::RecvError>) -> CommitResult {
    outcome.unwrap_or_else(|_gone| {
        Err(CommitError::Uncertain(Unavailable::new(DocumentError::GivenUp)))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{CommitQueue, CommitTicket, QueuedCommit};
    use crate::domain::{
        Actor, Commit, CommitError, Initiator, KeyName, KeyringEdit, Precondition, Right, TenantId,
    };
    use crate::storage::repository::watchdog::PendingCommits;

    const LONG: Duration = Duration::from_secs(60);

    fn ask(overdue: &Arc<PendingCommits>, patience: Duration) -> (QueuedCommit, CommitTicket) {
        let tenant = TenantId::parse("t").unwrap();
        let watched = overdue.watch(&tenant);
        let edit = KeyringEdit::Delete { name: KeyName::parse("k").unwrap() };
        let (precondition, right) = (Precondition::default(), Right::Operator);
        let (initiator, asked_at) = (Initiator::of(Actor::SERVICE), Instant::now());
        let commit =
            Commit { tenant, edit, together: None, precondition, right, initiator, asked_at };
        let (tally, runtime) = (Arc::default(), tokio::runtime::Handle::current());
        QueuedCommit::within(patience, commit, watched, &tally, &runtime)
    }

    #[tokio::test]
    async fn what_was_left_is_not_begun_and_what_was_begun_is_not_taken_out() {
        let overdue = Arc::new(PendingCommits::default());
        let mut queue = CommitQueue::default();
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
        let overdue = Arc::new(PendingCommits::default());
        let (_waits, asked) = ask(&overdue, Duration::ZERO);
        let told = asked.answered().await.unwrap_err();
        assert!(matches!(told, CommitError::Unavailable(_)), "{told:?}");
        let (begun, asked) = ask(&overdue, Duration::ZERO);
        begun.begin();
        let told = asked.answered().await.unwrap_err();
        assert!(matches!(told, CommitError::Uncertain(_)), "{told:?}");
    }

    #[tokio::test]
    async fn who_has_gone_leaves_what_is_held_up_and_nothing_that_was_begun() {
        let overdue = Arc::new(PendingCommits::default());
        let gone = || Box::pin(std::future::ready(()));
        for is_late in [false, true] {
            let mut queue = CommitQueue::default();
            let (waiting, asked) = ask(&overdue, LONG);
            queue.hold_up(is_late);
            queue.push(waiting);
            queue.hold_up(true);
            let told = asked.answered_unless_gone(gone()).await.unwrap_err();
            assert!(matches!(told, CommitError::CallerGone), "{told:?}");
            assert!(queue.take().iter().all(|left| !left.begin() && !left.is_wanted()));
        }
        let (begun, asked) = ask(&overdue, LONG);
        begun.standing.held_up.notify_one();
        assert!(begun.begin());
        begun.undo();
        let asked = tokio::spawn(asked.answered_unless_gone(gone()));
        tokio::task::yield_now().await;
        assert!(begun.begin(), "it was begun before");
        begun.answer(Err(CommitError::NoSuchTenant));
        let told = asked.await.unwrap().unwrap_err();
        assert!(matches!(told, CommitError::NoSuchTenant), "{told:?}");
    }

    #[tokio::test]
    async fn many_that_were_left_need_no_room() {
        let overdue = Arc::new(PendingCommits::default());
        let mut queue = CommitQueue::default();
        for _ in 0..10 * super::MANY {
            queue.push(ask(&overdue, LONG).0);
        }
        assert!(overdue.waiting() <= super::MANY, "{}", overdue.waiting());
        assert!(queue.take_older(LONG).is_empty());
        let (wanted, _asked) = ask(&overdue, LONG);
        queue.push(wanted);
        assert_eq!(queue.take_older(Duration::ZERO).len(), 1, "who left needs no answer");
        assert_eq!(overdue.waiting(), 0);
    }
}
