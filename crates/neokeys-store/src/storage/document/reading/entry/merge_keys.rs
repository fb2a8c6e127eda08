//! Merge keys (`<<`): YAML 1.2 has none, but people write them, and one that brings `enabled: false` must
//! not be lost.

use super::EntryReader;
use super::members::EntryMembers;
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::NodeId;

/// Mappings that are merged into each other.
const DEEPEST: usize = 8;
/// Members that merge keys of one document bring in, all entries together.
const MOST_MERGED: usize = 1_000_000;

impl<'a> EntryReader<'a, '_> {
    /// Fills in what the merge keys of a mapping bring, and gives the keys of these members too.
    pub(super) fn merge(
        &mut self,
        members: &'a [[NodeId; 2]],
        known: &mut EntryMembers,
        keys: &mut Vec<NodeId>,
        depth: usize,
        faults: &mut Vec<Diagnostic>,
    ) {
        let tree = self.tree;
        for [_, value] in members.iter().filter(|[key, _]| tree.text_of(*key) == Some("<<")) {
            let sources =
                tree.items_of(tree.resolved(*value)).unwrap_or(std::slice::from_ref(value));
            for source in sources {
                let Some(members) = tree.members_of(tree.resolved(*source)) else {
                    faults.push(tree.node(*source).diagnostic(
                        "a merge key (<<) needs a mapping",
                        "name an anchored mapping, or write the members out",
                    ));
                    continue;
                };
                self.merged += 2 * members.len();
                if depth == DEEPEST || self.merged > MOST_MERGED {
                    let fault = "the merge keys (<<) bring in too much";
                    faults.push(tree.node(*source).diagnostic(fault, "write the members out"));
                    return;
                }
                known.inherit(&EntryMembers::of(tree, members));
                keys.extend(members.iter().map(|[key, _]| *key));
                self.merge(members, known, keys, depth + 1, faults);
            }
        }
    }
}
