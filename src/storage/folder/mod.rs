//! Documents in a folder: `DIR/<tenantId>/security.yml`.
//!
//! A tenant exists when its folder does. Reading asks the file's identity first, which costs about a
//! microsecond; only a file that changed is opened. Writing is [`replace`]'s. `DIR/.neokeys` holds
//! the locks by which neokeys processes keep off each other, and tells git to ignore itself.
//!
//! Invariant: nothing but `security.yml` of a folder whose name is a tenant id is ever read as a
//! document.

mod attributes;
mod displaced;
#[cfg(test)]
mod faults;
mod files;
mod identity;
mod ownership;
mod replace;
mod strays;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::displaced::{Watch, Watcher};
use self::files::{Files, SystemFiles};
use self::identity::{GRAIN, Identity};
pub(in crate::storage) use self::ownership::create_store_folder;
use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Version,
    WriteError,
};
use crate::domain::{StoreHealth, TenantId};

/// The document's name in a tenant's folder.
const DOCUMENT: &str = "security.yml";
/// Our own folder beside the tenants'; its name is no tenant id.
const OWN_FOLDER: &str = ".neokeys";
/// How long a document may keep changing while it is read.
const PATIENCE: Duration = Duration::from_secs(1);

/// A [`DocumentStore`] in a folder.
pub struct FolderStore {
    inner: Arc<Inner>,
    /// Started by the first write.
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
        Self::on(root.into(), limit, Box::new(SystemFiles))
    }

    fn on(root: PathBuf, limit: u64, files: Box<dyn Files>) -> Self {
        let inner = Inner {
            root,
            limit,
            files,
            written: papaya::HashMap::new(),
            swept: papaya::HashSet::new(),
            watch: Watch::default(),
            closing: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), watcher: OnceLock::new() }
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
        let (inner, tenant) = (Arc::clone(&self.inner), tenant.clone());
        let known = known.copied();
        StoreFuture::pending(async move {
            let read = tokio::task::spawn_blocking(move || inner.read(&tenant, known.as_ref()));
            read.await.unwrap_or(Err(DocumentError::GivenUp))
        })
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        self.watcher.get_or_init(|| {
            let started = Watcher::start(&self.inner);
            started
                .inspect_err(|error| tracing::error!(%error, "displaced files are not watched"))
                .ok()
        });
        StoreFuture::ready(self.inner.write(tenant, expected, &bytes))
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        let inner = Arc::clone(&self.inner);
        StoreFuture::pending(async move {
            let read = tokio::task::spawn_blocking(move || inner.tenants());
            read.await.unwrap_or(Err(DocumentError::GivenUp))
        })
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        StoreFuture::ready(self.inner.create_tenant(tenant))
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

    /// What can be said without opening the document.
    fn glance(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> Option<Result<Reading, DocumentError>> {
        let path = self.document(tenant);
        let metadata = match self.files.stat(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_no_way(&error) => {
                return self.without_document(tenant, &path, known);
            }
            Err(source) => return Some(Err(cannot("look at", &path, source))),
        };
        let found = Identity::of(&metadata);
        let (identity, settled) = Identity::from_version(known?)?;
        let unchanged = if identity == found {
            settled || !found.is_settled()
        } else {
            // A write of our own counts once it is acknowledged.
            self.written.pin().get(tenant).is_some_and(|written| {
                Some(&written.before) == known && written.after.is_same_but_renamed(&found)
            })
        };
        unchanged.then_some(Ok(Reading::Unchanged))
    }

    /// The answer where no document was found; none where one has come since.
    fn without_document(
        &self,
        tenant: &TenantId,
        path: &Path,
        known: Option<&Version>,
    ) -> Option<Result<Reading, DocumentError>> {
        match self.files.stat_link(path) {
            Ok(link) if link.is_symlink() => {
                let source = io::Error::from(ErrorKind::NotFound);
                Some(Err(cannot("follow the symlink", path, source)))
            }
            Ok(_) => None,
            Err(_) => Some(self.tenant_without_document(tenant, known)),
        }
    }

    fn tenant_without_document(
        &self,
        tenant: &TenantId,
        known: Option<&Version>,
    ) -> Result<Reading, DocumentError> {
        let folder = self.folder(tenant);
        match self.files.stat(&folder) {
            Ok(metadata) if metadata.is_dir() => Ok(match known {
                Some(&Version::ABSENT) => Reading::Unchanged,
                _ => Reading::Found(StoredDocument::absent(Identity::of(&metadata).age())),
            }),
            Ok(_) => Ok(self.forget(tenant)),
            // A store that is gone, as after an unmount, says nothing of its tenants.
            Err(error) if is_no_way(&error) => match self.files.stat(&self.root) {
                Ok(_) => Ok(self.forget(tenant)),
                Err(source) => Err(cannot("find the store's folder", &self.root, source)),
            },
            Err(source) => Err(cannot("look at", &folder, source)),
        }
    }

    /// Keeps nothing of a tenant that does not exist: tenants come and go, and one that comes again
    /// may bring leftovers.
    fn forget(&self, tenant: &TenantId) -> Reading {
        self.swept.pin().remove(tenant);
        self.written.pin().remove(tenant);
        Reading::NoSuchTenant
    }

    /// Opens and reads the document, once it has come to rest.
    fn read(&self, tenant: &TenantId, known: Option<&Version>) -> Result<Reading, DocumentError> {
        self.sweep(tenant);
        let path = self.document(tenant);
        let started = Instant::now();
        let mut known_file = known.and_then(Identity::from_version).map(|(identity, _)| identity);
        while started.elapsed() < PATIENCE {
            let file = match self.files.open(&path) {
                Ok(file) => file,
                Err(error) if is_no_way(&error) => {
                    match self.without_document(tenant, &path, None) {
                        Some(answer) => return answer,
                        None => continue,
                    }
                }
                Err(source) => return Err(cannot("open", &path, source)),
            };
            let stat = || {
                let metadata = self.files.stat_open(&file);
                metadata.map_err(|source| cannot("look at", &path, source))
            };
            let metadata = stat()?;
            if !metadata.is_file() {
                let source = io::Error::other("it is not a regular file");
                return Err(cannot("read", &path, source));
            }
            let identity = Identity::of(&metadata);
            if identity.size > self.limit {
                let location = path.display().to_string();
                let (size, limit) = (identity.size, self.limit);
                return Err(DocumentError::TooLarge { location, size, limit });
            }
            let settled = identity.is_settled();
            // Another file in the place of the one known came whole; one that is written in place
            // may be half of what is meant.
            let came_whole = known_file.is_some_and(|known| !known.is_same_file(&identity));
            known_file = Some(identity);
            if !settled && !came_whole && identity.size > 0 {
                std::thread::sleep(GRAIN.saturating_sub(identity.age()));
                continue;
            }
            let bytes = self
                .files
                .read(&file, identity.size + 1)
                .map_err(|source| cannot("read", &path, source))?;
            let after = Identity::of(&stat()?);
            if after.is_same_but_renamed(&identity) || identity.is_same_but_renamed(&after) {
                if bytes.len() as u64 != identity.size {
                    continue;
                }
                return Ok(Reading::Found(StoredDocument {
                    bytes: Bytes::from(bytes),
                    version: after.version(settled && after == identity),
                    unchanged_for: after.age(),
                }));
            }
        }
        Err(DocumentError::Restless { location: path.display().to_string() })
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
