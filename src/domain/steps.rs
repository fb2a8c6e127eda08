//! The steps that a judgement takes, counted in tests: what is refused for one reason or another makes
//! the same work.

use std::cell::RefCell;

/// What costs enough to be measured from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
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
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// Notes a step of this thread.
pub(crate) fn note(step: Step) {
    STEPS.with_borrow_mut(|steps| steps.push(step));
}

/// The steps of this thread since it was asked last.
pub(crate) fn take() -> Vec<Step> {
    STEPS.with_borrow_mut(std::mem::take)
}
