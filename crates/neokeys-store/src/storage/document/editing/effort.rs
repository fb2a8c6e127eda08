//! How much of an entry an edit may touch.

/// The part of an entry that an edit may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// The lines that change; a new member comes after the one that it usually follows.
    Least,
    /// The comments and blank lines behind what goes too; a new member comes last.
    Gaps,
    /// A list is written anew; a new member comes first.
    Anew,
}

/// All efforts, the least first.
pub(super) const EFFORTS: [Effort; 3] = [Effort::Least, Effort::Gaps, Effort::Anew];
