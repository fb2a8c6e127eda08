//! Access control lists and extended attributes, which people attach to files.
//!
//! What the system attaches (security labels, capabilities) is the system's to give to a new file.

use std::fs::File;
use std::io;

use rustix::fs::{XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query};
use rustix::fs::{fremovexattr, fsetxattr};

use super::errno::is_unsupported;

/// Gives a file what is attached to another, and takes from it what is not.
pub(super) fn copy(from: &File, to: &File) -> io::Result<()> {
    let (theirs, own) = (names(from)?, names(to)?);
    // A folder's default list goes to every new file in it.
    for name in own.iter().filter(|name| !theirs.contains(name)) {
        fremovexattr(to, name.as_slice())?;
    }
    for name in &theirs {
        fsetxattr(to, name.as_slice(), &value(from, name)?, XattrFlags::empty())?;
    }
    Ok(())
}

/// The names of what people attached.
fn names(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let length = match flistxattr_query(file) {
        Ok(length) => length,
        Err(error) if is_unsupported(&error.into()) => 0,
        Err(error) => return Err(error.into()),
    };
    let mut list = vec![0; length];
    if length > 0 {
        let written = flistxattr(file, &mut list[..])?;
        list.truncate(written);
    }
    let is_peoples = |name: &&[u8]| name.starts_with(b"user.") || *name == ACCESS_CONTROL_LIST;
    Ok(list.split(|byte| *byte == 0).filter(is_peoples).map(<[u8]>::to_vec).collect())
}

/// Where Linux keeps the access control list of a file (acl(5)).
const ACCESS_CONTROL_LIST: &[u8] = b"system.posix_acl_access";

fn value(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0; fgetxattr_query(file, name)?];
    if !value.is_empty() {
        let written = fgetxattr(file, name, &mut value[..])?;
        value.truncate(written);
    }
    Ok(value)
}
