//! Who is calling, and may they.
//!
//! Two credentials are known: a bearer token ([`bearer`]) and an API key. Each answers one of
//! three: not presented, authenticated, or failed.

pub mod bearer;
mod clock;
mod principal;

pub use clock::{Clock, SystemClock};
pub use principal::{Method, Principal, Tenants};
