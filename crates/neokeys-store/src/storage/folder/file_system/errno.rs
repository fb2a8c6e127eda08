//! Kinds of errors that the standard library does not tell apart.

use std::io;

use rustix::io::Errno;

/// Whether a path leads nowhere: nothing is there, or what should be a folder on the way is a file,
/// or a symlink that comes back to itself.
pub(crate) fn is_no_way(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

/// Whether the file system does not know a call or its flag.
pub(crate) fn is_unsupported(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}
