//! What `check` tells of a document beyond its keyring.

use std::collections::HashMap;

use super::entry::is_name_of_member;
use super::spelling::{Outcome, find_rule};
use super::tree::Tree;
use super::{Fault, PlacedEntry, Reading, SECTION, members_of_root, origin, read, text_of_key};

/// What `check` tells.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// What keeps entries, or what is meant to be some, from being keys.
    pub(crate) faults: Vec<Fault>,
    /// What is allowed but surely not meant.
    pub(crate) warnings: Vec<Fault>,
}

/// Everything worth telling about a document.
pub(super) fn of(bytes: &[u8]) -> Result<Remarks, Fault> {
    let Reading { tree, has_section, entries, .. } = read(bytes)?;
    let mut remarks = of_entries(entries);
    let misspelt = misspelt_sections(&tree);
    if let Some(told) = origin::told_of_sops(&tree) {
        let is_unreadable = !has_section || !remarks.faults.is_empty();
        if is_unreadable { remarks.faults.push(told) } else { remarks.warnings.push(told) }
    } else if !has_section
        && misspelt.is_empty()
        && let Some((is_mistake, told)) = origin::without_section(&tree)
    {
        if is_mistake { remarks.faults.push(told) } else { remarks.warnings.push(told) }
    }
    remarks.warnings.extend(misspelt);
    remarks.warnings.extend(outside_of_entries(&tree));
    Ok(remarks)
}

fn of_entries(entries: Vec<PlacedEntry>) -> Remarks {
    let mut remarks = Remarks::default();
    let mut holders = HashMap::with_capacity(entries.len());
    for placed in entries {
        remarks.warnings.extend(placed.entry.warnings);
        match placed.entry.key {
            Err(faults) => remarks.faults.extend(faults),
            Ok(key) => {
                if let Some(line) = holders.insert(key.digest, placed.line) {
                    remarks.warnings.push(Fault::at(
                        placed.line,
                        placed.column,
                        &format!("the entry at line {line} has the same hash"),
                        "give each key a token of its own",
                    ));
                }
            }
        }
    }
    remarks
}

/// Sections that are surely meant to be ours and are not: what stands in them is no key.
fn misspelt_sections(tree: &Tree<'_>) -> Vec<Fault> {
    let looks_like_ours = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        name != SECTION && letters.trim_end_matches(['s', 'S']).eq_ignore_ascii_case("apikey")
    };
    let told = members_of_root(tree).filter_map(|(key, _)| {
        let (node, text) = (tree.node(key), text_of_key(tree, key)?);
        looks_like_ours(text).then(|| {
            let fault = format!("the section {text} is not {SECTION}, so what is in it is no key");
            let hint = format!("call it {SECTION}, in exactly this case");
            Fault::at(node.line(), node.column(), &fault, &hint)
        })
    });
    told.collect()
}

/// Sections that have the name of what turns a key off or limits it: outside of an entry they do
/// nothing.
fn outside_of_entries(tree: &Tree<'_>) -> Vec<Fault> {
    let told = members_of_root(tree).filter_map(|(key, _)| {
        let (node, text) = (tree.node(key), text_of_key(tree, key)?);
        let is_limit = find_rule(text)
            .is_some_and(|rule| rule.outcome == Outcome::NoKey && rule.member == text);
        let is_member = is_name_of_member(text) && matches!(text, "enabled" | "hash");
        (is_limit || is_member).then(|| {
            let fault = format!("{text} stands outside of every entry, where it does nothing");
            let hint = "indent it as far as the other members of its entry";
            Fault::at(node.line(), node.column(), &fault, hint)
        })
    });
    told.collect()
}
