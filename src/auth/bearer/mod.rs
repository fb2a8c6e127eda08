//! Bearer tokens: JWTs of configured issuers (RFC 6750, RFC 7519, RFC 9068).
//!
//! A token goes through here in one order: its shape (`compact_jws`), its header (`header`), the issuer
//! that it claims, that issuer's key (`key_refresh`, vetted by `jwk`), its signature (`verifying_key`), and
//! only then what it says (`claims`). Libraries of JWTs are lenient where the standards are not, so none
//! reads headers, claims or key sets here: aws-lc checks signatures, and nothing else. A token that was found good is remembered (`token_cache`), so
//! that it pays for its signature once.
//!
//! Invariants: a key comes from the configured issuer's key set alone, never from the token
//! (`jwk`, `jku`, `x5c`, `x5u` are not even looked at). Nothing here logs or returns text of a
//! token that was refused.

mod certificate_authorities;
mod claims;
mod compact_jws;
mod config;
mod config_error;
mod error;
mod header;
mod jwk;
mod key_address;
mod key_fetch;
mod key_refresh;
mod key_set;
mod signing_algorithm;
mod strict_json;
#[cfg(test)]
mod testing;
mod token_cache;
mod verifier;
mod verifying_key;
mod weak_rsa;

pub use certificate_authorities::AuthoritiesError;
pub(crate) use certificate_authorities::read as read_authorities;
pub use claims::TokenDescription;
pub use config::{BearerConfig, IssuerConfig};
pub use config_error::BearerConfigError;
pub use error::BearerError;
pub use jwk::KeyFault;
pub use key_address::AddressError;
pub(crate) use key_address::is_loopback;
pub use key_fetch::LoadError;
pub(crate) use key_fetch::find_certificate_error;
pub use key_refresh::{Loads, Pace};
pub use key_set::KeySetError;
pub use signing_algorithm::SigningAlgorithm;
pub use verifier::{BearerVerifier, FixedIssuer, IssuerHealth, VerifiedToken};

pub(super) use key_fetch::{fetch as fetch_json, key_client, read as read_file};

/// An address that others' public keys may be fetched from.
///
/// # Errors
/// [`AddressError`] says what is wrong with it.
pub(super) fn parse_key_url(text: &str) -> Result<reqwest::Url, AddressError> {
    key_address::parse(text, None)
}
