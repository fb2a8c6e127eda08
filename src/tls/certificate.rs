//! A certificate that is as fresh as its files.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::pem::{self, PemFault, Wanted};

use super::file;

/// Why a certificate cannot be used. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} holds no {wanted} in PEM form: {fault}")]
    NotPem { path: PathBuf, wanted: Wanted, fault: PemFault },
    #[error("the key in {key} does not belong to the first certificate in {certificate}")]
    Mismatch { certificate: PathBuf, key: PathBuf },
    /// The library's own words are left out: they are about a secret.
    #[error(
        "the PEM block in {0} is not a private key of a kind that TLS accepts (RSA from 2048 bits, ECDSA on \
         P-256, P-384 or P-521, Ed25519), or is damaged"
    )]
    UnusableKey(PathBuf),
    #[error("the PEM block in {0} is not a certificate, or is damaged")]
    UnusableCertificate(PathBuf),
}

/// A certificate for each handshake, as the files are then.
pub(super) struct ReloadedCertificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    /// The state of the files that was looked at last, good or bad.
    seen: Mutex<[Identity; 2]>,
}

/// The attributes that tell one state of a file from another.
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
        self.load();
    }

    /// Reads both files, whether they changed or not.
    pub(super) fn reload(&self) {
        let now = [identity(&self.certificate), identity(&self.key)];
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.load();
    }

    fn load(&self) {
        match load(&self.certificate, &self.key, &self.provider) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!("reloaded the TLS certificate");
            }
            Err(error) => tracing::error!(
                cause = %error,
                "the new TLS certificate is not usable; keeping the last good one"
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
        file::read(path)
            .map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
    };
    let not_pem = |path: &Path, wanted| {
        let path = path.to_owned();
        move |fault| CertificateError::NotPem { path, wanted, fault }
    };
    let chain = pem::certificates(&read(certificate)?)
        .map_err(not_pem(certificate, Wanted::Certificate))?;
    let secret = Zeroizing::new(read(key)?);
    let secret = pem::private_key(&secret).map_err(not_pem(key, Wanted::PrivateKey))?;
    let signing = provider.key_provider.load_private_key(secret).ok();
    let signing = signing.ok_or_else(|| CertificateError::UnusableKey(key.to_owned()))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // Of a key that cannot say whose it is, nothing is known.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(certified)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(CertificateError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }),
        Err(_unreadable) => Err(CertificateError::UnusableCertificate(certificate.to_owned())),
    }
}
