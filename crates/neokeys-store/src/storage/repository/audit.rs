//! The settings of audit logs, and the key that signs their heads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::causes::in_full;
use crate::storage::url::StoreUrl;
use crate::transparency::{NoteKeyError, SigningKey, VerifyingKey};

/// Settings of the audit logs of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// Whether there are any.
    pub enabled: bool,
    /// The name of the key that is made; the host's where none is set.
    pub origin: Option<String>,
    /// The file with the key, made if it is not there. Where none is set, it is kept beside the logs of
    /// a store in a folder; heads of others are not signed.
    pub signing_key: Option<PathBuf>,
    /// Keys beside this one that verify heads: those that signed before it.
    pub verify_keys: Vec<VerifyingKey>,
    /// Whether callers' addresses are recorded.
    pub addresses: bool,
}

/// How changes are recorded.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) enabled: bool,
    config: AuditConfig,
    /// The file with the key, where it is looked for once there is something to sign.
    beside: Option<PathBuf>,
    key: OnceLock<Arc<SigningKey>>,
}

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum AuditKeyError {
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The attempt, as a verb.
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} holds no key that signs; `neokeys audit keygen` creates one", path.display())]
    Key { path: PathBuf, source: NoteKeyError },
    #[error("no key can be created; set audit.origin to a name without blanks and plus signs")]
    New(#[source] NoteKeyError),
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            origin: None,
            signing_key: None,
            verify_keys: Vec::new(),
            addresses: true,
        }
    }
}

impl Audit {
    /// Records, unsigned.
    pub(super) fn unsigned(config: &AuditConfig) -> Self {
        let (config, key) = (config.clone(), OnceLock::new());
        Self { enabled: config.enabled, config, beside: None, key }
    }

    /// The same with the key that is set, made if it is not there.
    pub(super) fn open(url: &StoreUrl, config: &AuditConfig) -> Result<Self, AuditKeyError> {
        let mut audit = Self::unsigned(config);
        match (&config.signing_key, url) {
            _ if !config.enabled => {}
            (Some(path), _) => audit.key = Arc::new(key(path, config)?).into(),
            (None, StoreUrl::File(folder)) => {
                audit.beside = Some(folder.join(".neokeys").join("audit.key"));
            }
            (None, StoreUrl::Memory | StoreUrl::Etcd(_) | StoreUrl::Objects(_)) => {}
        }
        Ok(audit)
    }

    /// The keys that verify heads. None is made for that.
    pub(super) fn verifying_keys(&self) -> Vec<VerifyingKey> {
        let mut keys = self.config.verify_keys.clone();
        let beside = || {
            let text =
                fs::read_to_string(self.beside.as_ref()?).map(zeroize::Zeroizing::new).ok()?;
            Some(SigningKey::parse(text.trim_end()).ok()?.verifying().clone())
        };
        keys.extend(self.key.get().map(|key| key.verifying().clone()).or_else(beside));
        keys
    }

    /// The key. Where there is none, or it is another user's, heads are left unsigned: whoever may change
    /// keys need not be who signs, and the next who has the key signs for all.
    pub(super) fn key(&self) -> Option<&SigningKey> {
        if let (None, Some(path)) = (self.key.get(), &self.beside) {
            match key(path, &self.config) {
                Ok(key) => drop(self.key.set(Arc::new(key))),
                Err(error) => {
                    let fault = in_full(&error);
                    tracing::debug!(fault, "the head of an audit log is not signed");
                }
            }
        }
        self.key.get().map(|key| &**key)
    }
}

/// The key in a file, made if it is not there.
fn key(path: &Path, config: &AuditConfig) -> Result<SigningKey, AuditKeyError> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let failed = |action| move |source| AuditKeyError::Io { action, path: path.to_owned(), source };
    loop {
        match fs::read_to_string(path).map(zeroize::Zeroizing::new) {
            Ok(text) => {
                let no_key = |source| AuditKeyError::Key { path: path.to_owned(), source };
                return SigningKey::parse(text.trim_end()).map_err(no_key);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(failed("read")(source)),
        }
        let host = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let name = config.origin.clone().or_else(host).unwrap_or_else(|| "neokeys".to_owned());
        let key = SigningKey::generate(name.trim()).map_err(AuditKeyError::New)?;
        // Under another name until it is whole: another process or thread may be about to read it, or to make one.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let staged = path.with_extension(format!("key-{}-{number}", std::process::id()));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged);
        let written = made.and_then(|mut file| {
            file.write_all(key.to_secret_text().as_bytes())?;
            file.write_all(b"\n")?;
            give_to_store(path, &file)?;
            file.sync_all()
        });
        let named = written.and_then(|()| fs::hard_link(&staged, path));
        let _ = fs::remove_file(&staged);
        match named {
            Ok(()) => return Ok(key),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(failed("create")(source)),
        }
    }
}

/// Gives a file that root creates beside the logs to their owner.
fn give_to_store(path: &Path, file: &File) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let owner = folder.unwrap_or(Path::new(".")).metadata()?;
    if rustix::process::geteuid().is_root() {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::{AuditConfig, key};

    #[test]
    fn all_who_make_the_key_at_once_have_the_one_that_is_kept() {
        const THREADS: usize = 16;
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("audit.key");
            let config = AuditConfig { origin: Some("test".to_owned()), ..AuditConfig::default() };
            let together = Barrier::new(THREADS);
            let made = std::thread::scope(|scope| {
                let make = || {
                    together.wait();
                    key(&path, &config).unwrap().verifying().clone()
                };
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(make)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            let kept = key(&path, &config).unwrap();
            assert!(made.iter().all(|made| made == kept.verifying()));
            assert_eq!(folder.path().read_dir().unwrap().count(), 1, "staged keys are left");
        }
    }
}
