//! A tenant's log in a folder, and whether it explains the document.

use std::collections::BTreeSet;
use std::path::Path;

use neokeys_store::audit::{DocumentState, Record};
use neokeys_store::domain::TenantId;
use neokeys_store::storage::{DocumentStore, Reading};

/// The lines of a log in a folder, each read back.
pub fn records(root: &Path, tenant: &str) -> Vec<Record> {
    let folder = root.join(".neokeys/audit").join(tenant);
    let mut records = Vec::new();
    for segment in 1.. {
        let path = folder.join(format!("events-{segment:04}.jsonl"));
        let Ok(text) = std::fs::read(path) else { break };
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        // An incomplete last line was never told of.
        let whole = lines.filter_map(|line| line.strip_suffix(b"\n"));
        records.extend(whole.map(|line| Record::parse(line).unwrap()));
    }
    records
}

/// The changes that a log says were made, in order, as `Create crm-sync`. Holds that the log has no gap,
/// that each state of the document leads to the next, and that the last one is the present document.
pub fn explained(root: &Path, tenant: &str) -> Vec<String> {
    let document = std::fs::read(root.join(tenant).join("security.yml"));
    let present = document.map_or(DocumentState::Absent, |bytes| DocumentState::of(&bytes));
    explain(records(root, tenant), tenant, present)
}

/// The same, of a log in any store.
pub async fn explained_in(documents: &dyn DocumentStore, tenant: &TenantId) -> Vec<String> {
    let log = documents.audit_log().unwrap();
    let mut records = Vec::new();
    loop {
        let lines = log.read_lines(tenant, records.len() as u64).await.unwrap();
        if lines.is_empty() {
            break;
        }
        records.extend(lines.iter().map(|line| Record::parse(line).unwrap()));
    }
    let present = match documents.read_newest(tenant, None).await.unwrap() {
        Reading::Found(document)
            if !document.version.eq(&neokeys_store::storage::Version::ABSENT) =>
        {
            DocumentState::of(&document.bytes)
        }
        _ => DocumentState::Absent,
    };
    explain(records, tenant.as_str(), present)
}

/// The names of the keys that are there after changes as [`explained`] tells them.
pub fn created(told: &[String]) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for change in told {
        if let Some(name) = change.strip_prefix("Create ") {
            assert!(there.insert(name.to_owned()), "{name} was created twice");
        } else if let Some(name) = change.strip_prefix("Delete ") {
            assert!(there.remove(name), "{name} was deleted and not there");
        }
    }
    there
}

fn explain(records: Vec<Record>, tenant: &str, present: DocumentState) -> Vec<String> {
    let (mut last, mut batch) = (None, None);
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.sequence, number as u64, "{record:?}");
        assert_eq!(record.tenant, tenant);
        let Some(change) = record.document else { continue };
        if last.is_some_and(|last| last != change.before) {
            assert_eq!(batch, Some(change), "line {number} leads from nowhere: {record:?}");
        }
        batch = record.is_of_change().then_some(change);
        last = Some(change.after);
    }
    let made = made(records);
    assert_eq!(last.unwrap_or(DocumentState::Absent), present, "the log ends elsewhere: {made:?}");
    made
}

/// The changes that were not taken back, from the last to the first: what takes some back can be taken back.
fn made(records: Vec<Record>) -> Vec<String> {
    let mut taken_back = vec![false; records.len()];
    let mut made = Vec::new();
    for (number, record) in records.into_iter().enumerate().rev() {
        match record.undone {
            _ if taken_back[number] => {}
            Some((first, last)) => {
                let lines = usize::try_from(first).unwrap()..=usize::try_from(last).unwrap();
                taken_back[lines].fill(true);
            }
            None if record.document.is_some() => {
                made.push(format!("{} {}", record.action, record.subject));
            }
            None => {}
        }
    }
    made.reverse();
    made
}
