//! A trace of costly work, for tests: what is refused for one reason or another makes the same work. They are noted in debug builds alone, and only on a thread that asked for them.

use std::cell::RefCell;

/// Work that costs enough to be measured from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A token was hashed.
    Digest,
    /// A digest was looked up.
    Lookup,
    /// A tenant's keys were asked for.
    Keyring,
    /// A tenant that is there was looked at as one that is not.
    Absence,
}

thread_local! {
    static STEPS: RefCell<Option<Vec<Work>>> = const { RefCell::new(None) };
}

/// Notes a step of this thread, if it is one that asks.
#[inline]
pub fn record(step: Work) {
    if cfg!(debug_assertions) {
        STEPS.with_borrow_mut(|steps| steps.iter_mut().for_each(|steps| steps.push(step)));
    }
}

/// The steps of this thread since it was asked last; from here on they are noted.
#[must_use]
pub fn take() -> Vec<Work> {
    STEPS.with_borrow_mut(|steps| steps.replace(Vec::new())).unwrap_or_default()
}
