//! What the layers counted, as Prometheus reads it, at an address of its own.
//!
//! Names, units and help texts of metrics stand here alone (`families`); the layers hand out plain
//! numbers. A page is made when somebody asks for it, in the text format or in that of
//! `OpenMetrics` 1.0.
//!
//! Invariants: the values of labels come from the program and its settings, never from a request or
//! a document, so a page has the same size whatever callers send; no page names a tenant or a key.

mod exposition;
mod families;
mod format;
mod process;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use self::exposition::Page;
use crate::auth::bearer::BearerVerifier;
use crate::auth::{AuthenticationTally, Clock};
use crate::connections::ConnectionTally;
use crate::http::RequestTally;
use crate::storage::DocumentRepository;

pub use self::format::Format;
pub use self::server::{PATH, listen};

/// Who may ask: the settings `metrics.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Where to answer; nowhere without.
    pub listen: Option<SocketAddr>,
}

/// Everything that is counted.
pub struct Metrics {
    /// What requests came to.
    pub(crate) requests: Arc<RequestTally>,
    /// How authentications came out.
    pub authentications: Arc<AuthenticationTally>,
    /// What connections came to.
    pub connections: Arc<ConnectionTally>,
    /// How many connections there may be.
    pub most_connections: usize,
    /// What the store did and holds.
    pub store: Arc<DocumentRepository>,
    /// How the keys of issuers stand.
    pub bearer: Arc<BearerVerifier>,
    /// How many lines of the log were dropped.
    pub dropped_log_lines: fn() -> u64,
    /// By which ages are told.
    pub clock: Arc<dyn Clock>,
    /// When the service started, since the epoch.
    pub started: Duration,
}

impl Metrics {
    /// All of it, as it is now.
    #[must_use]
    pub fn page(&self, format: Format) -> String {
        let mut page = Page::new(format);
        families::service(&mut page, self.started);
        families::requests(&mut page, &self.requests.counted());
        families::connections(&mut page, &self.connections, self.most_connections);
        families::authentications(&mut page, &self.authentications.counted());
        families::store(&mut page, &self.store.statistics());
        families::issuers(&mut page, &self.bearer.health(), self.clock.since_epoch());
        families::log(&mut page, (self.dropped_log_lines)());
        families::process(&mut page, &process::Usage::read());
        page.finish()
    }
}
