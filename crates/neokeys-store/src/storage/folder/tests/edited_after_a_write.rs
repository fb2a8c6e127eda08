//! A document that was changed and acknowledged by another process, and that a hand opens at once. Its
//! file can have the number and the birth of the one that is known: numbers are handed out again within a
//! tick of the clock.

use std::fs;
use std::io::Write as _;

use bytes::Bytes;

use super::fault_injection::put;
use crate::domain::TenantId;
use crate::storage::document_store::Reading;
use crate::storage::folder::FolderStore;

const OLD: &str = "apiKeys: []\n";
const NEW: &str = "apiKeys: [] # changed\n";

#[test]
fn what_was_acknowledged_is_served_though_a_hand_has_a_file_of_the_same_number_open() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("t/security.yml");
    fs::create_dir(folder.path().join("t")).unwrap();
    put(&document, OLD);
    let id = TenantId::parse("t").unwrap();
    let open = || FolderStore::new(folder.path(), 1 << 20);
    let (reader, writer) = (open(), open());
    // The journal's folder is there from the first change on.
    let Reading::Found(first) = writer.folder.read(&id, None).unwrap() else { panic!() };
    writer.folder.write(&id, &first, &Bytes::from_static(b"apiKeys:\n")).unwrap();
    let Reading::Found(known) = reader.folder.read(&id, None).unwrap() else { panic!() };

    let journaled = writer.folder.journal_begin(&id, NEW.as_bytes()).unwrap();
    let mut in_place = fs::File::options().write(true).truncate(true).open(&document).unwrap();
    in_place.write_all(NEW.as_bytes()).unwrap();
    drop(in_place);
    writer.folder.journal_commit(&id, journaled);
    let mut hand = fs::File::options().append(true).open(&document).unwrap();
    hand.write_all(b"# by").unwrap();

    let read = reader.folder.read(&id, Some(&known.version)).unwrap();
    let Reading::Found(found) = read else { panic!("served from before the change: {read:?}") };
    assert!(found.bytes.starts_with(NEW.as_bytes()), "{found:?}");
}
