//! The heads of audit logs that neokeys' own log names: those alone that came to be.

use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::Mutex;

use neokeys_testkit::tenants::{Folder, commit, create, tenant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps the lines that name heads.
struct Lines;

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "neokeys_store::storage::log_draft"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        unreachable!("no span is enabled")
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        LINES.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The lines that name a head of this test's tenant.
fn lines() -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| line.contains("tenant.id=told ")).cloned().collect()
}

#[tokio::test]
async fn a_head_is_named_once_it_came_to_be() {
    tracing::subscriber::set_global_default(Lines).unwrap();
    let (folder, told) = (Folder::new(), tenant("told"));
    fs::create_dir(folder.root.join("told")).unwrap();
    let log = folder.root.join(".neokeys/audit/told");
    fs::create_dir_all(log.parent().unwrap()).unwrap();
    // Nothing can be appended where something else is.
    fs::write(&log, "a file").unwrap();
    let store = folder.open();
    commit(&store, &told, create("a")).await.unwrap_err();
    assert_eq!(lines(), [""; 0]);
    fs::remove_file(&log).unwrap();
    for size in 1..=3 {
        commit(&store, &told, create(&format!("key-{size}"))).await.unwrap();
        let verified = store.verify_log(&told, None).await.unwrap();
        let root = verified.checkpoint.lines().nth(2).unwrap();
        let expected = format!("audit.size={size} audit.root={root} ");
        let lines = lines();
        assert_eq!(lines.len(), size, "{lines:?}");
        assert!(lines[size - 1].contains(&expected), "{lines:?} {expected}");
    }
}
