//! Faults of the settings under `auth.bearer`.

use std::path::PathBuf;

use super::certificate_authorities::AuthoritiesError;
use super::key_address::AddressError;

/// A setting under `auth.bearer` that cannot be used. The text names it by its path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BearerConfigError {
    /// A text that must not be empty is.
    #[error("auth.bearer.{setting} must not be empty")]
    Empty {
        /// The setting's path below `auth.bearer`.
        setting: String,
    },
    /// Two issuers of one name.
    #[error("auth.bearer.issuers[{index}].issuer names an issuer that an earlier entry names too")]
    RepeatedIssuer {
        /// The later one's place, counted from 0.
        index: usize,
    },
    /// Keys cannot be fetched from there.
    #[error("auth.bearer.{setting} {source}")]
    Address {
        /// The setting's path below `auth.bearer`.
        setting: String,
        /// Its fault.
        source: AddressError,
    },
    /// No `jwks`, and the issuer is no address to discover it at.
    #[error(
        "auth.bearer.issuers[{index}].jwks is needed, because issuers[{index}].issuer {source}, so \
         its keys cannot be discovered"
    )]
    Undiscoverable {
        /// The issuer's place, counted from 0.
        index: usize,
        /// Why the issuer is no address.
        source: AddressError,
    },
    /// The issuer's certificate authorities cannot be used.
    #[error("auth.bearer.issuers[{index}].ca: {path} {source}")]
    Authorities {
        /// The issuer's place, counted from 0.
        index: usize,
        /// Which file.
        path: PathBuf,
        /// Its fault.
        source: AuthoritiesError,
    },
    /// Certificate authorities where no certificate will ever be shown.
    #[error("auth.bearer.issuers[{index}].ca is for keys from an https address; remove it")]
    NeedlessAuthorities {
        /// The issuer's place, counted from 0.
        index: usize,
    },
    /// `http_host` is no host.
    #[error(
        "auth.bearer.issuers[{index}].http_host must be a host, or a host and its port, such as \
         keycloak:8080"
    )]
    HttpHost {
        /// The issuer's place, counted from 0.
        index: usize,
    },
    /// A host for `http` where none is asked.
    #[error(
        "auth.bearer.issuers[{index}].http_host is for keys that come over http from it; remove it"
    )]
    NeedlessHttpHost {
        /// The issuer's place, counted from 0.
        index: usize,
    },
    /// Keys that were handed over in place of an address are no key set.
    #[error("the key set given for an issuer cannot be used")]
    FixedKeys(#[from] super::KeySetError),
    /// No connection can be made at all.
    #[error(
        "the keys of auth.bearer.issuers cannot be fetched; without certificate authorities of the \
         operating system (Debian's package ca-certificates), name a file of them in each issuer's \
         ca"
    )]
    Client(#[source] reqwest::Error),
}
