//! Changes at the end of a log of which no line says yet whether they were made; the present document does.

use crate::audit::{Action, DocumentChange, DocumentState, Record};

/// The changes behind the last line that is known to be true, a step for each batch and each line that takes
/// some back. Where stores are changed without a lock, such a line can itself be wrong: whoever wrote it was
/// overtaken by the change that it takes back.
#[derive(Default)]
pub(super) struct Unsettled(Vec<Step>);

struct Step {
    first: u64,
    last: u64,
    change: DocumentChange,
}

/// Lines whose changes were not made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refuted {
    pub(super) first: u64,
    pub(super) last: u64,
    /// The change from the state after them to the one before them.
    pub(super) back: DocumentChange,
}

impl Unsettled {
    /// Takes note of what the next line says.
    pub(super) fn note(&mut self, record: &Record) {
        let (Some(change), line) = (record.document, record.sequence) else { return };
        if record.action == Action::Found(None).name() {
            // Whoever wrote it saw that document.
            self.0.clear();
            return;
        }
        match self.0.last_mut() {
            Some(step) if step.change == change => step.last = line,
            _ => self.0.push(Step { first: line, last: line, change }),
        }
    }

    /// The line of the last step, if that left no document in the place of none, as making a tenant does.
    pub(super) fn last_creation(&self) -> Option<u64> {
        let nothing =
            DocumentChange { before: DocumentState::Absent, after: DocumentState::Absent };
        self.0.last().filter(|step| step.change == nothing).map(|step| step.last)
    }

    /// The lines that the present document refutes; or the last step, where that is known not to have been
    /// made and the document is yet another.
    pub(super) fn refuted(&self, present: DocumentState, is_last_undone: bool) -> Option<Refuted> {
        let last = self.0.last()?;
        let led_to_it = |step: &Step| step.change.after == present;
        let made = match self.0.iter().rposition(led_to_it) {
            Some(step) => step + 1,
            None if self.0.first()?.change.before == present => 0,
            None if is_last_undone => self.0.len() - 1,
            None => return None,
        };
        let step = self.0.get(made)?;
        let back = DocumentChange { before: last.change.after, after: step.change.before };
        Some(Refuted { first: step.first, last: last.last, back })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Refuted, Unsettled};
    use crate::audit::{Action, DocumentChange, DocumentState, Record};

    fn state(name: &str) -> DocumentState {
        DocumentState::of(name.as_bytes())
    }

    /// Steps from one state to the next, a line each.
    fn unsettled(steps: &[(&str, &str)], action: &str) -> Unsettled {
        let mut unsettled = Unsettled::default();
        for (sequence, (before, after)) in (10..).zip(steps) {
            unsettled.note(&Record {
                sequence,
                tenant: "t".to_owned(),
                at: Duration::ZERO,
                action: action.to_owned(),
                is_done: true,
                actor: "a".to_owned(),
                subject: "k".to_owned(),
                is_of_key: true,
                document: Some(DocumentChange { before: state(before), after: state(after) }),
                undone: None,
            });
        }
        unsettled
    }

    #[test]
    fn the_document_says_which_of_the_last_changes_were_made() {
        let refuted = |first, last, before, after| {
            let back = DocumentChange { before: state(before), after: state(after) };
            Some(Refuted { first, last, back })
        };
        for (steps, present, is_last_undone, expected) in [
            (&[("o", "a")][..], "a", false, None),
            (&[("o", "a")], "o", false, refuted(10, 10, "a", "o")),
            (&[("o", "a")], "x", false, None),
            (&[("o", "a")], "x", true, refuted(10, 10, "a", "o")),
            // Two lines of one batch.
            (&[("o", "a"), ("o", "a")], "o", false, refuted(10, 11, "a", "o")),
            // One was taken back, and made all the same, before what came then.
            (&[("o", "a"), ("a", "o"), ("o", "b")], "b", false, None),
            (&[("o", "a"), ("a", "o"), ("o", "b")], "a", false, refuted(11, 12, "b", "a")),
            (&[("o", "a"), ("a", "o"), ("o", "b")], "o", false, refuted(12, 12, "b", "o")),
            (&[("a", "o"), ("o", "b")], "a", false, refuted(10, 11, "b", "a")),
            (&[], "o", true, None),
        ] {
            let found = unsettled(steps, "Create").refuted(state(present), is_last_undone);
            assert_eq!(found, expected, "{steps:?} {present}");
        }
        let found = unsettled(&[("o", "a")], Action::Found(None).name());
        assert_eq!(found.refuted(state("o"), true), None, "it was seen");
    }
}
