//! Who vouches for the addresses that an issuer's keys are fetched from.

use std::io;
use std::path::Path;

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Why a file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum AuthoritiesError {
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("holds no certificates in PEM form")]
    NotPem,
    #[error("holds a certificate that cannot be used: {0}")]
    Unusable(rustls::Error),
}

/// The certificates in a PEM file: at least one, and each can be an authority's.
pub(crate) fn read(path: &Path) -> Result<Vec<Certificate>, AuthoritiesError> {
    let pem = std::fs::read(path).map_err(AuthoritiesError::Unreadable)?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let parsed = parsed.ok().filter(|found| !found.is_empty()).ok_or(AuthoritiesError::NotPem)?;
    let mut store = RootCertStore::empty();
    for authority in &parsed {
        store.add(authority.clone()).map_err(AuthoritiesError::Unusable)?;
    }
    let usable = parsed.iter().filter_map(|authority| Certificate::from_der(authority).ok());
    Ok(usable.collect())
}
