//! Connections, below requests: how long a client may keep one waiting, what one costs, and what is
//! done when descriptors are few.
//!
//! The HTTP library bounds the first head of a connection alone, and copies each part of an answer
//! whole. Between it and the socket (or TLS) stands `watched`, which bounds every head, and
//! between it and the service stands `exchange`, which hands answers on in slices.
//!
//! Invariant: what is done here never changes what a request says or what is answered to it.

mod departure;
mod descriptors;
mod exchange;
mod framing;
mod idle_eviction;
mod serve;
mod tally;
mod watched;

/// Under what name the HTTP library logs. It calls it an error when a client sends nonsense, which
/// anybody can do as often as they like: that is counted here, and said at `debug`.
pub(crate) const LIBRARY: &str = "actix_http";

pub use departure::Departure;
pub use descriptors::Descriptors;
pub use serve::{Beyond, Listening, serve};
pub use tally::{ConnectionTally, Refusal};
pub use watched::Patience;
