//! Documents in a folder: `DIR/<tenantId>/security.yml`.
//!
//! A tenant exists when its folder does. Reading asks the file's identity first, which costs about a
//! microsecond; only a file that changed is opened. Writing is [`replace`]'s. `DIR/.neokeys` holds
//! the locks by which neokeys processes keep off each other, and tells git to ignore itself.
//!
//! Invariant: nothing but `security.yml` of a folder whose name is a tenant id is ever read as a
//! document.

mod acknowledged;
mod attributes;
mod bring_over;
#[cfg(test)]
mod clocks;
mod displaced;
#[cfg(test)]
mod faults;
mod files;
mod hands;
mod identity;
mod lines;
mod lock;
mod merge;
#[cfg(test)]
mod own_write;
mod ownership;
mod reading;
mod remove;
mod replace;
#[cfg(test)]
mod slow_disk;
mod staged;
mod strays;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::displaced::{Watch, Watcher};
use self::files::{Files, SystemFiles};
use self::hands::Hands;
use self::identity::Identity;
use self::lock::{Held, Waiters};
pub(in crate::storage) use self::ownership::create_store_folder;
use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Turn,
    Version, WriteError,
};
use crate::domain::{StoreHealth, TenantId};

/// The document's name in a tenant's folder.
const DOCUMENT: &str = "security.yml";
/// Our own folder beside the tenants'; its name is no tenant id.
const OWN_FOLDER: &str = ".neokeys";

/// How long a change waits for somebody who goes on writing, unless it is said otherwise.
pub(crate) const EDIT_TIME: Duration = Duration::from_secs(5);
/// Of who writes without having taken a turn.
static NO_TURN: Turn = Turn::none();

/// A [`DocumentStore`] in a folder.
pub struct FolderStore {
    inner: Arc<Inner>,
    /// Started by the first read or write.
    watcher: OnceLock<Option<Watcher>>,
}

struct Inner {
    root: PathBuf,
    limit: u64,
    files: Box<dyn Files>,
    /// What this store wrote last, so that its own writes are not taken for someone else's.
    written: papaya::HashMap<TenantId, Written>,
    /// Tenants without leftovers of a crash.
    swept: papaya::HashSet<TenantId>,
    hands: Hands,
    /// Tenants whose document is gone or empty, with what it was like and since when.
    emptied: papaya::HashMap<TenantId, (Option<Identity>, Instant)>,
    waiters: Waiters,
    watch: Watch,
    closing: AtomicBool,
}

/// A write under way, or the last one.
#[derive(Debug, Clone, Copy)]
struct Written {
    before: Version,
    after: Identity,
}

impl FolderStore {
    /// A store in a folder, which need not exist yet. A document may have `limit` bytes.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, limit: u64) -> Self {
        Self::with_patience(root, limit, EDIT_TIME)
    }

    /// The same, where a change waits so long for somebody who goes on writing to the document.
    #[must_use]
    pub fn with_patience(root: impl Into<PathBuf>, limit: u64, patience: Duration) -> Self {
        Self::on(root.into(), limit, patience, Box::new(SystemFiles))
    }

    fn on(root: PathBuf, limit: u64, patience: Duration, files: Box<dyn Files>) -> Self {
        let inner = Inner {
            root,
            limit,
            files,
            written: papaya::HashMap::new(),
            swept: papaya::HashSet::new(),
            hands: Hands::new(patience),
            emptied: papaya::HashMap::new(),
            waiters: Waiters::default(),
            watch: Watch::default(),
            closing: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), watcher: OnceLock::new() }
    }

    fn start_watch(&self) {
        self.watcher.get_or_init(|| {
            let started = Watcher::start(&self.inner);
            started
                .inspect_err(|error| tracing::error!(%error, "displaced files are not watched"))
                .ok()
        });
    }
}

impl DocumentStore for FolderStore {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        if let Some(answer) = self.inner.glance(tenant, known) {
            return StoreFuture::ready(answer);
        }
        self.start_watch();
        let (inner, tenant) = (Arc::clone(&self.inner), tenant.clone());
        let known = known.copied();
        StoreFuture::pending(async move {
            let read = tokio::task::spawn_blocking(move || inner.read(&tenant, known.as_ref()));
            read.await.unwrap_or(Err(DocumentError::GivenUp))
        })
    }

    fn take_turn<'a>(
        &'a self,
        tenant: &'a TenantId,
        patience: Duration,
    ) -> StoreFuture<'a, Turn, DocumentError> {
        StoreFuture::pending(Arc::clone(&self.inner).turn(tenant, patience))
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        tenant: &'a TenantId,
        good: &'a StoredDocument,
        _found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        StoreFuture::ready(Ok(self.inner.is_last_acknowledged(tenant, good)))
    }

    fn write_in<'a>(
        &'a self,
        turn: &'a Turn,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.start_watch();
        let (inner, turn) = (Arc::clone(&self.inner), turn.clone());
        let (tenant, expected) = (tenant.clone(), expected.clone());
        StoreFuture::pending(async move {
            let write = tokio::task::spawn_blocking(move || match turn.held::<Held>() {
                Some(held) => inner.write_locked(held, &tenant, &expected, &bytes),
                None => inner.write(&tenant, &expected, &bytes),
            });
            write.await.unwrap_or(Err(WriteError::Uncertain(DocumentError::GivenUp)))
        })
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.write_in(&NO_TURN, tenant, expected, bytes)
    }

    fn is_absent(&self, tenant: &TenantId) -> bool {
        matches!(self.inner.glance(tenant, None), Some(Ok(Reading::NoSuchTenant)))
    }

    fn feign_absence(&self, tenant: &TenantId, has_document: bool) {
        self.inner.feign_absence(tenant, has_document);
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        let inner = Arc::clone(&self.inner);
        StoreFuture::pending(async move {
            let read = tokio::task::spawn_blocking(move || inner.tenants());
            read.await.unwrap_or(Err(DocumentError::GivenUp))
        })
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        let (inner, tenant) = (Arc::clone(&self.inner), tenant.clone());
        StoreFuture::pending(async move {
            let create = tokio::task::spawn_blocking(move || inner.create_tenant(&tenant));
            create.await.unwrap_or(Err(CreateTenantError::Failed(DocumentError::GivenUp)))
        })
    }

    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let inner = Arc::clone(&self.inner);
        let (tenant, expected) = (tenant.clone(), expected.clone());
        StoreFuture::pending(async move {
            let removed = tokio::task::spawn_blocking(move || inner.remove(&tenant, &expected));
            removed.await.unwrap_or(Err(WriteError::Uncertain(DocumentError::GivenUp)))
        })
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.inner.document(tenant).display().to_string()
    }

    fn health(&self) -> StoreHealth {
        // A disk that is not mounted looks as if there were no tenants.
        let is_cut_off = !self.inner.root.is_dir();
        let fault = "the store's folder is not there, or cannot be looked into";
        let faults = is_cut_off.then(|| fault.to_owned()).into_iter().collect();
        StoreHealth { is_cut_off, faults, ..StoreHealth::default() }
    }
}

impl Inner {
    fn folder(&self, tenant: &TenantId) -> PathBuf {
        self.root.join(tenant.as_str())
    }

    fn document(&self, tenant: &TenantId) -> PathBuf {
        // Every read makes one, so it is made in one piece.
        let (root, tenant) = (self.root.as_os_str(), tenant.as_str());
        let mut path = PathBuf::with_capacity(root.len() + tenant.len() + DOCUMENT.len() + 2);
        path.push(root);
        path.push(tenant);
        path.push(DOCUMENT);
        path
    }

    fn tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        let names =
            self.files.list(&self.root).map_err(|source| cannot("list", &self.root, source))?;
        let mut tenants: Vec<TenantId> = names
            .iter()
            .filter_map(|name| TenantId::parse(name.to_str()?).ok())
            .filter(|tenant| {
                self.files.stat(&self.folder(tenant)).is_ok_and(|metadata| metadata.is_dir())
            })
            .collect();
        tenants.sort_unstable();
        Ok(tenants)
    }

    fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        let folder = self.folder(tenant);
        match self.files.create_folder(&folder) {
            Ok(()) => self
                .files
                .sync_folder(&self.root)
                .map_err(|source| CreateTenantError::Failed(cannot("sync", &self.root, source))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let is_folder = self.files.stat(&folder).is_ok_and(|metadata| metadata.is_dir());
                Err(if is_folder {
                    CreateTenantError::Exists
                } else {
                    let told = "something that is no folder has its name; move it away";
                    let source = io::Error::new(ErrorKind::AlreadyExists, told);
                    CreateTenantError::Failed(cannot("make", &folder, source))
                })
            }
            Err(source) => Err(CreateTenantError::Failed(cannot("make", &folder, source))),
        }
    }
}

/// Whether a path leads nowhere: nothing is there, or what should be a folder on the way is a file,
/// or a symlink that comes back to itself.
fn is_no_way(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

fn cannot(action: &'static str, path: &Path, source: io::Error) -> DocumentError {
    DocumentError::Io { action, path: path.to_owned(), source }
}
