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
mod documents;
mod failover;
mod key_names;
mod log;
mod usage;
mod version;
mod watch;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, KeyValue, TlsOptions};
use zeroize::Zeroizing;

use self::change_tracker::ChangeTracker;
use self::failover::{Failure, Members};
use self::key_names::KeyNames;
use self::watch::Watch;
use super::document_store::DocumentError;
use super::remote::{RemoteDocuments as _, RemoteStore};
use super::url::EtcdUrl;
use super::write_ids::WriteIds;
use crate::domain::{NoRandomBytes, TenantId};

/// How old knowledge may be that is served, if nothing else is set.
const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(2);
/// How long a read waits for an answer.
const READ_PATIENCE: Duration = Duration::from_secs(3);

/// A store of documents in an etcd cluster.
pub type EtcdStore = RemoteStore<Cluster>;

/// An etcd cluster, and the part of its keys that is ours.
pub struct Cluster {
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
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum EtcdOpenError {
    #[error("cannot read {}, which the address of etcd names", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
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
        let cluster = Cluster {
            members: Members::new(endpoints, connect_options(url)?),
            keys: KeyNames::below(&url.prefix),
            changes: ChangeTracker::none(max_staleness.unwrap_or(DEFAULT_MAX_STALENESS)),
            write_ids: WriteIds::new()?,
            // Until the first answer is due, nobody says otherwise.
            is_reached: AtomicBool::new(false),
            is_out_of_space: AtomicBool::new(false),
            document_limit,
            place: format!("etcd://{}{}", url.members.join(","), url.prefix),
        };
        let store = Self::start("etcd", cluster).map_err(EtcdOpenError::Thread)?;
        store.spawn(|cluster| Watch::new(cluster).keep());
        store.spawn(|cluster| async move { cluster.watch_space().await });
        Ok(store)
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

impl Cluster {
    fn unreachable(
        &self,
        action: &'static str,
        tenant: &TenantId,
        failure: Failure,
    ) -> DocumentError {
        let location = self.locate(tenant);
        DocumentError::Unreachable { action, location, source: failure.into() }
    }
}

/// Whether a key was made for a tenant without a document, and never written since.
fn is_new(kv: &KeyValue) -> bool {
    kv.version() == 1 && kv.value().is_empty()
}
