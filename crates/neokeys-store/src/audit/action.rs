//! Actions on a key, as OCSF's class Entity Management (3004) numbers them.

use std::time::Duration;

use super::difference::{KeyChange, KeyringChange};

/// An action, done or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A key was made, with what it has from the start.
    Create(KeyChange),
    /// A key's permissions, limits or texts were changed, or whether it is enabled.
    Update(KeyChange),
    /// A key got a new token.
    Rotate {
        /// How long the one before stays valid, where that is known.
        overlap: Option<Duration>,
    },
    /// All tokens of a key but the newest were ended.
    EndOverlap,
    /// Whoever held a token of a key ended it; where it was the current one, the key is disabled.
    Revoke {
        /// Whether it was.
        disables: bool,
    },
    /// A key was deleted.
    Delete,
    /// A tenant was made.
    CreateTenant,
    /// A tenant was taken away with its document.
    DeleteTenant,
    /// A document was put in place as another store had it. Where one of them cannot be read, nobody knows
    /// the difference.
    Copy(Option<KeyringChange>),
    /// A document was found that is not the last one in the log: somebody changed it by other means.
    /// Where the last one is not known any more, neither is the difference.
    Found(Option<KeyringChange>),
    /// The changes of these lines, from the first to the last, were never made.
    Undone {
        /// The sequence of the first line.
        first: u64,
        /// The sequence of the last one.
        last: u64,
    },
    /// So many more changes were refused, which have no lines of their own.
    Refusals(u64),
    /// The log ended in the middle of a line, of which nothing was acknowledged; it is taken away.
    Repair {
        /// The bytes of it.
        bytes: u64,
    },
    /// The log went on from lines that none of its heads had: a crash came between them and their head, or somebody
    /// appended them.
    Recover {
        /// The sequence of the first of them.
        first: u64,
        /// How many they are.
        lines: u64,
    },
}

/// The reason why a change was refused, for people. It holds nothing that a caller sent but names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// A text that is no action's name. The message is for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none of {}", Action::NAMES.join(", "))]
pub struct NoAction;

impl Action {
    /// The names that lines have (`activity_name`).
    pub const NAMES: [&str; 14] = [
        "Create",
        "Update",
        "Enable",
        "Disable",
        "Rotate",
        "End overlap",
        "Revoke token",
        "Delete",
        "Copy",
        "Change from outside",
        "Not done",
        "Refusals",
        "Repair",
        "Recover",
    ];

    /// The name that a text is, in whatever case.
    ///
    /// # Errors
    /// [`NoAction`].
    pub fn parse_name(text: &str) -> Result<&'static str, NoAction> {
        let is_it = |name: &&&str| name.eq_ignore_ascii_case(text);
        Self::NAMES.iter().find(is_it).copied().ok_or(NoAction)
    }

    /// The name of it in a line (`activity_name`).
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.activity().1
    }

    /// OCSF's number and name.
    pub(super) fn activity(&self) -> (u32, &'static str) {
        match self {
            Self::Create(_) | Self::CreateTenant => (1, "Create"),
            Self::Update(change) => match change.turned() {
                Some(true) => (8, "Enable"),
                Some(false) => (9, "Disable"),
                None => (3, "Update"),
            },
            Self::Revoke { disables: true } => (9, "Disable"),
            Self::Delete | Self::DeleteTenant => (4, "Delete"),
            Self::Rotate { .. } => (99, "Rotate"),
            Self::EndOverlap => (99, "End overlap"),
            Self::Revoke { disables: false } => (99, "Revoke token"),
            Self::Copy(_) => (99, "Copy"),
            Self::Found(_) => (99, "Change from outside"),
            Self::Undone { .. } => (99, "Not done"),
            Self::Refusals(_) => (99, "Refusals"),
            Self::Repair { .. } => (99, "Repair"),
            Self::Recover { .. } => (99, "Recover"),
        }
    }
}
