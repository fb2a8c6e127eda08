//! The calls that the folder store makes to the file system, so that tests can let each one fail.

mod attributes;
mod clock;
mod errno;
mod file_state;
mod ownership;

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use file_lease::{LeaseError, ReadLease};
use rustix::fs::{CWD, FlockOperation, OFlags, RenameFlags};

use crate::clock::{Clock as _, SystemClock};

pub(super) use self::clock::Now;
pub(super) use self::errno::{is_no_way, is_unsupported};
pub(super) use self::file_state::{FileState, GRAIN};
pub(in crate::storage) use self::ownership::create_store_folder;

/// Bytes that are compared at once: few enough to stay close to the processor.
const PIECE: usize = 64 * 1024;

/// The calls. Every one is a single attempt: none retries, none hides a failure.
pub(crate) trait FileSystem: Send + Sync {
    /// `stat`, of what a symlink names.
    fn stat(&self, path: &Path) -> io::Result<Metadata>;
    /// `stat`, of a symlink itself.
    fn stat_link(&self, path: &Path) -> io::Result<Metadata>;
    /// `stat` of an open file.
    fn stat_open(&self, file: &File) -> io::Result<Metadata>;
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<File>;
    /// Reads from the start of a file: at most so many bytes.
    fn read(&self, file: &File, most: u64) -> io::Result<Vec<u8>>;
    /// Whether a file holds exactly these bytes.
    fn holds(&self, file: &File, bytes: &[u8]) -> io::Result<bool>;
    /// Makes a file that is not there yet.
    fn create(&self, path: &Path) -> io::Result<File>;
    /// Writes all the bytes.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()>;
    /// Opens a file for reading and writing, made if it is not there.
    fn open_or_create(&self, path: &Path) -> io::Result<File>;
    /// Reads a range of a file: as many bytes of it as there are.
    fn read_at(&self, file: &File, from: u64, to: u64) -> io::Result<Vec<u8>>;
    /// Writes all the bytes from a place on.
    fn write_at(&self, file: &File, from: u64, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another length.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()>;
    /// Waits until a file's contents are on disk, if not all that is known of it.
    fn sync_data(&self, file: &File) -> io::Result<()>;
    /// Gives the file at a path the owner, group, mode and attributes of another.
    fn make_like(&self, path: &Path, file: &File, other: &File) -> io::Result<()>;
    /// Waits until a file's contents are on disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Waits until a folder's names are on disk.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Exchanges two names.
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
    /// Renames, replacing what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames to a name that is not there yet.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a name.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names in a folder.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    /// Makes a folder that is not there yet.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Takes a lock on a file, made if absent; held until the file is dropped. None where somebody else
    /// holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<File>>;
    /// Takes a lock on an open file, if nobody else has one that stands against it.
    fn try_lock(&self, file: &File, operation: FlockOperation) -> bool;
    /// Takes a lease on a file: while it lasts, nobody has the file open for writing.
    fn lease<'f>(&self, file: &'f File) -> Result<ReadLease<'f>, LeaseError>;
    /// The time.
    fn now(&self) -> Now;
    /// Waits.
    fn pause(&self, time: Duration);
}

/// Why a new file cannot be given to whom the file that it replaces belongs, and what helps.
fn not_given(error: io::Error, own: &Metadata, other: &Metadata) -> io::Error {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error;
    }
    let (user, group) = (other.uid(), other.gid());
    let sentence = format!(
        "the file that it replaces belongs to user {user} and group {group}, to whom user {} cannot \
         give a file; run neokeys as that user and in that group, or chown the file to its own",
        own.uid()
    );
    io::Error::new(error.kind(), sentence)
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OsFileSystem;

impl FileSystem for OsFileSystem {
    fn stat(&self, path: &Path) -> io::Result<Metadata> {
        path.metadata()
    }

    fn stat_link(&self, path: &Path) -> io::Result<Metadata> {
        path.symlink_metadata()
    }

    fn stat_open(&self, file: &File) -> io::Result<Metadata> {
        file.metadata()
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        // Opening a pipe that someone put there must not wait for its other end.
        let flags = OFlags::NONBLOCK.bits() as i32;
        let open = OpenOptions::new().read(true).custom_flags(flags).open(path);
        open.map_err(|error| ownership::explain(error, path))
    }

    fn read(&self, mut file: &File, most: u64) -> io::Result<Vec<u8>> {
        io::Seek::rewind(&mut file)?;
        let size = usize::try_from(file.metadata()?.len().min(most)).unwrap_or(0);
        let mut bytes = Vec::with_capacity(size + 1);
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn holds(&self, file: &File, bytes: &[u8]) -> io::Result<bool> {
        if file.metadata()?.len() != bytes.len() as u64 {
            return Ok(false);
        }
        // Piece by piece: a copy of the whole would cost more than the comparison.
        let mut piece = vec![0; PIECE.min(bytes.len())];
        let mut compared = 0;
        while compared < bytes.len() {
            let length = file.read_at(&mut piece, compared as u64)?;
            if length == 0 || !bytes[compared..].starts_with(&piece[..length]) {
                return Ok(false);
            }
            compared += length;
        }
        // What was written behind them meanwhile counts too.
        Ok(file.read_at(&mut [0], compared as u64)? == 0)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        ownership::create_file(path)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn open_or_create(&self, path: &Path) -> io::Result<File> {
        loop {
            let open = OpenOptions::new().read(true).write(true).open(path);
            match open {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => return outcome.map_err(|error| ownership::explain(error, path)),
            }
            match ownership::create_shared_file(path) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => return outcome,
            }
        }
    }

    fn read_at(&self, file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(file.metadata()?.len().min(to).saturating_sub(from));
        let mut bytes = vec![0; length.unwrap_or(0)];
        let mut read = 0;
        while read < bytes.len() {
            match file.read_at(&mut bytes[read..], from + read as u64)? {
                0 => break,
                more => read += more,
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }

    fn write_at(&self, file: &File, from: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, from)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn make_like(&self, path: &Path, file: &File, other: &File) -> io::Result<()> {
        let (own, from) = (file.metadata()?, other);
        let other = from.metadata()?;
        if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
            let given = std::os::unix::fs::fchown(file, Some(other.uid()), Some(other.gid()));
            if let Err(error) = given {
                if !ownership::may_take_over(path, &own, &other) {
                    return Err(not_given(error, &own, &other));
                }
                std::os::unix::fs::fchown(file, None, Some(other.gid()))?;
            }
        }
        // An access control list sets the mode too, and a mode may forbid to set attributes.
        attributes::copy(from, file)?;
        let mode = other.mode() & 0o7777;
        if file.metadata()?.mode() & 0o7777 != mode {
            file.set_permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(
                mode,
            ))?;
        }
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A second name, then one less, comes to the same where the flag is not known.
            Err(error) if is_unsupported(&error.into()) => {
                std::fs::hard_link(from, to)?;
                std::fs::remove_file(from)
            }
            outcome => Ok(outcome?),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        path.read_dir()?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        ownership::create_folder(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<File>> {
        let file = ownership::open_lock(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn try_lock(&self, file: &File, operation: FlockOperation) -> bool {
        rustix::fs::flock(file, operation).is_ok()
    }

    fn lease<'f>(&self, file: &'f File) -> Result<ReadLease<'f>, LeaseError> {
        ReadLease::take(file)
    }

    fn now(&self) -> Now {
        // Compared with the times that the kernel gives files. They fit until the year 2554.
        Now { since_epoch: SystemClock.since_epoch().as_nanos() as u64, steady: Instant::now() }
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
