//! A tenant's log in a folder, and whether it explains the document.

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

fn explain(records: Vec<Record>, tenant: &str, present: DocumentState) -> Vec<String> {
    let (mut made, mut last, mut batch) = (Vec::new(), None, None);
    for (number, record) in records.into_iter().enumerate() {
        assert_eq!(record.sequence, number as u64, "{record:?}");
        assert_eq!(record.tenant, tenant);
        let Some(change) = record.document else { continue };
        if last.is_some_and(|last| last != change.before) {
            assert_eq!(batch, Some(change), "line {number} leads from nowhere: {record:?}");
        }
        if let Some((first, to)) = record.undone {
            made.retain(|(line, _)| !(first..=to).contains(line));
        } else {
            made.push((record.sequence, format!("{} {}", record.action, record.subject)));
        }
        batch = record.is_of_change().then_some(change);
        last = Some(change.after);
    }
    assert_eq!(last.unwrap_or(DocumentState::Absent), present, "the log ends elsewhere: {made:?}");
    made.into_iter().map(|(_, told)| told).collect()
}
