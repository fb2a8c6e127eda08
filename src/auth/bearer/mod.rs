//! Bearer tokens: JWTs of configured issuers (RFC 6750, RFC 7519, RFC 9068).
//!
//! A token goes through here in one order: its shape (`compact`), its header (`header`), the issuer
//! that it claims, that issuer's key (`issuer_keys`, vetted by `jwk`), its signature (`key`), and
//! only then what it says (`claims`). `jsonwebtoken` computes signatures (`crypto_provider`) and
//! nothing else: it reads neither headers nor claims nor key sets, because it is lenient where the
//! standards are not. A token that was found good is remembered (`verified`), so
//! that it pays for its signature once.
//!
//! Invariants: a key comes from the configured issuer's key set alone, never from the token
//! (`jwk`, `jku`, `x5c`, `x5u` are not even looked at). Nothing here logs or returns text of a
//! token that was refused.

mod address;
mod authorities;
mod claims;
mod compact;
mod config;
mod config_error;
pub mod crypto_provider;
mod error;
mod header;
mod issuer_keys;
mod json;
mod jwk;
mod key;
mod key_set;
mod roca;
mod source;
#[cfg(test)]
mod testing;
mod verified;
mod verifier;

pub use address::AddressError;
pub use authorities::AuthoritiesError;
pub use claims::TokenDescription;
pub use config::{BearerConfig, IssuerConfig, SigningAlgorithm};
pub use config_error::BearerConfigError;
pub use error::BearerError;
pub use issuer_keys::{Loads, Pace};
pub use jwk::KeyFault;
pub use key_set::KeySetError;
pub use source::LoadError;
pub use verifier::{BearerVerifier, FixedIssuer, IssuerHealth, VerifiedToken};
