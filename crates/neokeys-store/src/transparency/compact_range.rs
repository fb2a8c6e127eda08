//! Where a log stands: enough of its tree to append to it and to know its root.

use super::tree_hash::TreeHash;
use super::{BLOCK, HEIGHT};

/// The roots of the full subtrees that a tree consists of, from the left, the largest first.
///
/// A tree of n leaves has as many as n has binary digits that are 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    roots: Vec<TreeHash>,
}

impl CompactRange {
    /// The tree of whole blocks, by their roots.
    #[must_use]
    pub fn of_blocks(roots: impl IntoIterator<Item = TreeHash>) -> Self {
        let mut blocks = Self::default();
        for root in roots {
            blocks.push(root, 0);
        }
        Self { size: blocks.size * BLOCK, roots: blocks.roots }
    }

    /// The tree of this size, by the roots of the full subtrees that it consists of; nothing if there
    /// are more or fewer of them than that size has.
    #[must_use]
    pub fn resume(size: u64, roots: Vec<TreeHash>) -> Option<Self> {
        let due = usize::try_from(size.count_ones()).ok()?;
        (roots.len() == due).then_some(Self { size, roots })
    }

    /// The roots of the full subtrees that the tree consists of, the largest first: with its size, all
    /// that is needed to go on.
    #[must_use]
    pub fn subtrees(&self) -> &[TreeHash] {
        &self.roots
    }

    /// Appends a leaf, and gives the hash of the block that it completes, if it does.
    pub fn append(&mut self, leaf: TreeHash) -> Option<TreeHash> {
        self.push(leaf, HEIGHT)
    }

    /// The count of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> TreeHash {
        let fold = |right, left: &TreeHash| TreeHash::of_children(left, &right);
        match self.roots.split_last() {
            None => TreeHash::of_nothing(),
            Some((last, rest)) => rest.iter().rev().fold(*last, fold),
        }
    }

    /// Appends a leaf, and gives the node of this height that it completes, if it does.
    fn push(&mut self, leaf: TreeHash, height: u8) -> Option<TreeHash> {
        let (mut node, mut completed) = (leaf, None);
        for below in 0..self.size.trailing_ones() {
            let left = self.roots.pop();
            #[expect(clippy::expect_used, reason = "there is a root for each digit of the size")]
            let left = left.expect("a size that ends in a 1 has a last subtree");
            node = TreeHash::of_children(&left, &node);
            if below + 1 == u32::from(height) {
                completed = Some(node);
            }
        }
        self.roots.push(node);
        self.size += 1;
        completed
    }
}
