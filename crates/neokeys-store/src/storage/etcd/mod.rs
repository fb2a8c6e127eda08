//! Documents in etcd: one key a tenant, compared on the revision that made it.
//!
//! Reading a document that the [watch] vouches for costs no request. Every other read is
//! linearizable: a majority of the members says how the document is now, or nobody does. Writing is
//! [mod@write]'s. A tenant exists when its key does; a key that was made empty and never written since
//! is a tenant without a document.
//!
//! Invariant: what is served is never older than `max_staleness`, whatever happened to this node,
//! to members or to the network; where that cannot be had, the answer is an error.

mod change_tracker;
mod key_names;
mod members;
mod read;
mod version;
mod watch;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use etcd_client::{Certificate, ConnectOptions, GetOptions, Identity, KeyValue, TlsOptions};
use zeroize::Zeroizing;

use self::change_tracker::ChangeTracker;
use self::key_names::KeyNames;
use self::members::{Failure, Members};
use self::version::EtcdVersion;
use self::watch::Watch;
use self::write::WriteIds;
use super::document_store::{
    CreateTenantError, DocumentError, DocumentStore, Reading, StoreFuture, StoredDocument, Version,
    WriteError,
};
use super::remote::Remote;
use super::url::EtcdUrl;
use crate::domain::{StoreHealth, TenantId};

/// How old knowledge may be that is served, if nothing else is set.
const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(2);
/// How long a read waits for an answer.
const READ_PATIENCE: Duration = Duration::from_secs(3);
/// Names that are listed in one request.
const PAGE: i64 = 1000;

/// A [`DocumentStore`] in an etcd cluster.
pub struct EtcdStore {
    cluster: Arc<Cluster>,
    remote: Remote,
}

/// What the store's tasks share.
struct Cluster {
    members: Members,
    keys: KeyNames,
    changes: ChangeTracker,
    write_ids: WriteIds,
    /// The last time that somebody asked, a majority answered.
    is_reached: AtomicBool,
    /// etcd refuses writes since it holds as much as it may.
    is_out_of_space: AtomicBool,
    document_limit: u64,
    /// Where the keys are, for people.
    place: String,
}

/// Why a store in etcd cannot be opened. That no member answers is no reason: they may later.
#[derive(Debug, thiserror::Error)]
pub enum EtcdOpenError {
    /// A file that the address names.
    #[error("cannot read {}, which the address of etcd names", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No thread could be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl EtcdStore {
    /// A store in the cluster of this address; a document may have `document_limit` bytes. Returns
    /// before anybody answered. With a `max_staleness` of zero every read asks a majority.
    ///
    /// # Errors
    /// [`EtcdOpenError`] when a file that the address names cannot be read.
    pub fn open(
        url: &EtcdUrl,
        document_limit: u64,
        max_staleness: Option<Duration>,
    ) -> Result<Self, EtcdOpenError> {
        let scheme = if url.tls { "https" } else { "http" };
        let endpoints = url.members.iter().map(|member| format!("{scheme}://{member}")).collect();
        let cluster = Arc::new(Cluster {
            members: Members::new(endpoints, connect_options(url)?),
            keys: KeyNames::below(&url.prefix),
            changes: ChangeTracker::none(max_staleness.unwrap_or(DEFAULT_MAX_STALENESS)),
            write_ids: WriteIds::new().ok_or(EtcdOpenError::Random)?,
            // Until the first answer is due, nobody says otherwise.
            is_reached: AtomicBool::new(false),
            is_out_of_space: AtomicBool::new(false),
            document_limit,
            place: format!("etcd://{}{}", url.members.join(","), url.prefix),
        });
        let remote = Remote::start("etcd").map_err(EtcdOpenError::Thread)?;
        remote.spawn(Watch::new(Arc::clone(&cluster)).keep());
        let full = Arc::clone(&cluster);
        remote.spawn(async move { full.watch_space().await });
        Ok(Self { cluster, remote })
    }
}

fn connect_options(url: &EtcdUrl) -> Result<ConnectOptions, EtcdOpenError> {
    let mut options = ConnectOptions::new();
    if let (Some(user), Some(file)) = (&url.user, &url.password_file) {
        let password = Zeroizing::new(read(file)?);
        let password = Zeroizing::new(String::from_utf8_lossy(&password).trim_end().to_owned());
        options = options.with_user(user.as_str(), password.as_str());
    }
    if url.tls {
        let mut tls = TlsOptions::new();
        tls = match &url.ca {
            Some(file) => tls.ca_certificate(Certificate::from_pem(read(file)?)),
            None => tls.with_native_roots(),
        };
        if let (Some(certificate), Some(key)) = (&url.certificate, &url.key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        options = options.with_tls(tls);
    }
    Ok(options)
}

fn read(path: &Path) -> Result<Vec<u8>, EtcdOpenError> {
    std::fs::read(path).map_err(|source| EtcdOpenError::File { path: path.to_owned(), source })
}

impl DocumentStore for EtcdStore {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        let state = known.and_then(EtcdVersion::of);
        if state.is_some_and(|it| self.cluster.changes.vouches_for(tenant.as_str(), &it)) {
            return StoreFuture::ready(Ok(Reading::Unchanged));
        }
        self.read_newest(tenant, known)
    }

    fn read_newest<'a>(
        &'a self,
        tenant: &'a TenantId,
        known: Option<&Version>,
    ) -> StoreFuture<'a, Reading, DocumentError> {
        let (cluster, tenant, known) = (Arc::clone(&self.cluster), tenant.clone(), known.copied());
        let read = async move { cluster.read(&tenant, known).await };
        self.remote.ask(read, || DocumentError::GivenUp)
    }

    fn is_last_acknowledged<'a>(
        &'a self,
        tenant: &'a TenantId,
        good: &'a StoredDocument,
        found: &'a Version,
    ) -> StoreFuture<'a, bool, DocumentError> {
        let (cluster, tenant) = (Arc::clone(&self.cluster), tenant.clone());
        let (good, found) = (good.version, *found);
        let look = async move { Ok(cluster.is_last_acknowledged(&tenant, &good, &found).await) };
        self.remote.ask(look, || DocumentError::GivenUp)
    }

    fn write<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
        bytes: Bytes,
    ) -> StoreFuture<'a, Version, WriteError> {
        let (cluster, tenant) = (Arc::clone(&self.cluster), tenant.clone());
        let expected = expected.version;
        let write = async move { cluster.write(&tenant, expected, bytes).await };
        self.remote.ask(write, || WriteError::Uncertain(DocumentError::GivenUp))
    }

    fn tenants(&self) -> StoreFuture<'_, Vec<TenantId>, DocumentError> {
        let cluster = Arc::clone(&self.cluster);
        self.remote.ask(async move { cluster.tenants().await }, || DocumentError::GivenUp)
    }

    fn create_tenant<'a>(&'a self, tenant: &'a TenantId) -> StoreFuture<'a, (), CreateTenantError> {
        let (cluster, tenant) = (Arc::clone(&self.cluster), tenant.clone());
        let create = async move { cluster.create_tenant(&tenant).await };
        self.remote.ask(create, || CreateTenantError::Failed(DocumentError::GivenUp))
    }

    fn remove_tenant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: &'a StoredDocument,
    ) -> StoreFuture<'a, (), WriteError> {
        let (cluster, tenant) = (Arc::clone(&self.cluster), tenant.clone());
        let expected = expected.version;
        let remove = async move { cluster.remove_tenant(&tenant, expected).await };
        self.remote.ask(remove, || WriteError::Uncertain(DocumentError::GivenUp))
    }

    fn locate(&self, tenant: &TenantId) -> String {
        self.cluster.locate(tenant)
    }

    fn health(&self) -> StoreHealth {
        let is_cut_off = !self.cluster.is_reached.load(Ordering::Relaxed);
        let is_out_of_space = self.cluster.is_out_of_space.load(Ordering::Relaxed);
        let sentences = [
            (is_cut_off, "no majority of etcd's members answers this node"),
            (is_out_of_space, "etcd is out of space and takes no changes"),
        ];
        let faults = sentences.into_iter().filter(|(is_so, _)| *is_so);
        StoreHealth {
            is_cut_off,
            knowledge_age: self.cluster.changes.age(),
            faults: faults.map(|(_, told)| told.to_owned()).collect(),
        }
    }
}

impl Cluster {
    fn locate(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}/security.yml", self.place)
    }

    fn unreachable(
        &self,
        action: &'static str,
        tenant: &TenantId,
        failure: Failure,
    ) -> DocumentError {
        let location = self.locate(tenant);
        DocumentError::Unreachable { action, location, source: failure.into() }
    }

    /// All tenants, a page at a time and all pages as of one revision.
    async fn tenants(&self) -> Result<Vec<TenantId>, DocumentError> {
        let mut tenants = Vec::new();
        let mut from = self.keys.first_document().into_bytes();
        // The first key after all that begin with the prefix: its last byte is a slash.
        let mut end = self.keys.all().into_bytes();
        end.pop();
        end.push(b'/' + 1);
        let mut revision = 0;
        loop {
            let found = self.members.ask(READ_PATIENCE, |mut keys| {
                let options = GetOptions::new()
                    .with_range(end.clone())
                    .with_keys_only()
                    .with_limit(PAGE)
                    .with_revision(revision);
                let from = from.clone();
                async move { keys.get(from, Some(options)).await }
            });
            let found = found.await.map_err(|failure| DocumentError::Unreachable {
                action: "list",
                location: self.place.clone(),
                source: failure.into(),
            })?;
            let found = found.answer;
            if revision == 0 {
                revision = found.header().map_or(0, etcd_client::ResponseHeader::revision);
            }
            let names = found.kvs().iter().filter_map(|kv| self.keys.tenant(kv.key_str().ok()?));
            tenants.extend(names.filter_map(|name| TenantId::parse(name).ok()));
            match found.kvs().last() {
                Some(last) if found.more() => {
                    from = last.key().to_vec();
                    from.push(0);
                }
                _ => break,
            }
        }
        tenants.sort_unstable();
        Ok(tenants)
    }
}

/// Whether a key was made for a tenant without a document, and never written since.
fn is_new(kv: &KeyValue) -> bool {
    kv.version() == 1 && kv.value().is_empty()
}
