//! The signature of GitHub's secret scanning on a report of leaked tokens (its partner protocol).
//!
//! Invariant: nothing of a report is read before its signature was found good, over the bytes as they came.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Url};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::bearer::{LoadError, fetch_json, key_client, parse_key_url, read_file};
use crate::clock::Clock;
use crate::problem::{Faults, Problem, ProblemType};

/// The header with the id of the key.
const KEY_ID: &str = "github-public-key-identifier";
/// The header with the signature, in Base64.
const SIGNATURE: &str = "github-public-key-signature";

/// The least time from one load of the keys to the next.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest that a load takes.
const PATIENCE: Duration = Duration::from_secs(5);
/// The bytes before the point of a P-256 key in its DER (RFC 5480 §2).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Where the reporter's public keys are: an `https` URL, or `file:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReporterKeys {
    /// A file on this machine.
    File(PathBuf),
    /// An address.
    Address(Url),
}

impl Default for ReporterKeys {
    fn default() -> Self {
        Self::from_str("https://api.github.com/meta/public_keys/secret_scanning")
            .unwrap_or_else(|_| Self::File(PathBuf::new()))
    }
}

impl FromStr for ReporterKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("file:") {
            Some("") => Err("name a file, such as file:keys.json".to_owned()),
            Some(path) => Ok(Self::File(path.into())),
            None => parse_key_url(text).map(Self::Address).map_err(|error| format!("it {error}")),
        }
    }
}

impl fmt::Display for ReporterKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Address(url) => url.fmt(formatter),
        }
    }
}

/// Judges signatures by the reporter's keys, which are loaded when an unknown one is named.
pub(crate) struct LeakReporter {
    keys: ReporterKeys,
    client: Client,
    known: ArcSwap<HashMap<String, Vec<u8>>>,
    last_load: Mutex<Option<(Duration, bool)>>,
    clock: Arc<dyn Clock>,
}

/// The keys as they are published.
#[derive(Deserialize)]
struct Published {
    public_keys: Vec<PublishedKey>,
}

#[derive(Deserialize)]
struct PublishedKey {
    key_identifier: String,
    key: String,
}

impl LeakReporter {
    /// A judge that has loaded no key yet.
    ///
    /// # Errors
    /// The fault that keeps the HTTP client from being created.
    pub(crate) fn new(keys: ReporterKeys, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        Ok(Self::with_client(keys, key_client(PATIENCE)?, clock))
    }

    fn with_client(keys: ReporterKeys, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { keys, client, known: ArcSwap::default(), last_load: Mutex::default(), clock }
    }

    /// Whether the reporter signed these bytes.
    ///
    /// # Errors
    /// A 400 where it did not, a 503 where its keys cannot be had.
    pub(crate) async fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
        let (Some(id), Some(signature)) = (only(headers, KEY_ID), only(headers, SIGNATURE)) else {
            return Err(refused(
                KEY_ID,
                "Send one GitHub-Public-Key-Identifier and one GitHub-Public-Key-Signature.",
            ));
        };
        let signature = STANDARD.decode(signature).map_err(|error| {
            refused(SIGNATURE, "GitHub-Public-Key-Signature is not Base64.").caused_by(error)
        })?;
        let Some(point) = self.key(id).await? else {
            return Err(refused(
                KEY_ID,
                "GitHub-Public-Key-Identifier names no key of the reporter.",
            ));
        };
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        key.verify(body, &signature).map_err(|error| {
            refused(SIGNATURE, "The signature is not one of these bytes by this key.")
                .caused_by(error.to_string())
        })
    }

    /// The point of a key, loaded if it is not known and nobody has looked for a minute.
    async fn key(&self, id: &str) -> Result<Option<Vec<u8>>, Problem> {
        let find = || self.known.load().get(id).cloned();
        if let Some(point) = find() {
            return Ok(Some(point));
        }
        let mut last_load = self.last_load.lock().await;
        // Whoever waited before may have loaded it.
        if let Some(point) = find() {
            return Ok(Some(point));
        }
        let now = self.clock.since_epoch();
        // A clock that was set back is no reason to wait for it.
        let is_recent = |(at, _): &(Duration, bool)| now.abs_diff(*at) < PAUSE;
        match last_load.filter(is_recent) {
            Some((_, true)) => return Ok(None),
            Some((_, false)) => return Err(unavailable()),
            None => {}
        }
        let loaded = self.load().await;
        *last_load = Some((now, loaded.is_ok()));
        self.known.store(Arc::new(loaded.map_err(|error| unavailable().caused_by(error))?));
        Ok(find())
    }

    async fn load(&self) -> Result<HashMap<String, Vec<u8>>, LoadError> {
        let bytes = match &self.keys {
            ReporterKeys::File(path) => read_file(path.clone(), PATIENCE).await?,
            ReporterKeys::Address(url) => fetch_json(&self.client, url.clone()).await?,
        };
        let published: Published = serde_json::from_slice(&bytes).or(Err(LoadError::NotJson))?;
        let read = |key: PublishedKey| {
            let point = point(&key.key);
            if point.is_none() {
                tracing::warn!(
                    key.id = key.key_identifier,
                    "a key of the reporter of leaks is not one for ECDSA on P-256"
                );
            }
            Some((key.key_identifier, point?))
        };
        Ok(published.public_keys.into_iter().filter_map(read).collect())
    }
}

/// The point of a P-256 key in PEM.
fn point(pem: &str) -> Option<Vec<u8>> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).ok()?;
    der.strip_prefix(P256.as_slice()).map(<[u8]>::to_vec).filter(|point| point.len() == 65)
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name);
    let (first, second) = (values.next()?, values.next());
    first.to_str().ok().filter(|_| second.is_none())
}

fn refused(header: &str, sentence: &'static str) -> Problem {
    let mut faults = Faults::default();
    faults.add(header, sentence);
    Problem::validation(faults)
}

fn unavailable() -> Problem {
    let detail = "The reporter's public keys are not available now. Try again later.";
    Problem::new(ProblemType::StoreUnavailable, detail).in_five_seconds()
}

#[cfg(test)]
mod tests;
