//! How a request body is taken in: member by member, so that all its faults are told at once.

/// A body that the contract describes. The types that implement it are generated; every field of
/// them is an `Option`, `None` where the member is absent or faulty.
pub trait RequestBody: Default + 'static {
    /// The members that the body may have; it may have no other.
    const MEMBERS: &'static [Member];

    /// Takes a member's value. `member` is a name of the table and `value` of its kind; anything
    /// else changes nothing.
    fn set(&mut self, member: &'static str, value: MemberValue);
}

/// What the contract says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it holds; never `null`.
    pub kind: MemberKind,
    /// Whether the contract demands it.
    pub required: bool,
}

/// The type of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A string.
    String,
    /// `true` or `false`.
    Boolean,
    /// An array of strings.
    StringArray,
}

/// A member's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberValue {
    /// A string.
    String(String),
    /// `true` or `false`.
    Boolean(bool),
    /// An array of strings.
    StringArray(Vec<String>),
}
