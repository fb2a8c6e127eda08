//! Checkpoints: the signed heads of a log (C2SP tlog-checkpoint), and proofs against them.

use std::fmt::Write as _;

use super::note::{NoteError, open, sign};
use super::note_key::{SigningKey, VerifyingKey};
use super::tree_hash::TreeHash;

/// The head of a log: how many lines it has, and the root of their tree.
///
/// Its origin is the name of the key that signs it, a slash, and the name of the log (a tenant's id). So one key serves
/// the logs of an installation, and the head of one is none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The count of lines.
    pub size: u64,
    /// The root of their tree.
    pub root: TreeHash,
}

/// Why a text is not the head of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("it is not a checkpoint, which has its origin, size and root on a line each")]
    Malformed,
    #[error("it is the head of the log {0}")]
    OtherLog(String),
}

impl Checkpoint {
    /// The head as a signed note.
    #[must_use]
    pub fn sign(&self, log: &str, key: &SigningKey) -> String {
        let Self { size, root } = self;
        sign(&format!("{}\n{size}\n{root}\n", origin(key.verifying(), log)), key)
    }

    /// The size that a note claims to be the head of, whoever signed it.
    #[must_use]
    pub fn claimed_size(note: &str) -> Option<u64> {
        note.lines().nth(1)?.parse().ok()
    }

    /// The head of this log that a note is, signed by one of these keys.
    ///
    /// # Errors
    /// A note that is no checkpoint, that no known key signed, or that is of another log.
    pub fn open(note: &str, log: &str, keys: &[VerifyingKey]) -> Result<Self, CheckpointError> {
        let (text, key) = open(note, keys)?;
        let mut lines = text.lines();
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let [Some(named), Some(size), Some(root)] = [line(), line(), line()] else {
            return Err(CheckpointError::Malformed);
        };
        if named != origin(key, log) {
            return Err(CheckpointError::OtherLog(named.to_owned()));
        }
        let count = size.parse::<u64>().ok().filter(|count| count.to_string() == size);
        let (Some(size), Some(root)) = (count, TreeHash::parse(root)) else {
            return Err(CheckpointError::Malformed);
        };
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { size, root })
    }
}

fn origin(key: &VerifyingKey, log: &str) -> String {
    format!("{}/{log}", key.name())
}

/// A proof that a line is in a log (C2SP tlog-proof): its index, counted from 0, the hashes from it to the
/// root, and the checkpoint that has the root.
#[must_use]
pub fn inclusion_proof(index: u64, path: &[TreeHash], checkpoint: &str) -> String {
    let mut text = format!("c2sp.org/tlog-proof@v1\nindex {index}\n");
    for hash in path {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{hash}");
    }
    text + "\n" + checkpoint
}
