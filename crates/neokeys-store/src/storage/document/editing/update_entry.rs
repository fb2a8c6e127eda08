//! Updates of entries: what turns a key off must work however its entry is written.

use super::effort::EFFORTS;
use super::text_edit::TextEdit;
use super::update_members::edit_entry;
use super::verify_edit::Expected;
use super::{DocumentEditor, NotEditable, item_of};
use crate::domain::{ApiKey, Change};
use crate::storage::document::yaml::semantic_hash::SemanticHash;
use crate::storage::document::yaml::{NodeId, Tree};

/// A plan, and what else the entry will mean by it.
type Plan = (Vec<TextEdit>, Option<SemanticHash>);

impl DocumentEditor {
    /// Makes an entry say what a key says.
    pub(super) fn update(
        &mut self,
        entry: usize,
        key: &ApiKey,
        change: &Change,
    ) -> Result<(), NotEditable> {
        let Some(old) = self.keyring.find_by_name(key.name.as_str()).cloned() else {
            return Err(self.refused(0, "the entry is not where it was read"));
        };
        let others = self.layout.entries[entry].meaning;
        for plans in [Self::plans_alone, Self::plans_in_whole] {
            for (plan, meaning) in plans(self, entry, &old, key).unwrap_or_default() {
                let expected = Expected::Updated(entry, key, meaning.unwrap_or(others));
                if self.try_plan(&plan, &expected, change) {
                    return Ok(());
                }
            }
        }
        let (was, now) = (old.details(), key.details());
        let why = match self.reference_to(entry) {
            Some(line) => {
                format!("line {line} refers to a part of this entry, and would change with it")
            }
            None if now.mistyped.previous > 0 && was.previous != now.previous => {
                "previousHashes has what is no older token and would be lost; mend or remove it first"
                    .to_owned()
            }
            None if now.mistyped.labels > 0 && was.labels != now.labels => {
                "labels has what is no label and would be lost; mend or remove it first".to_owned()
            }
            None => "the entry is written in a way that cannot be changed without touching more"
                .to_owned(),
        };
        Err(self.refused_entry(entry, &why))
    }

    /// Plans from the entry's own text.
    fn plans_alone(&self, entry: usize, old: &ApiKey, key: &ApiKey) -> Option<Vec<Plan>> {
        let range = self.layout.entries[entry].range.clone();
        let tree = self.parse_alone(range.clone())?;
        Some(plans_of(&tree, item_of(&tree, self.is_in_block())?, old, key, range.start))
    }

    /// Plans from the whole document, where the entry cannot be understood alone.
    fn plans_in_whole(&self, entry: usize, old: &ApiKey, key: &ApiKey) -> Option<Vec<Plan>> {
        let (tree, items) = self.parse_whole()?;
        Some(plans_of(&tree, *items.get(entry)?, old, key, 0))
    }
}

fn plans_of(tree: &Tree<'_>, item: NodeId, old: &ApiKey, key: &ApiKey, offset: usize) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for effort in EFFORTS {
        let Some((edits, others)) = edit_entry(tree, item, old, key, effort) else { continue };
        let plan: Vec<_> = edits.into_iter().map(|edit| edit.shifted(offset)).collect();
        if plans.iter().all(|(other, _)| *other != plan) {
            plans.push((plan, others));
        }
    }
    plans
}
