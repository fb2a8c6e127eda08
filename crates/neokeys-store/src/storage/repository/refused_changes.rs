//! Refused changes in a tenant's log: a few lines a minute, then how many more there were.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Shared;
use super::loaded_tenant::LoadedTenant;
use super::queue::CommitQueue;
use super::refusals_per_minute::MINUTE;
use crate::domain::RefusedChange;

/// The time between two looks whether a count is due.
const TICK: Duration = Duration::from_millis(500);

impl Shared {
    /// Records by and by a change that was refused before it was asked for, if it is not one too many.
    pub(super) fn note_refusal(self: &Arc<Self>, refused: RefusedChange) {
        if self.audit_log().is_none() {
            return;
        }
        let tenant = self.tenants.get(&refused.tenant);
        if self.has_line(&tenant) {
            self.ask_writer(tenant, |queue| queue.refused.push(refused));
        }
    }

    /// Whether one more refused change has a line. Those that have none are in a count soon after their minute,
    /// whether or not anything else comes to the log.
    pub(super) fn has_line(self: &Arc<Self>, tenant: &Arc<LoadedTenant>) -> bool {
        let refusals = &mut tenant.recorded().refusals;
        let has_line = refusals.has_line(self.clock.since_epoch());
        if refusals.begin_to_wait() {
            self.await_count(Arc::clone(tenant));
        }
        has_line
    }

    /// Asks the tenant's writer for a count whenever one is due, until all is told.
    fn await_count(self: &Arc<Self>, tenant: Arc<LoadedTenant>) {
        let shared = Arc::downgrade(self);
        drop(self.background.spawn(async move {
            let mut pause = TICK;
            loop {
                sleep(pause).await;
                let Some(shared) = shared.upgrade() else { return };
                let due = tenant.recorded().refusals.wait_on();
                match due {
                    None => return,
                    Some(due) if due <= shared.clock.since_epoch() => {
                        shared.ask_writer(Arc::clone(&tenant), CommitQueue::ask_to_look);
                        // A log that cannot be written is tried again less and less often.
                        pause = MINUTE.min(2 * pause);
                    }
                    Some(_) => pause = TICK,
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, Instant};

    use crate::audit::{Action, Record};
    use crate::clock::Clock;
    use crate::domain::{
        Actor, ActorKind, ChangeKind, Initiator, KeyRepository as _, RefusedChange, TenantId,
    };
    use crate::storage::document_store::DocumentStore as _;
    use crate::storage::repository::refusals_per_minute::MOST_REFUSALS;
    use crate::storage::{DocumentRepository, MemoryStore};

    /// A clock that stands still until it is turned.
    struct Turned(AtomicU64);

    impl Clock for Turned {
        fn since_epoch(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn those_that_were_left_out_are_counted_though_nothing_else_happens() {
        let (documents, clock) =
            (Arc::new(MemoryStore::new()), Arc::new(Turned(1_700_000_000.into())));
        let store =
            DocumentRepository::with_clock(Arc::clone(&documents) as _, Arc::clone(&clock) as _);
        let (store, t) = (store.unwrap(), TenantId::parse("t").unwrap());
        documents.create_tenant(&t).await.unwrap();
        let actor = ActorKind::Caller("api_key".into());
        let actor = Actor { name: "robot".into(), kind: actor, ..Actor::SERVICE };
        let log = documents.audit_log().unwrap();
        let lines = async |count: usize| {
            let began = Instant::now();
            loop {
                let lines = log.read_lines(&t, 0).await.unwrap();
                if lines.len() >= count {
                    return lines;
                }
                assert!(began.elapsed() < Duration::from_secs(60), "{} lines", lines.len());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Twice: who waited for the first count has gone, or waits for the second as well.
        let mut told = 0;
        for round in 0..2 {
            for _ in 0..MOST_REFUSALS + 3 {
                store.note_refusal(RefusedChange {
                    tenant: t.clone(),
                    key: None,
                    kind: ChangeKind::Create,
                    reason: "no".to_owned(),
                    initiator: Initiator::of(actor.clone()),
                });
            }
            told += usize::try_from(MOST_REFUSALS).unwrap();
            assert_eq!(lines(told).await.len(), told, "their minute is not over, {round}");
            clock.0.fetch_add(60, Ordering::SeqCst);
            told += 1;
            let lines = lines(told).await;
            let last = Record::parse(lines.last().unwrap()).unwrap();
            assert_eq!((lines.len(), &*last.action), (told, Action::Refusals(3).name()));
        }
    }
}
