//! How new a reading must be.

/// How new what is read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As new as the store promises of a read.
    Fresh,
    /// As new as it can be: a store that is elsewhere is asked.
    Newest,
}
