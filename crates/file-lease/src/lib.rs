//! Read leases on files, as Linux gives them (fcntl(2), "Leases").
//!
//! A read lease is granted only while nobody has the file open for writing. Whoever opens it for
//! writing, or truncates it, while somebody has a lease **waits** until the lease is given back, for
//! `/proc/sys/fs/lease-break-time` seconds at most. So a lease is held for moments only: to read a
//! file, or to exchange it.
//!
//! Left out: write leases, and signals. The kernel tells a holder by a signal that somebody waits,
//! and the default one, `SIGIO`, ends a process that does not expect it. This crate asks for
//! `SIGURG`, which a process ignores unless it says otherwise, and [`ReadLease::is_breaking`] asks
//! the kernel instead.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("file");
//! # std::fs::File::create(&path)?;
//! let file = std::fs::File::open(&path)?;
//! match file_lease::ReadLease::take(&file) {
//!     Ok(lease) => {
//!         // Nobody writes to the file here.
//!         drop(lease);
//!     }
//!     Err(file_lease::LeaseError::OpenForWriting) => println!("somebody writes to it"),
//!     Err(file_lease::LeaseError::NotPossible(error)) => println!("nobody can tell: {error}"),
//! }
//! # Ok(())
//! # }
//! ```

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use libc::c_int;

/// Sets the signal that tells of a break, in place of `SIGIO`. The same number on every processor
/// that Linux runs on but PA-RISC; the C library's bindings do not have it.
const F_SETSIG: c_int = 10;

/// A read lease on an open file, given back when dropped.
///
/// It belongs to the open file: of two leases on one open file, the first that is dropped ends both.
#[derive(Debug)]
pub struct ReadLease<'f> {
    file: &'f File,
}

/// Why there is no lease.
#[derive(Debug)]
pub enum LeaseError {
    /// Somebody has the file open for writing, or is about to.
    OpenForWriting,
    /// The file system has no leases, or the file belongs to another user and the process is not
    /// allowed to take leases on other people's files (`CAP_LEASE`).
    NotPossible(io::Error),
}

impl<'f> ReadLease<'f> {
    /// Takes a lease on a file that is open for reading alone. Never waits.
    ///
    /// # Errors
    /// [`LeaseError::OpenForWriting`] while anybody has the file open for writing, the caller
    /// included; [`LeaseError::NotPossible`] where there are no leases to be had.
    pub fn take(file: &'f File) -> Result<Self, LeaseError> {
        // Before there is a lease: between the two, the default signal could come.
        fcntl(file.as_fd(), F_SETSIG, libc::SIGURG).map_err(LeaseError::NotPossible)?;
        match fcntl(file.as_fd(), libc::F_SETLEASE, libc::F_RDLCK) {
            Ok(_) => Ok(Self { file }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(LeaseError::OpenForWriting)
            }
            Err(error) => Err(LeaseError::NotPossible(error)),
        }
    }

    /// Whether somebody waits for the lease to be given back, or had it taken away.
    ///
    /// # Errors
    /// What the system says when it is asked.
    pub fn is_breaking(&self) -> io::Result<bool> {
        Ok(fcntl(self.file.as_fd(), libc::F_GETLEASE, 0)? != libc::F_RDLCK)
    }
}

impl Drop for ReadLease<'_> {
    fn drop(&mut self) {
        // It fails only where the lease is gone already.
        let _ = fcntl(self.file.as_fd(), libc::F_SETLEASE, libc::F_UNLCK);
    }
}

/// The system call, for commands whose argument is a number or none.
#[expect(unsafe_code, reason = "the C library's function takes any command with any argument")]
fn fcntl(file: BorrowedFd<'_>, command: c_int, argument: c_int) -> io::Result<c_int> {
    // SAFETY: `F_SETSIG`, `F_SETLEASE` and `F_GETLEASE`, the commands that this crate uses, read
    // their argument as a number or not at all: no memory is handed over. The descriptor is open,
    // since it is borrowed.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}
