//! Edits that somebody went on making in a file after a write had taken it out of its place.

mod displaced_files;
mod merge;
mod merge_lines;
mod watcher;

pub(super) use self::displaced_files::{Displaced, DisplacedFiles};
pub(super) use self::merge::merge;
pub(super) use self::watcher::Watcher;
