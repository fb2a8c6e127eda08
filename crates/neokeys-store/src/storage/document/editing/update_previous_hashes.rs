//! Updates of an entry's older tokens in place: what stays keeps its lines, and so does what is no token and
//! would be lost if the list were written anew.

use super::text_edit::TextEdit;
use crate::domain::Digest;
use crate::storage::document::lines::{indentation, line_ending, lines_at};
use crate::storage::document::reading::entry::written_details::{HASH, Written};
use crate::storage::document::reading::section_layout::lines_of_items;
use crate::storage::document::yaml::scalar::Quotes;
use crate::storage::document::yaml::{NodeId, Tree};

/// The edits that take from a list in block style what is not in it any more, and add what is new; none
/// where it cannot be done so.
pub(super) fn edit_previous_hashes(
    tree: &Tree<'_>,
    list: NodeId,
    was: &[Written],
    now: &[Written],
    quotes: Quotes,
) -> Option<Vec<TextEdit>> {
    let (text, node) = (tree.text(), tree.node(list));
    let items = tree.items_of(node).filter(|_| !node.is_flow())?;
    let lines = lines_of_items(tree, items)?;
    let column = indentation(&text[lines.first()?.start..]);
    let place = lines.last()?.end;
    let goes = |item: &NodeId| {
        let digest = digest_of(tree, *item);
        let is_in = |tokens: &[Written]| tokens.iter().any(|token| hash_of(token) == digest);
        digest.is_some() && is_in(was) && !is_in(now)
    };
    let gone = items.iter().zip(lines).filter(|(item, _)| goes(item));
    let mut edits: Vec<_> = gone.map(|(_, lines)| TextEdit::remove(lines)).collect();
    let ending = line_ending(text);
    let coming: Vec<_> = now.iter().filter(|token| !was.contains(token)).cloned().collect();
    if !coming.is_empty() {
        let written = Written::List(coming).in_block(column, quotes, ending);
        let written = format!("{}{ending}", written.strip_prefix(ending).unwrap_or(&written));
        edits.push(TextEdit::insert(place, lines_at(text, place, &written, ending).0));
    }
    Some(edits)
}

/// The digest of an item, if it may be a token.
fn digest_of(tree: &Tree<'_>, item: NodeId) -> Option<String> {
    let members = tree.members_of(tree.resolved(item))?;
    let [_, value] = members.iter().find(|[key, _]| tree.text_of(*key) == Some(HASH))?;
    Digest::parse(tree.text_of(*value)?).ok().map(|digest| digest.to_hex())
}

fn hash_of(token: &Written) -> Option<String> {
    let Written::Mapping(members) = token else { return None };
    let (_, hash) = members.iter().find(|(name, _)| name == HASH)?;
    if let Written::Text(hash) = hash { Some(hash.clone()) } else { None }
}
