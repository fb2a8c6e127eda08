//! Tiles and proofs, out of what a store keeps.

use std::future::Future;
use std::ops::Range;

use super::compact_range::CompactRange;
use super::tile::Tile;
use super::tree_hash::TreeHash;
use super::{BLOCK, HEIGHT};

/// A log as a store gives it. Whoever asks for a range knows that the log has all of it.
pub trait LogReader: Sync {
    /// Why it is not given.
    type Error: Send;

    /// The hashes of these lines, at most [`BLOCK`] of them, all of one block.
    fn line_hashes(
        &self,
        lines: Range<u64>,
    ) -> impl Future<Output = Result<Vec<TreeHash>, Self::Error>> + Send;

    /// The roots of these blocks, which are complete.
    fn block_hashes(
        &self,
        blocks: Range<u64>,
    ) -> impl Future<Output = Result<Vec<TreeHash>, Self::Error>> + Send;
}

/// The tree over a log, read where it is needed.
pub struct TreeReader<'a, L> {
    log: &'a L,
}

impl<'a, L: LogReader> TreeReader<'a, L> {
    /// The tree over this log.
    pub const fn new(log: &'a L) -> Self {
        Self { log }
    }

    /// The hashes of a tile that is [due](Tile::is_due).
    ///
    /// # Errors
    /// What the log's reader answers.
    pub async fn tile(&self, tile: Tile) -> Result<Vec<TreeHash>, L::Error> {
        let range = tile.range();
        match tile.level() {
            0 => self.log.line_hashes(range).await,
            1 => self.log.block_hashes(range).await,
            // So many blocks are below each hash: they were complete long ago, and are read in one go.
            level => {
                let below = BLOCK.pow(u32::from(level) - 1);
                let blocks = range.start * below..range.end * below;
                let roots = self.log.block_hashes(blocks).await?;
                let width = usize::try_from(below).unwrap_or(usize::MAX);
                let root_of =
                    |roots: &[TreeHash]| CompactRange::of_blocks(roots.iter().copied()).root();
                Ok(roots.chunks(width).map(root_of).collect())
            }
        }
    }

    /// The hashes that lead from the line at `index`, counted from 0, to the root of the tree of this
    /// size (RFC 6962 §2.1.1), the line's neighbour first.
    ///
    /// # Errors
    /// What the log's reader answers.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<TreeHash>, L::Error> {
        let mut path = Vec::new();
        for range in beside(index, size) {
            path.push(self.subtree(range).await?);
        }
        Ok(path)
    }

    /// The root of the leaves of a range that begins where a subtree of its length can.
    async fn subtree(&self, range: Range<u64>) -> Result<TreeHash, L::Error> {
        let mut roots = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let height = (range.end - start).ilog2();
            roots.push(self.node(height, start >> height).await?);
            start += 1 << height;
        }
        let fold = |right: Option<TreeHash>, left: TreeHash| {
            Some(right.map_or(left, |right| TreeHash::of_children(&left, &right)))
        };
        Ok(roots.into_iter().rev().fold(None, fold).unwrap_or_else(TreeHash::of_nothing))
    }

    /// A node, which is complete: out of the tile that has its leaves or stands for them.
    async fn node(&self, height: u32, index: u64) -> Result<TreeHash, L::Error> {
        let (level, within) = (height / u32::from(HEIGHT), height % u32::from(HEIGHT));
        let first = index << within;
        let (start, width) = (first % BLOCK, 1 << within);
        // Neither is over 256, as a tile's height is 8.
        let end = u16::try_from(start + width).unwrap_or(1 << HEIGHT);
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let hashes = self.tile(Tile::new(level, first / BLOCK, end)).await?;
        let mut node = CompactRange::default();
        let skipped = usize::try_from(start).unwrap_or(usize::MAX);
        hashes.into_iter().skip(skipped).for_each(|hash| {
            node.append(hash);
        });
        Ok(node.root())
    }
}

/// The ranges of leaves beside the way from a leaf to the root, the leaf's neighbour first.
fn beside(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut ranges, mut here) = (Vec::new(), 0..size);
    while here.end - here.start > 1 {
        let middle = here.start + (here.end - here.start).next_power_of_two() / 2;
        if index < middle {
            ranges.push(middle..here.end);
            here.end = middle;
        } else {
            ranges.push(here.start..middle);
            here.start = middle;
        }
    }
    ranges.reverse();
    ranges
}
