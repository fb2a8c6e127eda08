//! Counts that threads do not have to share.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

/// One `T` for each processor, on cache lines of its own.
///
/// So workers that count at the same time do not wait for each other's caches. Threads are dealt out over
/// them by turns; two that share one are slower, never wrong, as long as `T` counts atomically.
#[derive(Debug)]
pub struct PerThread<T>(Box<[CachePadded<T>]>);

thread_local! {
    /// Where this thread counts, in whatever there is: its turn, given out when it first counts.
    static TURN: Cell<Option<usize>> = const { Cell::new(None) };
}

impl<T> PerThread<T> {
    /// One of what `make` makes for each processor.
    #[must_use]
    pub fn new(make: impl FnMut() -> T) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(std::iter::repeat_with(make).take(processors).map(CachePadded::new).collect())
    }

    /// The calling thread's own.
    #[must_use]
    pub fn own(&self) -> &T {
        static TURNS: AtomicUsize = AtomicUsize::new(0);
        let turn = TURN.get().unwrap_or_else(|| {
            let turn = TURNS.fetch_add(1, Ordering::Relaxed);
            TURN.set(Some(turn));
            turn
        });
        &self.0[turn % self.0.len()]
    }

    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|line| &**line)
    }
}

#[cfg(test)]
mod tests {
    use super::PerThread;
    use crate::tally::Counter;

    #[test]
    fn nothing_is_lost_whatever_thread_counts() {
        let counts = PerThread::new(Counter::default);
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| (0..10_000).for_each(|_| counts.own().increment()));
            }
        });
        assert_eq!(counts.iter().map(Counter::get).sum::<u64>(), 80_000);
    }
}
