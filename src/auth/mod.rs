//! Who is calling, and may they.
//!
//! Two credentials are known: a bearer token ([`bearer`]) and an API key. Each answers one of
//! three: not presented, authenticated, or failed; [`Authenticator`] joins the answers into a
//! [`Caller`], and [`ScopedAuthorize`] lets a handler begin only for a caller who may (`TenantsAuthorize`,
//! where it is about no single tenant).
//!
//! Invariants: who may is decided before a body is read and before it shows whether a tenant
//! exists; no answer tells one kind of invalid credential from another.

mod accepted_credential;
mod authentication_tally;
mod authenticator;
pub mod bearer;
mod caller;
pub(crate) mod client_address;
mod client_network;
mod client_secret;
mod credential;
pub(crate) mod denial;
mod grants;
mod guard;
mod held_token;
mod identification;
mod leak_report;
mod middleware;
mod operation_right;
mod outcome;
mod own_key;
mod passage;
mod principal;
#[cfg(test)]
mod refusal_timing;
pub(crate) mod secret_in_text;
mod tenants_guard;
mod throttle;

pub(crate) use accepted_credential::{Accepted, Standing};
pub use authentication_tally::{AuthenticationTally, Verdict};
pub use authenticator::{Authenticator, Inspection};
pub use caller::Caller;
pub use grants::Grants;
pub(crate) use guard::RefusedAtGuard;
pub use guard::{RequiredScope, ScopedAuthorize};
pub(crate) use held_token::HeldToken;
pub use identification::Credentials;
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(crate) use identification::Unidentified;
pub(crate) use leak_report::LeakReporter;
pub use leak_report::ReporterKeys;
pub use middleware::{authenticate, identify_caller};
pub(crate) use middleware::{path_parameter, path_tenant};
pub(crate) use own_key::OwnKey;
pub use principal::{Method, Principal, Subject, Tenants};
pub(crate) use tenants_guard::TenantsAuthorize;
pub use throttle::{Throttle, ThrottleConfig};
