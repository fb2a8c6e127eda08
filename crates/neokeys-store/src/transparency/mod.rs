//! A transparency log: proof that nothing was taken out of a list of lines, or changed in it.
//!
//! The lines are the leaves of a hash tree (RFC 6962 §2.1). Its root and size, signed, are the log's head,
//! a [`Checkpoint`]: whoever keeps one sees later whether the log is still what it was, since no other
//! history of that size has this root. The formats are C2SP's, which strangers' programs verify:
//! signed-note, tlog-checkpoint, tlog-tiles and tlog-proof. Nothing in here knows a file, a store, or what
//! a line says.
//!
//! # What a store keeps
//!
//! Beside the lines, the hash of each *block*: [`BLOCK`] consecutive lines, which
//! [`CompactRange::append`] gives where a line completes one. That is 32 bytes for 256 lines, needs no
//! sync of its own, and can be made again from the lines. To append, a store needs the log's size and
//! [`CompactRange::subtrees`], as many hashes as the size has binary digits that are 1, or it begins at
//! [`CompactRange::of_blocks`] and appends the lines behind the last block. [`CompactRange::root`] is what the next
//! head signs. [`TreeReader`], over lines and blocks, gives tiles and proofs: a proof among a million lines
//! reads 256 lines and 4,000 hashes of blocks at most.
//!
//! Invariant: a root and a size name one list of lines.

mod checkpoint;
mod compact_range;
mod note;
mod note_key;
mod tile;
mod tree_hash;
mod tree_reader;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError, inclusion_proof};
pub use compact_range::CompactRange;
pub use note::NoteError;
pub use note_key::{NoteKeyError, SigningKey, VerifyingKey};
pub use tile::{NoTile, Tile, TileContent, entry_bundle, tile_bytes};
pub use tree_hash::TreeHash;
pub use tree_reader::{LogReader, TreeReader};

/// How many lines are a block, and how many hashes a tile.
pub const BLOCK: u64 = 1 << HEIGHT;

/// How many levels of the tree a tile stands for.
const HEIGHT: u8 = 8;
