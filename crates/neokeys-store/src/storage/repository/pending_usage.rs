//! Uses of tokens that are not written down yet.
//!
//! Who uses a token leaves a note in a channel and waits for nobody; whoever writes uses down, or shows
//! them, takes the notes in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::domain::{Digest, Minute, TenantId, TokenId, Usage};

/// Uses of all tenants that are not written down yet.
#[derive(Debug)]
pub(super) struct PendingUsage {
    notes: UnboundedSender<Note>,
    taken_in: Mutex<TakenIn>,
}

/// A use that was noted: a few a token and minute, however often it was used.
#[derive(Debug)]
struct Note {
    tenant: TenantId,
    token: Digest,
    minute: Minute,
}

#[derive(Debug)]
struct TakenIn {
    notes: UnboundedReceiver<Note>,
    of: BTreeMap<TenantId, Usage>,
    /// The tenants with uses that nobody is writing down, in the order in which they have had any.
    waiting: VecDeque<(TenantId, Instant)>,
}

impl Default for PendingUsage {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        let taken_in = TakenIn { notes: receiver, of: BTreeMap::new(), waiting: VecDeque::new() };
        Self { notes: sender, taken_in: Mutex::new(taken_in) }
    }
}

impl PendingUsage {
    /// Notes a use.
    pub(super) fn note(&self, tenant: &TenantId, token: &Digest, minute: Minute) {
        // The other side is beside this one, and as long there.
        let _ = self.notes.send(Note { tenant: tenant.clone(), token: *token, minute });
    }

    /// The uses of a tenant's tokens, if there are any that are not written down.
    pub(super) fn of(&self, tenant: &TenantId) -> Option<Usage> {
        self.take_in().of.get(tenant).cloned()
    }

    /// The uses of the tenant that has waited longest, if it has for so long. It waits no more until it
    /// is said what became of them.
    pub(super) fn begin(&self, waited: Duration) -> Option<(TenantId, Usage)> {
        let mut taken_in = self.take_in();
        let is_due = taken_in.waiting.front().is_some_and(|(_, since)| since.elapsed() >= waited);
        let (tenant, _) = if is_due { taken_in.waiting.pop_front()? } else { return None };
        let usage = taken_in.of.get(&tenant)?.clone();
        Some((tenant, usage))
    }

    /// These uses are written down, or are of a tenant that is no more.
    pub(super) fn end(&self, tenant: TenantId, written: &Usage) {
        let mut taken_in = self.take_in();
        let Some(usage) = taken_in.of.get_mut(&tenant) else { return };
        usage.take_out(written);
        if usage.last_uses().len() == 0 {
            taken_in.of.remove(&tenant);
        } else {
            taken_in.waiting.push_back((tenant, Instant::now()));
        }
    }

    /// They are not, and wait again.
    pub(super) fn give_up(&self, tenant: TenantId) {
        self.take_in().waiting.push_back((tenant, Instant::now()));
    }

    fn take_in(&self) -> MutexGuard<'_, TakenIn> {
        // What a panic left behind lacks one note at most.
        let mut taken_in = self.taken_in.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(Note { tenant, token, minute }) = taken_in.notes.try_recv() {
            let TakenIn { of, waiting, .. } = &mut *taken_in;
            let usage = of.entry(tenant.clone()).or_insert_with(|| {
                waiting.push_back((tenant, Instant::now()));
                Usage::since(minute)
            });
            usage.note(TokenId::of(&token), minute);
        }
        taken_in
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::PendingUsage;
    use crate::domain::{Digest, Minute, TenantId, Usage};

    fn id(tenant: &str) -> TenantId {
        TenantId::parse(tenant).unwrap()
    }

    fn note(pending: &PendingUsage, tenant: &str, minute: u32) {
        pending.note(&id(tenant), &Digest::of(b"token"), Minute::numbered(minute));
    }

    fn last_used(usage: &Usage) -> Option<u32> {
        usage.last_used(&Digest::of(b"token")).map(Minute::number)
    }

    #[test]
    fn tenants_take_their_turn_and_have_one_each() {
        let pending = PendingUsage::default();
        assert!(pending.begin(Duration::ZERO).is_none());
        for (tenant, minute) in [("a", 1), ("b", 1), ("a", 2)] {
            note(&pending, tenant, minute);
        }
        assert!(pending.begin(Duration::from_secs(3600)).is_none());
        let (tenant, usage) = pending.begin(Duration::ZERO).unwrap();
        assert_eq!((tenant, last_used(&usage)), (id("a"), Some(2)));
        note(&pending, "a", 3);
        assert_eq!(pending.begin(Duration::ZERO).unwrap().0, id("b"));
        assert!(pending.begin(Duration::ZERO).is_none());
    }

    #[test]
    fn what_is_written_down_is_pending_no_more_and_what_came_meanwhile_is() {
        let pending = PendingUsage::default();
        note(&pending, "a", 1);
        let (tenant, written) = pending.begin(Duration::ZERO).unwrap();
        // It is shown as long as it is not.
        assert_eq!(pending.of(&tenant).as_ref().and_then(last_used), Some(1));
        note(&pending, "a", 2);
        pending.end(tenant, &written);
        let (tenant, written) = pending.begin(Duration::ZERO).unwrap();
        assert_eq!(last_used(&written), Some(2));
        pending.end(tenant.clone(), &written);
        assert_eq!(pending.of(&tenant), None);
        assert!(pending.begin(Duration::ZERO).is_none());
    }

    #[test]
    fn what_could_not_be_written_waits_again() {
        let pending = PendingUsage::default();
        note(&pending, "a", 1);
        let (tenant, _) = pending.begin(Duration::ZERO).unwrap();
        pending.give_up(tenant);
        assert_eq!(pending.begin(Duration::ZERO).as_ref().and_then(|it| last_used(&it.1)), Some(1));
    }
}
