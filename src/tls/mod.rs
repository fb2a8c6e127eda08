//! TLS for deployments without a proxy: a certificate and a key in files, read again when they
//! change.
//!
//! Invariant: a certificate that cannot be used never replaces one that can. A renewal that is seen
//! half done is looked at again at the next handshake.

mod certificate;
mod file;
mod pem;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

pub(crate) use certificate::CertificateError;
use certificate::ReloadedCertificate;

/// Where the certificate is: the settings `tls.…`. Neither: plain HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// A PEM file: the server's certificate, then those that lead to its root.
    pub certificate: Option<PathBuf>,
    /// A PEM file: the certificate's private key (PKCS #8, PKCS #1 or SEC1).
    pub key: Option<PathBuf>,
}

/// Why TLS is not usable.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("tls.certificate and tls.key go together; {0} is not set")]
    Incomplete(&'static str),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("{path} (setting ext_authz.client_ca) {fault}")]
    Authorities { path: PathBuf, fault: String },
    #[error("TLS cannot be set up")]
    Protocol(#[from] rustls::Error),
}

/// The protocol that is spoken over TLS (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 (gRPC).
    #[cfg(feature = "ext-authz")]
    Http2,
}

/// The certificate of a running service.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    reloaded: Arc<ReloadedCertificate>,
    provider: Arc<CryptoProvider>,
}

impl Certificate {
    /// Reads the files that the settings name, if they name any.
    ///
    /// # Errors
    /// [`TlsError`] names the setting or the file to mend.
    pub(crate) fn open(config: &TlsConfig) -> Result<Option<Self>, TlsError> {
        let (certificate, key) = match (&config.certificate, &config.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (Some(_), None) => return Err(TlsError::Incomplete("tls.key")),
            (None, Some(_)) => return Err(TlsError::Incomplete("tls.certificate")),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let reloaded = ReloadedCertificate::open(certificate, key, Arc::clone(&provider))?;
        Ok(Some(Self { reloaded: Arc::new(reloaded), provider }))
    }

    /// The configuration of a listener with it, for TLS 1.2 and 1.3. Where a file of authorities is named, only
    /// who shows a certificate by one of them is listened to.
    ///
    /// # Errors
    /// [`TlsError`] names the file to mend.
    pub(crate) fn server_config(
        &self,
        spoken: Spoken,
        client_ca: Option<&Path>,
    ) -> Result<ServerConfig, TlsError> {
        let provider = Arc::clone(&self.provider);
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let server = match client_ca {
            None => server.with_no_client_auth(),
            Some(file) => server.with_client_cert_verifier(client_verifier(file, provider)?),
        };
        let mut server = server.with_cert_resolver(Arc::clone(&self.reloaded) as _);
        server.alpn_protocols = match spoken {
            Spoken::Http1 => vec![b"http/1.1".to_vec()],
            #[cfg(feature = "ext-authz")]
            Spoken::Http2 => vec![b"h2".to_vec()],
        };
        Ok(server)
    }

    /// Reads its files again, whether they changed or not; the log says what was found.
    pub(crate) fn read(&self) {
        self.reloaded.reload();
    }
}

/// Takes clients' certificates by the authorities in a file.
fn client_verifier(
    file: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let refused = |fault: String| TlsError::Authorities { path: file.to_owned(), fault };
    let pem = std::fs::read(file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let mut authorities = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(&pem) {
        let authority = authority.map_err(|error| refused(format!("is no PEM: {error}")))?;
        let added = authorities.add(authority);
        added.map_err(|error| {
            refused(format!("holds a certificate that cannot be used: {error}"))
        })?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    // Without any authority, it says so.
    verifier.build().map_err(|error| refused(format!("holds no certificates in PEM form: {error}")))
}
