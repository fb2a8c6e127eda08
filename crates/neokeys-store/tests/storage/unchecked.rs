//! Checks that this machine does not allow, told where nobody can miss it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Notes it; `tests/run` shows all notes as its last lines.
pub(crate) fn not_checked_here(what: &str) {
    println!("NOT CHECKED HERE: {what}");
    let notes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("not-checked-here");
    let mut notes = OpenOptions::new().create(true).append(true).open(notes).unwrap();
    notes.write_all(format!("{what}\n").as_bytes()).unwrap();
}
