//! A certificate that is as fresh as its files.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Why a certificate cannot be used. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no PEM, or holds nothing of the kind.
    #[error("{path} holds no {wanted} in PEM form: {source}")]
    NotPem {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// What the parser said.
        source: pem::Error,
    },
    /// The key is not the certificate's, or of a kind that cannot sign.
    #[error("the key in {key} does not fit the certificate in {certificate}: {source}")]
    Unfit {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the cryptography library said.
        source: rustls::Error,
    },
}

/// Answers each handshake with what the files hold then.
pub(super) struct ReloadedCertificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    /// The state of the files that was looked at last, good or bad.
    seen: Mutex<[Identity; 2]>,
}

/// What tells one state of a file from another.
type Identity = Option<(u64, u64, u64, i64, i64)>;

impl ReloadedCertificate {
    /// Reads both files.
    pub(super) fn open(
        certificate: PathBuf,
        key: PathBuf,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, CertificateError> {
        // The state is taken before the files are read: a change in between is seen as one.
        let seen = [identity(&certificate), identity(&key)];
        let current = ArcSwap::from_pointee(load(&certificate, &key, &provider)?);
        Ok(Self { certificate, key, provider, current, seen: Mutex::new(seen) })
    }

    fn reload_if_changed(&self) {
        let now = [identity(&self.certificate), identity(&self.key)];
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return;
            }
            *seen = now;
        }
        match load(&self.certificate, &self.key, &self.provider) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!("the TLS certificate was read again");
            }
            Err(error) => tracing::error!(
                cause = %error,
                "the TLS certificate changed to one that cannot be used; the last good one is kept"
            ),
        }
    }
}

impl ResolvesServerCert for ReloadedCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.reload_if_changed();
        Some(self.current.load_full())
    }
}

impl fmt::Debug for ReloadedCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReloadedCertificate")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn identity(path: &Path) -> Identity {
    let state = |it: Metadata| {
        (it.dev(), it.ino(), it.size(), it.mtime_nsec() ^ it.mtime(), it.ctime_nsec() ^ it.ctime())
    };
    fs::metadata(path).ok().map(state)
}

fn load(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, CertificateError> {
    let read = |path: &Path| {
        fs::read(path)
            .map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
    };
    let not_pem = |path: &Path, wanted| {
        let path = path.to_owned();
        move |source| CertificateError::NotPem { path, wanted, source }
    };
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(not_pem(certificate, "certificate"))?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(not_pem(key, "private key"))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|source| CertificateError::Unfit {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}
