//! A log of many lines in a folder, put there at once: no key was changed for any of them.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use neokeys_store::audit::{Action, DocumentChange, DocumentState, Event, Subject};
use neokeys_store::domain::{Actor, Initiator, KeyName, TenantId};
use neokeys_store::storage::{DocumentStore as _, FolderStore};
use neokeys_store::storage::{LogEntry, LogHead, SEGMENT};
use neokeys_store::transparency::{BLOCK, Checkpoint, CompactRange, SigningKey, TreeHash};

/// One line of so many is of the key [`RARE_KEY`].
pub const RARE: u64 = 5_000;
pub const RARE_KEY: &str = "rare";
/// Names of the keys of other lines: `key-0` and so on.
const KEYS: u64 = 1_000;
/// Lines that are appended at once.
const BATCH: u64 = SEGMENT / 4;

/// Gives a tenant that has a document a log of so many lines, which lead to it, signed by the store's key.
pub async fn write(root: &Path, tenant: &TenantId, lines: u64) {
    let store = FolderStore::new(root, 1 << 30);
    let turn = store.lock(tenant, Duration::from_secs(60)).await.unwrap();
    let key = SigningKey::generate("keys.example.com").unwrap();
    let mut file = fs::OpenOptions::new();
    let file = file.write(true).create_new(true).mode(0o600).open(root.join(".neokeys/audit.key"));
    std::io::Write::write_all(&mut file.unwrap(), key.to_secret_text().as_bytes()).unwrap();
    let document = fs::read(root.join(tenant.as_str()).join("security.yml")).unwrap();
    let last = DocumentState::of(&document);
    let state = |number: u64| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        if number == lines { last } else { DocumentState::Sha256(hash) }
    };
    let (mut head, mut tree) = (LogHead::default(), CompactRange::default());
    while head.size < lines {
        let mut entry = LogEntry {
            after: head.clone(),
            lines: Vec::new().into(),
            torn: 0,
            blocks: Vec::new(),
            starts: Vec::new(),
            head: head.clone(),
        };
        let mut text = Vec::new();
        for sequence in head.size..lines.min(head.size + BATCH) {
            let change = DocumentChange { before: state(sequence), after: state(sequence + 1) };
            let line = event(tenant, sequence, change).line(sequence);
            if sequence % SEGMENT == 0 {
                head.segment_bytes = 0;
            }
            if sequence % BLOCK == 0 {
                entry.starts.push((sequence / BLOCK, head.segment_bytes));
            }
            entry.blocks.extend(tree.append(TreeHash::of_line(&line)));
            text.extend_from_slice(&line);
            text.push(b'\n');
            head.segment_bytes += line.len() as u64 + 1;
        }
        let checkpoint = Checkpoint { size: tree.size(), root: tree.root() };
        head.size = tree.size();
        head.document = Some(state(head.size));
        head.subtrees = tree.subtrees().to_vec();
        head.checkpoint = checkpoint.sign(tenant.as_str(), &key);
        (entry.lines, entry.head) = (text.into(), head.clone());
        store.audit_log().unwrap().append(&turn, tenant, &entry).await.unwrap();
    }
}

fn event(tenant: &TenantId, sequence: u64, change: DocumentChange) -> Event {
    let key = if sequence % RARE == RARE / 2 {
        RARE_KEY.to_owned()
    } else {
        format!("key-{}", sequence.wrapping_mul(7_919) % KEYS)
    };
    Event {
        at: Duration::from_millis(1_795_723_200_000 + sequence),
        initiator: Initiator::of(Actor::system_user("deploy", 1000)),
        tenant: tenant.clone(),
        subject: Subject::Key(KeyName::parse(&key).unwrap()),
        action: Action::Rotate { overlap: Some(Duration::from_secs(86_400)) },
        refusal: None,
        document: Some(change),
        plan: None,
    }
}
