//! What `check` tells of a document beyond its keyring.

use std::collections::HashMap;

use crate::storage::document::diagnostics::Diagnostic;
use crate::storage::document::diagnostics::foreign_formats;
use crate::storage::document::reading::entry::is_name_of_member;
use crate::storage::document::reading::misspelled_members::{Consequence, find_rule};
use crate::storage::document::reading::{
    ParsedDocument, PlacedEntry, SECTION, members_of_root, read, text_of_key,
};
use crate::storage::document::yaml::Tree;

/// What `check` tells.
#[derive(Debug, Default)]
pub(crate) struct LintReport {
    /// What keeps entries, or what is meant to be some, from being keys.
    pub(crate) faults: Vec<Diagnostic>,
    /// What is allowed but surely not meant.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Everything worth telling about a document.
pub(crate) fn check(bytes: &[u8]) -> Result<LintReport, Diagnostic> {
    let ParsedDocument { tree, has_section, entries, .. } = read(bytes)?;
    let mut remarks = of_entries(entries);
    let misspelt = misspelt_sections(&tree);
    if let Some(told) = foreign_formats::told_of_sops(&tree) {
        let is_unreadable = !has_section || !remarks.faults.is_empty();
        if is_unreadable { remarks.faults.push(told) } else { remarks.warnings.push(told) }
    } else if !has_section
        && misspelt.is_empty()
        && let Some((is_mistake, told)) = foreign_formats::without_section(&tree)
    {
        if is_mistake { remarks.faults.push(told) } else { remarks.warnings.push(told) }
    }
    remarks.warnings.extend(misspelt);
    remarks.warnings.extend(outside_of_entries(&tree));
    Ok(remarks)
}

fn of_entries(entries: Vec<PlacedEntry>) -> LintReport {
    let mut remarks = LintReport::default();
    let mut holders = HashMap::with_capacity(entries.len());
    for placed in entries {
        remarks.warnings.extend(placed.entry.warnings);
        match placed.entry.key {
            Err(faults) => remarks.faults.extend(faults),
            Ok(key) => {
                if let Some(line) = holders.insert(key.digest, placed.line) {
                    remarks.warnings.push(Diagnostic::at(
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
fn misspelt_sections(tree: &Tree<'_>) -> Vec<Diagnostic> {
    let looks_like_ours = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        name != SECTION && letters.trim_end_matches(['s', 'S']).eq_ignore_ascii_case("apikey")
    };
    let told = members_of_root(tree).filter_map(|(key, _)| {
        let (node, text) = (tree.node(key), text_of_key(tree, key)?);
        looks_like_ours(text).then(|| {
            let fault = format!("the section {text} is not {SECTION}, so what is in it is no key");
            let hint = format!("call it {SECTION}, in exactly this case");
            Diagnostic::at(node.line(), node.column(), &fault, &hint)
        })
    });
    told.collect()
}

/// Sections that have the name of what turns a key off or limits it: outside of an entry they do
/// nothing.
fn outside_of_entries(tree: &Tree<'_>) -> Vec<Diagnostic> {
    let told = members_of_root(tree).filter_map(|(key, _)| {
        let (node, text) = (tree.node(key), text_of_key(tree, key)?);
        let is_limit = find_rule(text)
            .is_some_and(|rule| rule.outcome == Consequence::NoKey && rule.member == text);
        let is_member = is_name_of_member(text) && matches!(text, "enabled" | "hash");
        (is_limit || is_member).then(|| {
            let fault = format!("{text} stands outside of every entry, where it does nothing");
            let hint = "indent it as far as the other members of its entry";
            Diagnostic::at(node.line(), node.column(), &fault, hint)
        })
    });
    told.collect()
}
