//! Documents in a folder: `DIR/<tenantId>/security.yml`.
//!
//! A tenant exists when its folder does. Reading asks the file's identity first, which costs about a
//! microsecond; only a file that changed is opened. Writing is [`replace`]'s. `DIR/.neokeys` holds
//! the locks by which neokeys processes keep off each other, and tells git to ignore itself.
//!
//! Invariant: nothing but `security.yml` of a folder whose name is a tenant id is ever read as a
//! document.

mod audit_log;
mod carry_over;
mod crash_recovery;
mod editors;
mod errors;
mod file_names;
mod file_system;
mod file_version;
mod journal;
mod late_edits;
mod lock;
mod log;
mod read;
mod remove;
mod replace;
mod staged_file;
#[cfg(test)]
mod tests;
mod usage;

use std::convert::identity;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::editors::Editors;
use self::errors::cannot;
use self::file_names::DOCUMENT;
pub(in crate::storage) use self::file_system::create_store_folder;
use self::file_system::{FileState, FileSystem, OsFileSystem};
use self::late_edits::{DisplacedFiles, Watcher};
use self::lock::{Held, Waiters};
use super::document_store::{
    AuditLog, CreateTenantError, DocumentError, DocumentLock, DocumentStore, Reading, StoreFuture,
    StoredDocument, UsageName, Version, WriteError,
};
use crate::domain::{StoreHealth, TenantId};

/// How long a change waits for somebody who goes on writing, unless it is said otherwise.
pub(crate) const EDIT_TIME: Duration = Duration::from_secs(5);
/// Of who writes without having taken a turn.
static NO_LOCK: DocumentLock = DocumentLock::none();

/// A [`DocumentStore`] in a folder.
pub struct FolderStore {
    folder: Arc<Folder>,
    /// Started by the first read or write.
    watcher: OnceLock<Option<Watcher>>,
}

struct Folder {
    root: PathBuf,
    limit: u64,
    files: Box<dyn FileSystem>,
    /// The last write of this store, so that its own are not taken for someone else's.
    written: papaya::HashMap<TenantId, Written>,
    /// Tenants without leftovers of a crash.
    swept: papaya::HashSet<TenantId>,
    editors: Editors,
    /// Tenants whose document is gone or empty, with what it was like and since when.
    emptied: papaya::HashMap<TenantId, (Option<FileState>, Instant)>,
    waiters: Waiters,
    watch: DisplacedFiles,
    closing: AtomicBool,
}

/// A write under way, or the last one.
#[derive(Debug, Clone)]
struct Written {
    before: Version,
    after: FileState,
}

impl FolderStore {
    /// A store in a folder, which need not exist yet. A document may have `limit` bytes.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, limit: u64) -> Self {
        Self::with_patience(root, limit, EDIT_TIME)
    }

    /// The same, where a change waits so long for somebody who goes on writing to the document.
    #[must_use]
    pub(crate) fn with_patience(root: impl Into<PathBuf>, limit: u64, patience: Duration) -> Self {
        Self::on(root.into(), limit, patience, Box::new(OsFileSystem))
    }

    fn on(root: PathBuf, limit: u64, patience: Duration, files: Box<dyn FileSystem>) -> Self {
        let folder = Folder {
            root,
            limit,
            files,
            written: papaya::HashMap::new(),
            swept: papaya::HashSet::new(),
            editors: Editors::new(patience),
            emptied: papaya::HashMap::new(),
            waiters: Waiters::default(),
            watch: DisplacedFiles::default(),
            closing: AtomicBool::new(false),
        };
        Self { folder: Arc::new(folder), watcher: OnceLock::new() }
    }

    /// Does something on a thread for blocking work. If that comes to a sudden end, the error is what
    /// `given_up` makes of it.
    fn block<'a, T: Send + 'static, E: Send + 'static>(
        &self,
        given_up: fn(DocumentError) -> E,
        work: impl FnOnce(&Folder) -> Result<T, E> + Send + 'static,
    ) -> StoreFuture<'a, T, E> {
        let folder = Arc::clone(&self.folder);
        StoreFuture::pending(async move {
            let done = tokio::task::spawn_blocking(move || work(&folder)).await;
            done.unwrap_or_else(|_gone| Err(given_up(DocumentError::GivenUp)))
        })
    }

    fn start_watch(&self) {
        self.watcher.get_or_init(|| {
            let started = Watcher::start(&self.folder);
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
        if let Some(answer) = self.folder.glance(tenant, known) {
            return StoreFuture::ready(answer);
        }
        self.start_watch();
        let (tenant, known) = (tenant.clone(), known.cloned());
        self.block(identity, move |folder| folder.read(&tenant, known.as_ref()))
    }

    fn lock<'a>(
        &'a self,
        tenant: &'a TenantId,
        patience: Duration,
    ) -> StoreFuture<'a, DocumentLock, DocumentError> {
        StoreFuture::pending(Arc::clone(&self.folder).turn(tenant, patience))
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        tenant: &'a TenantId,
        good: &'a StoredDocument,
        _found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        StoreFuture::ready(Ok(self.folder.is_last_acknowledged(tenant, good)))
    }

    fn write_locked<'a>(
        &'a self,
        lock: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.start_watch();
        let (lock, tenant, expected) = (lock.clone(), tenant.clone(), expected.clone());
        self.block(WriteError::Uncertain, move |folder| match lock.held::<Held>() {
            Some(held) => folder.write_locked(held, &tenant, &expected, &bytes, None),
            None => folder.write(&tenant, &expected, &bytes),
        })
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.write_locked(&NO_LOCK, tenant, expected, bytes)
    }

    fn is_absent(&self, tenant: &TenantId) -> bool {
        matches!(self.folder.glance(tenant, None), Some(Ok(Reading::NoSuchTenant)))
    }

    fn feign_absence(&self, tenant: &TenantId, has_document: bool) {
        self.folder.feign_absence(tenant, has_document);
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        self.block(identity, Folder::tenants)
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        let tenant = tenant.clone();
        self.block(CreateTenantError::Failed, move |folder| folder.create_tenant(&tenant))
    }

    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        self.remove_tenant_locked(&NO_LOCK, tenant, expected)
    }

    fn remove_tenant_locked<'a>(
        &'a self,
        lock: &'a DocumentLock,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let (lock, tenant, expected) = (lock.clone(), tenant.clone(), expected.clone());
        self.block(WriteError::Uncertain, move |folder| {
            folder.remove(lock.held::<Held>(), &tenant, &expected)
        })
    }

    fn read_usage<'a>(
        &'a self,
        name: &'a UsageName,
    ) -> StoreFuture<'a, Option<(Bytes, Version)>, DocumentError> {
        let name = name.clone();
        self.block(identity, move |folder| folder.read_usage(&name))
    }

    fn write_usage<'a>(
        &'a self,
        name: &'a UsageName,
        expected: &'a Version,
        bytes: Bytes,
    ) -> StoreFuture<'a, (), WriteError> {
        let (name, expected) = (name.clone(), expected.clone());
        self.block(WriteError::Uncertain, move |folder| {
            folder.write_usage(&name, &expected, &bytes)
        })
    }

    fn audit_log(&self) -> Option<&dyn AuditLog> {
        Some(self)
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.folder.document(tenant).display().to_string()
    }

    fn health(&self) -> StoreHealth {
        // A disk that is not mounted looks as if there were no tenants.
        let is_cut_off = !self.folder.root.is_dir();
        let fault = "the store's folder is not there, or cannot be looked into";
        let faults = is_cut_off.then(|| fault.to_owned()).into_iter().collect();
        StoreHealth { is_cut_off, faults, ..StoreHealth::default() }
    }
}

impl Folder {
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
                    let told = "something that is not a folder has its name; move it away";
                    let source = io::Error::new(ErrorKind::AlreadyExists, told);
                    CreateTenantError::Failed(cannot("create", &folder, source))
                })
            }
            Err(source) => Err(CreateTenantError::Failed(cannot("create", &folder, source))),
        }
    }
}
