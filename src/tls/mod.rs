//! TLS for deployments without a proxy: a certificate and a key in files, read again when they
//! change.
//!
//! Invariant: a certificate that cannot be used never replaces one that can. A renewal that is seen
//! half done is looked at again at the next handshake.

mod certificate;
mod file;
mod pem;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;

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
    #[error("TLS cannot be set up")]
    Protocol(#[from] rustls::Error),
}

/// The certificate of a running service.
#[derive(Debug, Clone)]
pub(crate) struct Certificate(Arc<ReloadedCertificate>);

impl Certificate {
    /// Reads its files again, whether they changed or not; the log says what was found.
    pub(crate) fn read(&self) {
        self.0.reload();
    }
}

/// The configuration of a listener for TLS 1.2 and 1.3, and its certificate, or `None` where none is set.
///
/// # Errors
/// [`TlsError`] names the setting or the file to mend.
pub(crate) fn server_config(
    config: &TlsConfig,
) -> Result<Option<(ServerConfig, Certificate)>, TlsError> {
    let (certificate, key) = match (&config.certificate, &config.key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (Some(_), None) => return Err(TlsError::Incomplete("tls.key")),
        (None, Some(_)) => return Err(TlsError::Incomplete("tls.certificate")),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificate = ReloadedCertificate::open(certificate, key, Arc::clone(&provider))?;
    let certificate = Arc::new(certificate);
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&certificate) as _);
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some((server, Certificate(certificate))))
}
