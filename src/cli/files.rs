//! Files of keys that commands read: bounded, and with an error that names the file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::failure::Failure;

/// The largest file that is read.
const LARGEST: u64 = 16 << 20;

/// Reads a file.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: &std::io::Error| {
        Failure::because(format!("{} cannot be read: {error}", path.display()))
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::because(format!("{} has more than 16 MiB", path.display()))
            .hint("split it into several files"));
    }
    Ok(bytes)
}
