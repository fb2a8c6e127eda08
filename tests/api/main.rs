//! The service over a real socket, started as in production. Every exchange is held against the
//! documented contract by the client.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit_log;
mod authorization;
mod bodies;
mod browsers;
mod caching;
mod concurrency;
mod console;
mod coverage;
mod discovery;
mod documents;
#[cfg(feature = "ext-authz")]
mod ext_authz;
mod forward_auth;
mod forward_auth_of_path;
mod hostile_paths;
mod introspection;
mod key_details;
mod key_details_list;
mod key_limits;
mod key_plans;
mod key_policy;
mod last_use;
mod leaks;
mod limits;
mod naughty;
mod negotiation;
mod operations;
mod pages;
mod profile;
mod public_url;
mod revocation;
mod revoked_in_flight;
mod revoked_while_waiting;
mod rotation;
mod store_faults;
mod tenants;
mod tls;

/// The list of tenant `t1`.
const KEYS: &str = "/api/t1/admin/apiKeys";

/// The address of a key of tenant `t1`.
fn key(name: &str) -> String {
    format!("{KEYS}/{name}")
}
