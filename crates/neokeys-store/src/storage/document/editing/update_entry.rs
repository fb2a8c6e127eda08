//! Entries that change: what turns a key off must work however its entry is written.

use super::remove_entry::reference_to;
use super::{DocumentEditor, Expected, NotEditable, item_of};
use crate::domain::{ApiKey, Change};
use crate::storage::document::editing::text_edit::TextEdit;
use crate::storage::document::editing::update_members::{EFFORTS, edit_entry};
use crate::storage::document::yaml::semantic_hash::SemanticHash;
use crate::storage::document::yaml::{NodeId, Tree};

/// A plan, and what else the entry will mean by it.
type Plan = (Vec<TextEdit>, Option<SemanticHash>);

impl DocumentEditor {
    /// Makes an entry say what a key says.
    pub(crate) fn update(
        &mut self,
        entry: usize,
        key: &ApiKey,
        change: &Change,
    ) -> Result<(), NotEditable> {
        let Some(old) = self.keyring.find_by_name(key.name.as_str()).cloned() else {
            return Err(self.refused(0, "the entry is not where it was read"));
        };
        let others = self.layout.entries[entry].meaning();
        for plans in [Self::plans_alone, Self::plans_in_whole] {
            for (plan, meaning) in plans(self, entry, &old, key) {
                let meant = Expected::Changed(entry, key, meaning.unwrap_or(others));
                if self.try_plan(plan, &meant, change) {
                    return Ok(());
                }
            }
        }
        let why = self.why_it_stays_as_it_is(entry);
        Err(self.refused_entry(entry, &why))
    }

    /// Plans from the entry's own text.
    fn plans_alone(&self, entry: usize, old: &ApiKey, key: &ApiKey) -> Vec<Plan> {
        let range = self.layout.entries[entry].range();
        let Some(tree) = self.parse_alone(range.clone()) else { return Vec::new() };
        let Some(item) = item_of(&tree, self.is_in_block()) else { return Vec::new() };
        plans_of(&tree, item, old, key, range.start)
    }

    /// Plans from the whole document, where the entry cannot be understood alone.
    fn plans_in_whole(&self, entry: usize, old: &ApiKey, key: &ApiKey) -> Vec<Plan> {
        let Some((tree, items)) = self.parse_whole() else { return Vec::new() };
        let Some(item) = items.get(entry) else { return Vec::new() };
        plans_of(&tree, *item, old, key, 0)
    }

    fn why_it_stays_as_it_is(&self, entry: usize) -> String {
        let line =
            self.parse_whole().and_then(|(tree, items)| reference_to(&tree, *items.get(entry)?));
        match line {
            Some(line) => {
                format!("line {line} refers to what stands in this entry, and would change with it")
            }
            None => "the entry is written in a way that cannot be changed without touching more"
                .to_owned(),
        }
    }
}

fn plans_of(tree: &Tree<'_>, item: NodeId, old: &ApiKey, key: &ApiKey, offset: usize) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for effort in EFFORTS {
        let Ok((splices, others)) = edit_entry(tree, item, old, key, effort) else { continue };
        let moved = splices.into_iter().map(|TextEdit { range, text }| {
            TextEdit::replace(range.start + offset..range.end + offset, text)
        });
        let plan: Vec<TextEdit> = moved.collect();
        if plans.iter().all(|(other, _)| *other != plan) {
            plans.push((plan, others));
        }
    }
    plans
}
