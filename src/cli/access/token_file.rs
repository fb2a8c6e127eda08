//! The file that tokens of new keys go to: a JSON object a line, which its owner alone can read.
//!
//! Invariants: a token that is made here is in the file, durably, before its key is made, and not any more where
//! the key was certainly not made. Where a server makes it, there is room for it in the file before the server is
//! asked.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::domain::TenantId;

/// An open file of tokens.
pub(in crate::cli) struct TokenFile {
    file: File,
    path: String,
}

/// More than a line with a token takes: two names, and a token with its prefix.
const LONGEST_LINE: u64 = 512;

/// Where the file ended before tokens were added.
pub(super) struct Mark(u64);

#[derive(Serialize)]
struct Line<'a> {
    tenant: &'a str,
    name: &'a str,
    token: &'a str,
}

impl TokenFile {
    /// Opens the file, behind what is in it already.
    pub(in crate::cli) fn open(path: &Path) -> Result<Self, Failure> {
        let path_shown = path.display().to_string();
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let file = opened
            .map_err(|error| Failure::because(format!("{path_shown} cannot be opened: {error}")))?;
        let state = file.metadata().map_err(|error| Failure::refused(&error))?;
        if !state.is_file() || state.mode() & 0o077 != 0 {
            return Err(Failure::because(format!("{path_shown} can be read by others"))
                .hint(format!("chmod 600 {path_shown}, or name a file that is not there yet")));
        }
        let opened = Self { file, path: path_shown };
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = match File::open(folder.unwrap_or(Path::new("."))) {
            // Whoever may write there and not list it cannot sync it.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            folder => folder.map(Some),
        };
        let synced =
            opened.file.sync_all().and_then(|()| folder?.map_or(Ok(()), |it| it.sync_all()));
        synced.map_err(|error| opened.failed(&error))?;
        Ok(opened)
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::because(format!("{} cannot be written: {error}", self.path))
    }

    /// Makes sure that there is room for so many tokens, on a disk that can promise it.
    pub(super) fn reserve(&self, tokens: usize) -> Result<(), Failure> {
        let end = self.file.metadata().map_err(|error| self.failed(&error))?.len();
        let room = u64::try_from(tokens).unwrap_or(u64::MAX).saturating_mul(LONGEST_LINE);
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, end, room) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(self.failed(&std::io::Error::from(error))),
        }
    }

    /// Adds tokens, each with the name of its key.
    pub(super) fn add<'t>(
        &mut self,
        tenant: &TenantId,
        tokens: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Mark, Failure> {
        let mark = self.file.metadata().map_err(|error| self.failed(&error))?.len();
        let mut text = Zeroizing::new(Vec::new());
        for (name, token) in tokens {
            let line = Line { tenant: tenant.as_str(), name, token };
            serde_json::to_writer(&mut *text, &line).map_err(|error| self.failed(&error))?;
            text.push(b'\n');
        }
        let written = (&self.file).write_all(&text).and_then(|()| self.file.sync_all());
        written.map_err(|error| self.failed(&error))?;
        Ok(Mark(mark))
    }

    /// Takes out what was added behind a mark: its keys were not made.
    pub(super) fn take_back(&mut self, Mark(end): &Mark) -> Result<(), Failure> {
        self.file.set_len(*end).map_err(|error| {
            self.failed(&error).hint("the last tokens in it are of keys that were not made")
        })
    }
}
