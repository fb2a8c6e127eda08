//! Logs that somebody laid hands on: every change of them is found, at the line where it begins.

mod reading;

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;

use super::{VerifiedLog, VerifyLogError, verify_log};
use crate::audit::{Action, DocumentChange, DocumentState, Event, LogFault, Subject};
use crate::domain::{Actor, Initiator, KeyName, TenantId};
use crate::storage::document_store::{LogEnd, LogHead, SEGMENT};
use crate::transparency::{
    Checkpoint, CheckpointError, CompactRange, NoteError, SigningKey, TreeHash, VerifyingKey,
};

/// A store as whoever has the machine could leave it.
#[derive(Clone)]
struct Store {
    lines: Vec<Bytes>,
    blocks: Vec<TreeHash>,
    end: LogEnd,
    document: Bytes,
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn document(number: usize) -> Bytes {
    format!("apiKeys: [] # {number}\n").into()
}

fn line(tenant: &TenantId, sequence: usize, document_before: usize) -> Bytes {
    let state = |number| DocumentState::of(&document(number));
    let (before, after) = (state(document_before), state(document_before + 1));
    let event = Event {
        at: Duration::from_millis(1_795_723_200_000 + u64::try_from(sequence).unwrap()),
        initiator: Initiator::of(Actor::system_user("deploy", 1000)),
        tenant: tenant.clone(),
        subject: Subject::Key(KeyName::parse("crm-sync").unwrap()),
        action: Action::Rotate { overlap: Some(Duration::from_secs(60)) },
        refusal: None,
        document: Some(DocumentChange { before, after }),
        plan: None,
    };
    event.line(u64::try_from(sequence).unwrap())
}

impl Store {
    /// A log of so many lines, two for each state of the document.
    fn new(lines: usize, key: &SigningKey) -> Self {
        let lines: Vec<_> = (0..lines).map(|it| line(&tenant(), it, it / 2)).collect();
        let document = document(lines.len().div_ceil(2));
        let mut store = Self { lines, blocks: Vec::new(), end: LogEnd::default(), document };
        store.sign("acme", key);
        store
    }

    /// Makes hashes and head anew, as who has the key can.
    fn sign(&mut self, log: &str, key: &SigningKey) {
        let mut tree = CompactRange::default();
        let hashes = self.lines.iter().map(|line| TreeHash::of_line(line));
        self.blocks = hashes.filter_map(|hash| tree.append(hash)).collect();
        self.end.head = LogHead {
            size: tree.size(),
            segment_bytes: 0,
            document: Some(DocumentState::of(&self.document)),
            subtrees: tree.subtrees().to_vec(),
            checkpoint: Checkpoint { size: tree.size(), root: tree.root() }.sign(log, key),
        };
    }

    fn checkpoint(&self) -> String {
        self.end.head.checkpoint.clone()
    }
}

fn key() -> SigningKey {
    SigningKey::generate("keys.example.com").unwrap()
}

fn verify(
    store: &Store,
    key: &SigningKey,
    kept: Option<&str>,
) -> Result<VerifiedLog, VerifyLogError> {
    let keys: [VerifyingKey; 1] = [key.verifying().clone()];
    verify_log(store, &tenant(), &keys, kept).now_or_never().unwrap()
}

/// The first fault, and the line that it is at.
fn fault(store: &Store, key: &SigningKey, kept: Option<&str>) -> (usize, LogFault) {
    match verify(store, key, kept) {
        Err(VerifyLogError::Fault { place, fault }) => (place.parse().unwrap(), fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_that_nobody_touched_is_verified_with_every_head_that_was_kept() {
    let key = key();
    let store = Store::new(600, &key);
    for size in [1, 2, 255, 256, 257, 511, 512, 600] {
        let kept = Store::new(size, &key).checkpoint();
        let verified = verify(&store, &key, Some(&kept)).unwrap();
        assert_eq!((verified.lines, verified.is_document_changed), (600, false), "{size}");
        assert_eq!(verified.checkpoint, store.checkpoint());
    }
    let nothing = Store { end: LogEnd::default(), lines: Vec::new(), ..store };
    assert_eq!(verify(&nothing, &key, None).unwrap().lines, 0);
}

#[test]
fn every_byte_of_a_line_counts() {
    let key = key();
    let good = Store::new(5, &key);
    for number in 0..5 {
        for at in 0..good.lines[number].len() {
            for flip in [1, 2, 0x20, 0x80] {
                let mut store = good.clone();
                let mut bytes = store.lines[number].to_vec();
                bytes[at] ^= flip;
                store.lines[number] = bytes.into();
                let (place, fault) = fault(&store, &key, None);
                // Where the line still reads as one, the root alone tells, of all lines since the last block.
                let is_here = place == number || (place == 0 && matches!(fault, LogFault::Root));
                let is_next = place == number + 1 && matches!(fault, LogFault::OtherDocument);
                assert!(is_here || is_next, "{number}, {at}: {place}, {fault}");
            }
        }
    }
}

#[test]
fn a_line_that_still_reads_as_one_is_found_by_the_hash_of_its_block() {
    let key = key();
    for number in [3, 255, 256, 300, 511, 512, 599] {
        let mut store = Store::new(600, &key);
        let text = String::from_utf8(store.lines[number].to_vec()).unwrap();
        store.lines[number] = text.replace("deploy", "nobody").into();
        let (place, fault) = fault(&store, &key, None);
        assert!(matches!(fault, LogFault::Root), "{number}: {fault}");
        assert_eq!(place, number / 256 * 256);
    }
}

#[test]
fn lines_that_were_taken_out_swapped_doubled_or_cut_are_found_where_it_was_done() {
    let key = key();
    let good = Store::new(20, &key);
    for at in 0..20 {
        let mut store = good.clone();
        store.lines.remove(at);
        let (place, found) = fault(&store, &key, None);
        assert_eq!(place, at, "{found}");
        if at < 19 {
            assert!(matches!(found, LogFault::Sequence { .. }), "{found}");
        } else {
            assert!(matches!(found, LogFault::Short { lines: 19, size: 20 }), "{found}");
        }
        // Who signs it anew is found by the sequence.
        store.sign("acme", &key);
        assert_eq!(verify(&store, &key, None).is_ok(), at == 19, "{at}");

        let mut store = good.clone();
        let doubled = store.lines[at].clone();
        store.lines.insert(at + 1, doubled);
        store.end.goes_on = true;
        let (place, found) = fault(&store, &key, None);
        assert_eq!(place, at + 1, "{found}");

        for other in at + 1..20 {
            let mut store = good.clone();
            store.lines.swap(at, other);
            let (place, found) = fault(&store, &key, None);
            assert!(place == at && matches!(found, LogFault::Sequence { .. }), "{found}");
        }

        for length in [0, 1, good.lines[at].len() / 2, good.lines[at].len() - 1] {
            let mut store = good.clone();
            store.lines[at].truncate(length);
            let (place, found) = fault(&store, &key, None);
            assert!(place == at && matches!(found, LogFault::Record(_)), "{found}");
        }
    }
}

#[test]
fn segments_that_were_swapped_are_found_at_the_first_line() {
    let key = key();
    let mut store = Store::new(usize::try_from(SEGMENT).unwrap() + 300, &key);
    store.lines.rotate_right(300);
    let (place, found) = fault(&store, &key, None);
    let is_sequence = matches!(found, LogFault::Sequence { found: SEGMENT, due: 0 });
    assert!(place == 0 && is_sequence, "{place}: {found}");
}

#[test]
fn a_past_that_was_written_anew_shows_to_who_kept_a_head() {
    let key = key();
    let kept = Store::new(10, &key).checkpoint();
    let mut store = Store::new(20, &key);
    let text = String::from_utf8(store.lines[4].to_vec()).unwrap();
    store.lines[4] = text.replace("deploy", "nobody").into();
    store.sign("acme", &key);
    assert!(verify(&store, &key, None).is_ok(), "who has the key can do that");
    assert!(matches!(fault(&store, &key, Some(&kept)), (9, LogFault::OtherThanKept)));
    let shorter = Store::new(9, &key);
    let found = fault(&shorter, &key, Some(&kept));
    assert!(matches!(found, (9, LogFault::ShorterThanKept { lines: 9, size: 10 })), "{found:?}");
}

#[test]
fn every_byte_of_the_head_counts() {
    let key = key();
    let good = Store::new(7, &key);
    for at in 0..good.checkpoint().len() {
        let mut store = good.clone();
        let mut bytes = store.checkpoint().into_bytes();
        bytes[at] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        store.end.head.checkpoint = text;
        assert!(matches!(fault(&store, &key, None), (6, LogFault::Head(_))), "{at}");
    }
    let spoil: [fn(&mut Store); 5] = [
        |it| it.end.head.size = 6,
        |it| it.end.head.size = 8,
        |it| it.end.head.document = None,
        |it| it.end.head.subtrees.reverse(),
        |it| it.end.head.subtrees.clear(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let mut store = good.clone();
        spoil(&mut store);
        let (place, fault) = fault(&store, &key, None);
        let is_short = matches!(fault, LogFault::Short { lines: 7, size: 8 });
        assert!(is_short || matches!(fault, LogFault::HeadMember(_)), "{number}: {fault}");
        assert!(place >= 5, "{number}: {place}");
    }
}

#[test]
fn lines_that_no_head_was_signed_for_are_told_where_somebody_signs() {
    let key = key();
    let mut store = Store::new(9, &key);
    store.end.head.checkpoint = Store::new(6, &key).checkpoint();
    assert!(matches!(fault(&store, &key, None), (6, LogFault::Unsigned)));
    let text = String::from_utf8(store.lines[4].to_vec()).unwrap();
    let mut other = store.clone();
    other.lines[4] = text.replace("deploy", "nobody").into();
    assert!(matches!(fault(&other, &key, None), (0, LogFault::Root)));

    store.end.head.checkpoint.clear();
    assert!(matches!(fault(&store, &key, None), (0, LogFault::Unsigned)));
    let verified = verify_log(&store, &tenant(), &[], None).now_or_never().unwrap().unwrap();
    assert_eq!((verified.lines, verified.signed), (9, 0));
}

#[test]
fn a_head_of_another_tenant_or_key_is_none() {
    let key = key();
    let mut store = Store::new(7, &key);
    let own = store.checkpoint();
    store.sign("zeta", &key);
    let (_, found) = fault(&store, &key, None);
    assert!(matches!(found, LogFault::Head(CheckpointError::OtherLog(_))), "{found}");
    let kept = verify(&store, &key, Some(&store.checkpoint()));
    assert!(matches!(kept, Err(VerifyLogError::Kept(CheckpointError::OtherLog(_)))), "{kept:?}");
    store.sign("acme", &self::key());
    let (_, found) = fault(&store, &key, None);
    assert!(
        matches!(found, LogFault::Head(CheckpointError::Note(NoteError::UnknownKeys))),
        "{found}"
    );
    store.end.head.checkpoint = own;
    assert!(verify(&store, &key, None).is_ok());
}

#[test]
fn a_line_of_another_tenant_and_a_change_of_another_document_are_found() {
    let key = key();
    let mut store = Store::new(8, &key);
    store.lines[5] = line(&TenantId::parse("zeta").unwrap(), 5, 2);
    store.sign("acme", &key);
    let (place, found) = fault(&store, &key, None);
    assert!(place == 5 && matches!(found, LogFault::OtherTenant(_)), "{found}");
    store.lines[5] = line(&tenant(), 5, 7);
    store.sign("acme", &key);
    let (place, found) = fault(&store, &key, None);
    assert!(place == 5 && matches!(found, LogFault::OtherDocument), "{found}");
}

#[test]
fn hashes_of_blocks_count_too() {
    let key = key();
    let mut store = Store::new(600, &key);
    store.blocks.swap(0, 1);
    assert!(matches!(fault(&store, &key, None), (0, LogFault::BlockHash)));
    store.blocks.swap(0, 1);
    store.blocks.pop();
    assert!(matches!(fault(&store, &key, None), (256, LogFault::BlockHash)));
}

#[test]
fn lines_that_nobody_signed_for_and_a_torn_one_are_told() {
    let key = key();
    let mut store = Store::new(8, &key);
    store.lines.push(line(&tenant(), 8, 4));
    store.end.goes_on = true;
    assert!(matches!(fault(&store, &key, None), (8, LogFault::BeyondHead)));
    store.lines.pop();
    store.end = LogEnd { goes_on: false, torn: 3, ..store.end };
    assert!(matches!(fault(&store, &key, None), (8, LogFault::Torn)));
}

#[test]
fn every_byte_of_the_document_counts() {
    let key = key();
    let good = Store::new(7, &key);
    for at in 0..good.document.len() {
        let mut store = good.clone();
        let mut bytes = store.document.to_vec();
        bytes[at] ^= 1;
        store.document = bytes.into();
        assert!(verify(&store, &key, None).unwrap().is_document_changed, "{at}");
    }
}
