//! Reading a file in the middle of a handshake, where nothing may be waited for.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Far more than a chain of certificates takes.
const LARGEST: u64 = 1 << 20;

/// The bytes of a file. A pipe, a device or a folder in its place is an error at once: opening a
/// pipe waits for whoever writes to it, and reading a device may have no end.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        let message = "it is not a file but a pipe, a device or a folder; name a file";
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("it has more than {LARGEST} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::{LARGEST, read};

    #[test]
    fn what_is_no_file_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [pipe.as_path(), &link, folder.path(), "/dev/zero".as_ref()] {
            let error = read(path).unwrap_err();
            assert!(error.to_string().contains("name a file"), "{error}");
        }
        assert!(read(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"-----BEGIN").unwrap();
        assert_eq!(read(&path).unwrap(), b"-----BEGIN");
        file.set_len(LARGEST + 1).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("more than"));
    }
}
