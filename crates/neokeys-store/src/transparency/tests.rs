//! Our trees, notes and proofs before a stranger's verifier (`tlog_tiles`, `signed_note`).

use std::convert::Infallible;
use std::ops::Range;

use proptest::prelude::*;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{
    Checkpoint as StrangersCheckpoint, Hash, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, tree_hash,
};

use super::*;

/// A log in memory, which keeps what a store keeps.
#[derive(Default)]
struct MemoryLog {
    lines: Vec<Vec<u8>>,
    blocks: Vec<TreeHash>,
    roots: Vec<TreeHash>,
}

impl MemoryLog {
    /// A log with so many lines, and the root at each size on the way.
    fn of(size: usize) -> Self {
        let mut log = Self::default();
        let mut range = CompactRange::default();
        log.roots.push(range.root());
        for number in 0..size {
            let line = format!("line {number}").into_bytes();
            log.blocks.extend(range.append(TreeHash::of_line(&line)));
            log.roots.push(range.root());
            log.lines.push(line);
        }
        log
    }
}

fn indexes(range: &Range<u64>) -> Range<usize> {
    range.start.try_into().unwrap()..range.end.try_into().unwrap()
}

impl LogReader for MemoryLog {
    type Error = Infallible;

    async fn line_hashes(&self, lines: Range<u64>) -> Result<Vec<TreeHash>, Infallible> {
        assert!(lines.start / BLOCK == (lines.end - 1) / BLOCK, "{lines:?} is in two blocks");
        Ok(self.lines[indexes(&lines)].iter().map(|line| TreeHash::of_line(line)).collect())
    }

    async fn block_hashes(&self, blocks: Range<u64>) -> Result<Vec<TreeHash>, Infallible> {
        Ok(self.blocks[indexes(&blocks)].to_vec())
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("memory answers at once"),
    }
}

/// The part of a log of a size that a stranger is served.
struct Served<'l>(&'l MemoryLog, u64);

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let serve = |tile: &tlog_tiles::Tile| {
            let path = tile.path();
            let Ok(TileContent::Hashes(tile)) = path.strip_prefix("tile/8/").unwrap().parse()
            else {
                panic!("{path} is a tile");
            };
            assert!(tile.is_due(self.1), "{path} is due at {}", self.1);
            tile_bytes(&now(TreeReader::new(self.0).tile(tile)).unwrap())
        };
        Ok(tiles.iter().map(serve).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn strangers(hash: &TreeHash) -> Hash {
    Hash(*hash.as_bytes())
}

/// Holds tiles, an inclusion and a consistency of this log against the stranger.
fn hold(log: &MemoryLog, old: u64, size: u64, index: u64) {
    let root = |size: u64| strangers(&log.roots[usize::try_from(size).unwrap()]);
    let served = Served(log, size);
    let reader = TileHashReader::new(size, root(size), &served);
    assert_eq!(tree_hash(size, &reader).unwrap(), root(size));

    let line = record_hash(&log.lines[usize::try_from(index).unwrap()]);
    let path = now(TreeReader::new(log).inclusion(index, size)).unwrap();
    let path: Vec<_> = path.iter().map(strangers).collect();
    check_record(&path, size, root(size), index, line).unwrap();
    assert_eq!(path, prove_record(size, index, &reader).unwrap());

    let proof = prove_tree(size, old, &reader).unwrap();
    check_tree(&proof, size, root(size), old, root(old)).unwrap();
}

#[test]
fn a_stranger_takes_every_tree_of_a_small_log() {
    let log = MemoryLog::of(24);
    for size in 1..=24 {
        for old in 1..=size {
            for index in 0..size {
                hold(&log, old, size, index);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stranger_takes_tiles_and_proofs_of_any_two_heads(
        sizes in [1_u64..70_000, 1_u64..70_000], at in 0_u64..70_000, near in any::<bool>(),
    ) {
        static LOG: std::sync::LazyLock<MemoryLog> = std::sync::LazyLock::new(|| MemoryLog::of(70_000));
        // Around the ends of tiles most goes wrong.
        let edge = |it: u64| if near { (it / 256 * 256 + it % 3).clamp(1, 70_000) } else { it };
        let (old, size) = (edge(sizes[0]), edge(sizes[1]));
        hold(&LOG, old.min(size), old.max(size), at % old.max(size));
    }

    #[test]
    fn a_log_goes_on_from_its_blocks(size in 0_usize..2_000, more in 0_usize..600) {
        let log = MemoryLog::of(size + more);
        let whole = size / 256;
        let mut range = CompactRange::of_blocks(log.blocks[..whole].iter().copied());
        for line in &log.lines[whole * 256..] {
            range.append(TreeHash::of_line(line));
        }
        prop_assert_eq!(range.root(), log.roots[size + more]);
        let size = u64::try_from(size + more).unwrap();
        prop_assert_eq!(range.size(), size);
        prop_assert_eq!(CompactRange::resume(size, range.subtrees().to_vec()), Some(range.clone()));
        prop_assert_eq!(CompactRange::resume(size + 1, range.subtrees().to_vec()).is_some(), size % 2 == 1 && size.count_ones() == (size + 1).count_ones());
    }

    #[test]
    fn paths_of_tiles_are_those_of_the_stranger(
        level in 0_u8..64, index in 0_u64..1 << 50, width in 1_u32..=256, entries in any::<bool>(),
    ) {
        let level = if entries { 0 } else { level };
        let path = tlog_tiles::Tile::new(8, level, index, width, entries).path();
        let path = path.strip_prefix("tile/8/").unwrap().replace("data", "entries");
        prop_assert_eq!(path.parse::<TileContent>().unwrap().to_string(), path);
    }

    #[test]
    fn no_text_stops_the_reader_of_paths(text in "[0-9x/.pentris]{0,30}") {
        if let Ok(content) = text.parse::<TileContent>() {
            prop_assert_eq!(content.to_string(), text);
        }
    }

    #[test]
    fn a_note_with_another_byte_is_not_believed(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let key = SigningKey::generate("keys.example.com").unwrap();
        let note = head(7).sign("acme", &key);
        let mut bytes = note.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(note) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&note, "acme", &[key.verifying().clone()]).is_err());
        }
    }
}

#[test]
fn other_spellings_are_no_paths_of_tiles() {
    for path in [
        "",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/0000",
        "00/000",
        "+0/000",
        "64/000",
        "256/000",
        "0/x000",
        "0/x000/000",
        "0/000/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p/01",
        "0/000.p/",
        "0/-01",
        "data/000",
        "entries/x1/000",
        "0/x999/x999/x999/x999/x999/x999/999",
        "0/000.p/1.p/1",
        "0/000/",
        "/0/000",
    ] {
        assert_eq!(path.parse::<TileContent>(), Err(NoTile), "{path}");
    }
}

#[test]
fn a_tile_is_due_when_the_tree_has_all_of_it() {
    let is_due = |path: &str, size| match path.parse().unwrap() {
        TileContent::Hashes(tile) | TileContent::Entries(tile) => tile.is_due(size),
    };
    assert!(is_due("0/272", 70_000) && !is_due("0/273", 70_000));
    assert!(is_due("0/273.p/112", 70_000) && !is_due("0/273.p/113", 70_000));
    assert!(is_due("1/000", 65_536) && !is_due("1/000", 65_535));
    assert!(is_due("2/000.p/1", 65_536) && !is_due("2/000.p/1", 65_535));
    assert!(!is_due("9/000.p/1", u64::MAX) && !is_due("63/000.p/1", u64::MAX));
}

fn head(size: usize) -> Checkpoint {
    let log = MemoryLog::of(size);
    Checkpoint { size: size.try_into().unwrap(), root: log.roots[size] }
}

#[test]
fn a_stranger_takes_a_checkpoint_and_a_proof() {
    let key = SigningKey::generate("keys.example.com").unwrap();
    let verifier = StandardVerifier::new(&key.verifying().to_string()).unwrap();
    let checkpoint = head(300).sign("acme", &key);

    let note = Note::from_bytes(checkpoint.as_bytes()).unwrap();
    let (verified, _) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!(verified.len(), 1);
    let taken = StrangersCheckpoint::from_bytes(note.text()).unwrap();
    assert_eq!(taken.origin(), "keys.example.com/acme");
    assert_eq!((taken.size(), *taken.hash()), (300, strangers(&head(300).root)));

    let log = MemoryLog::of(300);
    let path = now(TreeReader::new(&log).inclusion(271, 300)).unwrap();
    let proof = inclusion_proof(271, &path, &checkpoint);
    let (before, after) = proof.split_once("\n\n").unwrap();
    assert_eq!(after, checkpoint);
    let mut lines = before.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    assert_eq!(lines.next(), Some("index 271"));
    let path: Vec<_> = lines.map(|line| Hash::parse_hash(line).unwrap()).collect();
    check_record(&path, 300, *taken.hash(), 271, record_hash(b"line 271")).unwrap();
}

#[test]
fn keys_are_those_of_the_stranger_in_both_directions() {
    let key = SigningKey::generate("keys.example.com").unwrap();
    let text = key.to_secret_text();
    StandardSigner::new(&text).unwrap();
    assert_eq!(SigningKey::parse(&text).unwrap().verifying(), key.verifying());
    assert_eq!(key.verifying().to_string().parse::<VerifyingKey>().unwrap(), *key.verifying());
    assert!(!format!("{key:?}").contains(&text[PRIVATE_PART..]), "the seed is in {key:?}");
}

/// Behind it, the text of this test's key has its secret.
const PRIVATE_PART: usize = "PRIVATE+KEY+keys.example.com+01234567+AQ".len();

#[test]
fn a_checkpoint_of_another_log_or_key_is_refused_with_the_reason() {
    let (key, other) = two_keys();
    let note = head(3).sign("acme", &key);
    let known = [other.verifying().clone(), key.verifying().clone()];
    assert_eq!(Checkpoint::open(&note, "acme", &known), Ok(head(3)));
    let refusal = |log: &str, keys: &[VerifyingKey]| Checkpoint::open(&note, log, keys);
    let other_log = CheckpointError::OtherLog("keys.example.com/acme".into());
    assert_eq!(refusal("zeta", &known), Err(other_log));
    assert_eq!(refusal("acme", &known[..1]), Err(NoteError::UnknownKeys.into()));
}

#[test]
fn a_note_may_have_signatures_of_strangers_beside_a_good_one() {
    let (key, other) = two_keys();
    let known = [key.verifying().clone()];
    let (ours, theirs) = (head(3).sign("acme", &key), head(3).sign("acme", &other));
    let signature = theirs.lines().last().unwrap();
    let both = format!("{ours}{signature}\n");
    assert_eq!(Checkpoint::open(&both, "acme", &known), Ok(head(3)));
    // One that names a known key, but is not its own, spoils all.
    let forged = head(4).sign("acme", &key);
    let spoilt = format!("{ours}{}\n", forged.lines().last().unwrap());
    assert_eq!(Checkpoint::open(&spoilt, "acme", &known), Err(NoteError::Signature.into()));
}

fn two_keys() -> (SigningKey, SigningKey) {
    let key = |name| SigningKey::generate(name).unwrap();
    (key("keys.example.com"), key("other.example.com"))
}

#[test]
fn texts_that_are_no_keys_are_refused_with_the_reason() {
    let key = SigningKey::generate("keys.example.com").unwrap();
    let verifying = key.verifying().to_string();
    let renamed = verifying.replacen("keys", "mine", 1);
    assert_eq!(renamed.parse::<VerifyingKey>(), Err(NoteKeyError::Id));
    for text in ["", "a", "a+b", "a+0000000g+AQ==", "a+00000000+", "a+00000000+AQ=="] {
        assert_eq!(text.parse::<VerifyingKey>(), Err(NoteKeyError::Verifying), "{text}");
        assert_eq!(SigningKey::parse(text).unwrap_err(), NoteKeyError::Signing, "{text}");
    }
    for name in ["", "two words", "a+b", "a\nb", "\u{2003}"] {
        assert_eq!(SigningKey::generate(name).unwrap_err(), NoteKeyError::Name, "{name}");
    }
}

#[test]
fn a_bundle_has_each_line_behind_its_length() {
    let long = vec![b'x'; 300];
    let bundle = entry_bundle([b"ab".as_slice(), &long]).unwrap();
    assert_eq!(bundle[..6], [0, 2, b'a', b'b', 1, 44]);
    assert_eq!(bundle.len(), 4 + 2 + 300);
    assert_eq!(entry_bundle([vec![0; 1 << 16].as_slice()]), None);
}
