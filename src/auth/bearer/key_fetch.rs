//! Where an issuer's key set comes from, read under bounds.
//!
//! Every answer is bounded in size and time, no redirect is followed, and an address that an
//! answer names is judged like a configured one. Nothing here knows what is done with the answer.

use std::error::Error;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, Client, Url, header, redirect};
use rustls::CertificateError;

use super::config::KeyLocation;
use super::key_address::{self, AddressError, HttpHost};
use super::key_set::{KeySetError, LARGEST, without_mark};
use super::strict_json;
use super::{BearerConfigError, IssuerConfig};

/// Why an issuer's keys could not be loaded. What was known before stays.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    File(#[from] io::Error),
    /// No connection, or no whole answer in time.
    #[error("the issuer does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// A certificate that no authority vouches for, of another name or time.
    #[error("the issuer's certificate is not taken: {}", in_words(.0))]
    Certificate(CertificateError),
    /// Any status but 200; redirects are not followed.
    #[error("the issuer answers with status {0}")]
    Status(u16),
    /// A content coding, though none was asked for.
    #[error(
        "the issuer's answer is compressed, and was asked for as it is (Accept-Encoding: identity)"
    )]
    Encoded,
    /// Over 1 MiB.
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
    /// The discovery document is not one JSON object with each member once.
    #[error("the discovery document is not one JSON object")]
    NotJson,
    /// `issuer` in the discovery document is not the configured one (`OpenID` Connect Discovery
    /// 1.0 §4.3).
    #[error("the discovery document is of another issuer")]
    OtherIssuer,
    /// No string `jwks_uri` in the discovery document.
    #[error("the discovery document has no \"jwks_uri\"")]
    NoKeySet,
    /// `jwks_uri` is no address to fetch keys from.
    #[error("the \"jwks_uri\" of the discovery document {0}")]
    Address(AddressError),
    /// No key set came.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
}

impl From<reqwest::Error> for LoadError {
    fn from(error: reqwest::Error) -> Self {
        find_certificate_error(&error).map_or(Self::Unreachable(error), Self::Certificate)
    }
}

fn in_words(error: &CertificateError) -> String {
    // The second: of an authority that has the name of one that counts, and another key.
    if matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature) {
        return "no certificate authority that counts vouches for it (the operating system's, or \
                those in the issuer's ca)"
            .to_owned();
    }
    error.to_string()
}

/// The fault of a certificate, if that is among an error's causes.
pub(crate) fn find_certificate_error(error: &(dyn Error + 'static)) -> Option<CertificateError> {
    if let Some(rustls::Error::InvalidCertificate(error)) = error.downcast_ref() {
        return Some(error.clone());
    }
    // What an I/O error wraps is not its source: its source is that one's.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => find_certificate_error(wrapped),
        None => error.source().and_then(find_certificate_error),
    }
}

/// One issuer's key set, wherever it is.
pub(super) enum KeySource {
    /// A file on this machine.
    File { path: PathBuf, patience: Duration },
    /// The key set's own address.
    Address { client: Client, url: Url },
    /// The discovery document of an issuer, and from which host its keys may come over `http`, with a
    /// client for that.
    Discovery { client: Client, url: Url, issuer: String, plain: Option<(HttpHost, Client)> },
}

impl KeySource {
    /// The source at that place, for the issuer that stands at `index` of the settings. No answer may
    /// take longer than `patience`.
    pub(super) fn connect(
        location: KeyLocation,
        issuer: &IssuerConfig,
        index: usize,
        patience: Duration,
    ) -> Result<Self, BearerConfigError> {
        let (authorities, http_host) = (issuer.authorities(index)?, issuer.plain_host(index)?);
        let client = |url: &Url, authorities| {
            // A proxy is for reaching others, and no place for what nobody vouches for.
            let is_direct = key_address::is_loopback(url) || url.scheme() == "http";
            client(is_direct, authorities, patience)
        };
        Ok(match location {
            KeyLocation::File(path) => Self::File { path, patience },
            // Nobody shows a certificate, so nobody's need be there.
            KeyLocation::Address(url) if url.scheme() == "http" => {
                Self::Address { client: client(&url, Some(Vec::new()))?, url }
            }
            KeyLocation::Address(url) => Self::Address { client: client(&url, authorities)?, url },
            KeyLocation::Discovery(url) => {
                let plain = match http_host {
                    None => None,
                    Some(host) => Some((host, self::client(true, Some(Vec::new()), patience)?)),
                };
                let issuer = issuer.issuer.clone();
                Self::Discovery { client: client(&url, authorities)?, url, issuer, plain }
            }
        })
    }

    /// Reads the key set's bytes, at most 1 MiB.
    pub(super) async fn load(&self) -> Result<Vec<u8>, LoadError> {
        match self {
            Self::File { path, patience } => read(path.clone(), *patience).await,
            Self::Address { client, url } => fetch(client, url.clone()).await,
            Self::Discovery { client, url, issuer, plain } => {
                let document = fetch(client, url.clone()).await?;
                let host = plain.as_ref().map(|(host, _)| host);
                let named = find_key_set(&document, issuer, key_address::is_loopback(url), host)?;
                let direct = plain.as_ref().filter(|_| named.scheme() == "http");
                fetch(direct.map_or(client, |(_, direct)| direct), named).await
            }
        }
    }
}

fn builder(patience: Duration) -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(patience)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("neokeys/", env!("CARGO_PKG_VERSION")))
}

/// A client that follows no redirect and keeps no connection: its requests are minutes apart.
fn client(
    is_direct: bool,
    authorities: Option<Vec<Certificate>>,
    patience: Duration,
) -> Result<Client, BearerConfigError> {
    let builder = builder(patience);
    let builder = if is_direct { builder.no_proxy() } else { builder };
    let builder = match authorities {
        Some(authorities) => builder.tls_certs_only(authorities),
        None => builder,
    };
    builder.build().map_err(BearerConfigError::Client)
}

/// A client for others' public keys.
///
/// # Errors
/// The fault that keeps it from being created.
pub(in crate::auth) fn key_client(patience: Duration) -> Result<Client, reqwest::Error> {
    builder(patience).build()
}

/// Reads what stands at an address, at most 1 MiB.
pub(in crate::auth) async fn fetch(client: &Client, url: Url) -> Result<Vec<u8>, LoadError> {
    let accepted = "application/jwk-set+json, application/json";
    let request = client.get(url).header(header::ACCEPT, accepted);
    // What is compressed would have no bound before it is unpacked.
    let mut response = request.header(header::ACCEPT_ENCODING, "identity").send().await?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(LoadError::Status(response.status().as_u16()));
    }
    let plain = |coding: &header::HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !response.headers().get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Err(LoadError::Encoded);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Err(LoadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address of the key set in an issuer's discovery document.
fn find_key_set(
    document: &[u8],
    issuer: &str,
    loopback: bool,
    http_host: Option<&HttpHost>,
) -> Result<Url, LoadError> {
    let members =
        strict_json::parse_object(without_mark(document)).ok().ok_or(LoadError::NotJson)?;
    if members.get("issuer").and_then(|value| value.as_str()) != Some(issuer) {
        return Err(LoadError::OtherIssuer);
    }
    let text = members.get("jwks_uri").and_then(|value| value.as_str());
    let url = key_address::parse(text.ok_or(LoadError::NoKeySet)?, http_host)
        .map_err(LoadError::Address)?;
    // An issuer elsewhere has no business with what listens on this machine in the clear.
    let is_named = http_host.is_some_and(|host| host.is_host_of(&url));
    if url.scheme() == "http" && !loopback && !is_named {
        return Err(LoadError::Address(AddressError::NotHttps));
    }
    Ok(url)
}

/// Reads a file, at most 1 MiB.
pub(in crate::auth) async fn read(path: PathBuf, patience: Duration) -> Result<Vec<u8>, LoadError> {
    let reading = tokio::task::spawn_blocking(move || read_bounded(&path));
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(outcome)) => outcome,
        // The read panicked or the runtime ends; or the file is a pipe that nobody writes to.
        Ok(Err(_)) | Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LARGEST { Err(LoadError::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, HttpHost, LoadError, find_key_set};

    #[test]
    fn an_issuer_elsewhere_names_no_keys_in_the_clear_on_this_machine() {
        let document = br#"{"issuer": "a", "jwks_uri": "http://127.0.0.1:1/jwks"}"#;
        assert!(find_key_set(document, "a", true, None).is_ok());
        let elsewhere = HttpHost::parse("keycloak:8080");
        assert!(
            find_key_set(document, "a", false, HttpHost::parse("127.0.0.1:1").as_ref()).is_ok()
        );
        let refused = find_key_set(document, "a", false, elsewhere.as_ref());
        assert!(matches!(refused, Err(LoadError::Address(AddressError::NotHttps))), "{refused:?}");
    }
}
