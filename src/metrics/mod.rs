//! Metrics in the formats of Prometheus, at an address of their own.
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
use crate::auth::AuthenticationTally;
use crate::auth::bearer::BearerVerifier;
use crate::clock::Clock;
use crate::connections::ConnectionTally;
use crate::http::RequestTally;
use crate::storage::DocumentRepository;

pub(crate) use self::format::Format;
pub(crate) use self::server::{PATH, serve};

/// Where metrics are served: the settings `metrics.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// The address to listen on; without one, there are no metrics.
    pub listen: Option<SocketAddr>,
}

/// The sources of all metrics.
pub(crate) struct Metrics {
    /// Requests by operation and status.
    pub requests: Arc<RequestTally>,
    /// Authentications by outcome.
    pub authentications: Arc<AuthenticationTally>,
    /// Open and refused connections.
    pub connections: Arc<ConnectionTally>,
    /// The limit of connections.
    pub most_connections: usize,
    /// The store, for its statistics.
    pub store: Arc<DocumentRepository>,
    /// The verifier, for the keys of issuers.
    pub bearer: Arc<BearerVerifier>,
    /// How many lines of the log were dropped.
    pub dropped_log_lines: fn() -> u64,
    /// By which ages are told.
    pub clock: Arc<dyn Clock>,
    /// When the service started, since the epoch.
    pub started: Duration,
}

impl Metrics {
    /// The page of all metrics as of now.
    pub(crate) fn page(&self, format: Format) -> String {
        let mut page = Page::new(format);
        families::service(&mut page, self.started);
        families::requests(&mut page, &self.requests.counted());
        families::connections(&mut page, &self.connections, self.most_connections);
        families::authentications(&mut page, &self.authentications.counted());
        families::limits(&mut page, &self.authentications);
        families::store(&mut page, &self.store.statistics());
        families::issuers(&mut page, &self.bearer.health(), self.clock.since_epoch());
        families::log(&mut page, (self.dropped_log_lines)());
        families::process(&mut page, &process::Usage::read());
        page.finish()
    }
}
