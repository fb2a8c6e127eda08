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
//! Beside the lines, the root of each *bundle*: [`BUNDLE`] consecutive lines, of which one after the other
//! is completed ([`CompactRange::append`] gives its root then). That is 32 bytes for 256 lines, needs no
//! sync of its own, and can be made again from the lines. From the roots of the bundles and the
//! lines behind the last one, at most 255, [`CompactRange::of_bundles`] is where the log stands;
//! an append costs as many hashes as the tree is high, at most, and
//! [`CompactRange::root`] gives what the next head signs. [`TreeReader`], over the same two, gives tiles and proofs: a proof
//! among a million lines reads 256 lines and 4,000 roots at most.
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

/// How many lines are a bundle, and how many hashes a tile.
pub const BUNDLE: u64 = 1 << HEIGHT;

/// How many levels of the tree a tile stands for.
const HEIGHT: u8 = 8;
