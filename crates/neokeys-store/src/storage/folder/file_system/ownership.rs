//! Owners and modes of the files and folders that neokeys makes: they are the store's.
//!
//! A command that root runs on the store of another user, or a member of its group, must leave
//! nothing behind that this user cannot use. What is made anew gets the owner and the group of the
//! store's folder, as far as the system lets us, and never more rights than that folder gives.
//!
//! Invariant: nothing changes hands but what was made just now, through its open descriptor, and our
//! own folder: a name could lead root elsewhere meanwhile.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use crate::storage::folder::file_names::OWN_FOLDER;

/// A file that is not there yet, in a folder of the store's.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    let open = OpenOptions::new().read(true).write(true).create_new(true).mode(0o640).open(path);
    let file = open.map_err(|error| explain(error, path))?;
    if let Some(store) = store_of_file(path) {
        give(&file, &store, 0o600 | store.mode() & 0o040)?;
    }
    Ok(file)
}

/// A folder of the store's that is not there yet.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let store = own_folder_in(path).or(path.parent()).and_then(|it| it.metadata().ok());
    let made = DirBuilder::new().mode(0o750).create(path);
    made.map_err(|error| explain_for(error, path, store.as_ref()))?;
    let Some(store) = store else { return Ok(()) };
    let folder = open_folder(path)?;
    let others = if store.mode() & 0o002 == 0 { 0 } else { store.mode() & 0o007 };
    let mode = 0o700 | store.mode() & 0o2070 | others;
    give(&folder, &store, mode)?;
    // Who may make tenants may work in them.
    if store.mode() & 0o020 != 0 && folder.metadata()?.uid() == geteuid().as_raw() {
        folder.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// The store's own folder, and those above it that are not there; root's are whose the folder above
/// is.
pub(in crate::storage) fn create_store_folder(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty())
        && !above.is_dir()
    {
        create_store_folder(above)?;
    }
    match DirBuilder::new().mode(0o750).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        made => made?,
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    let above = above.unwrap_or(Path::new(".")).metadata()?;
    if geteuid().is_root() { give(&open_folder(path)?, &above, 0o750) } else { Ok(()) }
}

/// A file to lock, made if it is not there. A lock needs no more than a file that can be read.
pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    loop {
        match OpenOptions::new().write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return File::open(path).map_err(|_unreadable| explain(error, path));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        take_back_own_folder(path)?;
        match OpenOptions::new().write(true).create_new(true).mode(0o640).open(path) {
            Ok(file) => {
                if let Some(store) = store_of_file(path) {
                    let others = if store.mode() & 0o002 == 0 { 0 } else { 0o004 };
                    let mode = 0o600 | store.mode() & 0o040 | others;
                    give(&file, &store, mode)?;
                    // Whatever the umask left: who may change keys takes the lock.
                    if file.metadata()?.uid() == geteuid().as_raw() {
                        file.set_permissions(Permissions::from_mode(mode))?;
                    }
                }
                return Ok(file);
            }
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(explain(error, path)),
        }
    }
}

/// Whether a new file may stay its maker's where it cannot be given to whom the old one belongs: a
/// document that a member of the store's group made is the store's all the same.
pub(super) fn may_take_over(path: &Path, own: &Metadata, other: &Metadata) -> bool {
    store_of_file(path).is_some_and(|store| store.uid() == own.uid() && store.gid() == other.gid())
}

/// The state of the store's folder, from the path of a file in a folder of it.
fn store_of_file(path: &Path) -> Option<Metadata> {
    store_folder(path)?.metadata().ok()
}

fn store_folder(path: &Path) -> Option<PathBuf> {
    let store = own_folder_in(path).or(path.parent()?.parent())?;
    Some(if store.as_os_str().is_empty() { ".".into() } else { store.to_owned() })
}

/// The folder that has our own one, in which a path leads: all below that is the store's.
fn own_folder_in(path: &Path) -> Option<&Path> {
    let own = path.ancestors().skip(1).find(|it| it.file_name().is_some_and(|it| it == OWN_FOLDER));
    own?.parent()
}

/// A file that whoever may change keys writes to, not there yet.
pub(super) fn create_shared_file(path: &Path) -> io::Result<File> {
    let file = create_file(path)?;
    if store_of_file(path).is_some_and(|store| store.mode() & 0o020 != 0) {
        file.set_permissions(Permissions::from_mode(0o660))?;
    }
    Ok(file)
}

fn open_folder(path: &Path) -> io::Result<File> {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Gives what was made just now to whom the store belongs. Where somebody else than the owner made
/// it, its mode is what the owner needs, whatever the maker's umask left of it.
fn give(made: &File, store: &Metadata, mode: u32) -> io::Result<()> {
    let own = made.metadata()?;
    if (own.uid(), own.gid()) == (store.uid(), store.gid()) {
        return Ok(());
    }
    let maker = own.uid();
    let user = (geteuid().is_root() && maker != store.uid()).then(|| store.uid());
    let group = (own.gid() != store.gid()).then(|| store.gid());
    match fchown(made, user, group) {
        // A group that we are no member of, or a root that is none: of a user namespace, or of
        // another machine.
        Err(error)
            if !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput) =>
        {
            return Err(error);
        }
        Ok(()) | Err(_) => {}
    }
    if maker == store.uid() {
        return Ok(());
    }
    made.set_permissions(Permissions::from_mode(mode))
}

/// Root gives our own folder back to whom the store belongs, if root made it once.
fn take_back_own_folder(lock: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (Some(own), Some(store)) = (lock.parent(), store_of_file(lock)) else { return Ok(()) };
    match open_folder(own) {
        Ok(folder) if folder.metadata()?.uid() == 0 => {
            give(&folder, &store, 0o700 | store.mode() & 0o2070)
        }
        // It is not there yet, or is what nobody's name may be changed for.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Says whose a file is that may not be used, or its folder, and what helps.
pub(super) fn explain(error: io::Error, path: &Path) -> io::Error {
    explain_for(error, path, store_of_file(path).as_ref())
}

fn explain_for(error: io::Error, path: &Path, store: Option<&Metadata>) -> io::Error {
    if error.kind() != ErrorKind::PermissionDenied {
        return error;
    }
    let there = path.ancestors().find_map(|place| Some((place, place.symlink_metadata().ok()?)));
    let Some((place, there)) = there else { return error };
    let store = store.unwrap_or(&there);
    let (user, owner, place) = (geteuid().as_raw(), there.uid(), place.display());
    let sentence = if owner != user && store.uid() == user {
        format!(
            "{place} belongs to user {owner}, and the store to user {user}; `chown -R {user}:{} {place}` \
             as root gives it back",
            store.gid()
        )
    } else if store.uid() != user {
        let owner = store.uid();
        format!(
            "the store belongs to user {owner}, and user {user} may not use {place}; run neokeys as \
             user {owner}, for example with `sudo -u '#{owner}'` or `docker exec -u {owner}`"
        )
    } else {
        format!(
            "the mode {:o} of {place} keeps its owner out; `chmod u+rwX {place}` fixes it",
            there.mode() & 0o7777
        )
    };
    io::Error::new(error.kind(), sentence)
}
