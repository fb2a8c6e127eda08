//! Pages of a log of a million lines, which reads no more of it than it needs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;

use super::{EventFilter, EventPage, MOST_LOOKED_AT};
use crate::audit::{Action, AuditTrail, Event, Record, Refusal, Subject, TrailFuture, TrailHead};
use crate::domain::{Actor, Initiator, KeyName, TenantId};
use crate::transparency::{BLOCK, TreeHash};

/// A log whose lines are made when they are read, and counted.
struct Counted {
    size: u64,
    read: AtomicU64,
}

/// An event a second: by turns of three keys, two actors; every fifth one was refused.
fn event(sequence: u64) -> Event {
    let key = ["crm-sync", "billing", "portal"][usize::try_from(sequence % 3).unwrap()];
    let actor = if sequence == 7 { "a \"name\"" } else { "deploy" };
    Event {
        at: Duration::from_secs(sequence),
        initiator: Initiator::of(Actor::system_user(actor, 1000)),
        tenant: tenant(),
        subject: Subject::Key(KeyName::parse(key).unwrap()),
        action: Action::Delete,
        refusal: sequence.is_multiple_of(5).then(|| Refusal("it may not".to_owned())),
        document: None,
        plan: None,
    }
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

impl AuditTrail for Counted {
    fn head<'a>(&'a self, _: &'a TenantId) -> TrailFuture<'a, Option<TrailHead>> {
        TrailFuture::ready(Ok(Some(TrailHead { size: self.size, signed: None })))
    }

    fn lines<'a>(&'a self, _: &'a TenantId, from: u64) -> TrailFuture<'a, Vec<Bytes>> {
        let end = ((from / BLOCK + 1) * BLOCK).min(self.size);
        self.read.fetch_add(end - from, Ordering::Relaxed);
        TrailFuture::ready(Ok((from..end).map(|it| event(it).line(it)).collect()))
    }

    fn block_hashes<'a>(&'a self, _: &'a TenantId, _: u64) -> TrailFuture<'a, Vec<TreeHash>> {
        unreachable!("a page needs no hashes")
    }
}

/// The sequences of a page, where the next one begins, and how many lines were read for it.
fn page(
    size: u64,
    before: u64,
    limit: usize,
    filter: &EventFilter,
) -> (Vec<u64>, Option<u64>, u64) {
    let log = Counted { size, read: AtomicU64::new(0) };
    let page = EventPage::read(&log, &tenant(), before, limit, filter).now_or_never();
    let page = page.unwrap().unwrap();
    let sequences = page.lines.iter().map(|line| Record::parse(line).unwrap().sequence);
    (sequences.collect(), page.next, log.read.into_inner())
}

/// All pages, one after the other.
fn pages(size: u64, limit: usize, filter: &EventFilter) -> Vec<u64> {
    let (mut all, mut next) = (Vec::new(), Some(size));
    while let Some(before) = next {
        let (sequences, then, _) = page(size, before, limit, filter);
        assert!(sequences.len() <= limit);
        all.extend(sequences);
        next = then;
    }
    all
}

#[test]
fn pages_have_every_wanted_line_once_the_newest_first() {
    let named = |name: &str| Some(name.to_owned());
    type Takes = fn(u64) -> bool;
    let filters: [(EventFilter, Takes); 8] = [
        (EventFilter::default(), |_| true),
        (EventFilter { key: named("billing"), ..EventFilter::default() }, |it| it % 3 == 1),
        (EventFilter { key: named("bill"), ..EventFilter::default() }, |_| false),
        (EventFilter { actor: named("a \"name\""), ..EventFilter::default() }, |it| it == 7),
        (EventFilter { action: named("Delete"), ..EventFilter::default() }, |_| true),
        (EventFilter { is_done: Some(false), ..EventFilter::default() }, |it| it % 5 == 0),
        (EventFilter { from: Some(Duration::from_secs(600)), ..EventFilter::default() }, |it| {
            it >= 600
        }),
        (
            EventFilter {
                to: Some(Duration::from_secs(9)),
                key: named("portal"),
                ..EventFilter::default()
            },
            |it| it < 9 && it % 3 == 2,
        ),
    ];
    for (filter, takes) in filters {
        for size in [0, 1, 256, 257, 600] {
            let due: Vec<_> = (0..size).rev().filter(|it| takes(*it)).collect();
            for limit in [60, 1_000] {
                assert_eq!(pages(size, limit, &filter), due, "{filter:?} {size} {limit}");
            }
        }
    }
}

#[test]
fn a_page_of_a_million_lines_reads_what_it_needs() {
    let million = 1_000_000;
    let (sequences, next, read) = page(million, million, 100, &EventFilter::default());
    assert_eq!((sequences.len(), next), (100, Some(million - 100)));
    assert!(read <= 2 * BLOCK, "{read} lines were read for 100");

    let key = Some("crm-sync".to_owned());
    let filter = EventFilter { key, ..EventFilter::default() };
    let (sequences, _, read) = page(million, million, 100, &filter);
    assert!(sequences.len() == 100 && read <= 3 * BLOCK, "{read} lines were read for 300");

    let rare = EventFilter { actor: Some("a \"name\"".to_owned()), ..EventFilter::default() };
    let (sequences, next, read) = page(million, million, 100, &rare);
    assert!(sequences.is_empty() && next.is_some_and(|next| next <= million - MOST_LOOKED_AT));
    assert!(read <= MOST_LOOKED_AT + BLOCK, "{read} lines were read");
}
