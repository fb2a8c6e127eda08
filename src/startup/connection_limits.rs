//! The bounds on connections, as the settings and the machine have them.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::connections::{Descriptors, Patience};
use crate::ext_authz::CONNECTIONS;
use crate::http::LimitsConfig;
use crate::settings::Settings;

/// Threads for so many connections: each counts its own, so there are no more threads than connections.
pub(super) fn workers(connections: usize) -> usize {
    available_parallelism().map_or(1, NonZero::get).min(connections)
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Of clients over HTTP.
    pub http: usize,
    /// Of gateways over gRPC; none where nobody is answered there.
    pub gateways: usize,
}

/// Connections that leave descriptors to documents; where there are few, gateways have a quarter of them.
pub(super) fn connections_that_fit(settings: &Settings) -> ConnectionLimits {
    let wanted = settings.limits.connections.get();
    let gateways = if settings.ext_authz.listen.is_some() { CONNECTIONS } else { 0 };
    let together = wanted.saturating_add(gateways);
    let descriptors = Descriptors::raise(together);
    let limits = ConnectionLimits::shared(descriptors.connections(together), wanted, gateways);
    let most = limits.http;
    if most < wanted {
        tracing::warn!(
            limits.connections = wanted,
            held_to = most,
            gateways = limits.gateways,
            open_files = descriptors.most,
            "the limit of open files is too low for limits.connections; \
             raise the hard limit (LimitNOFILE, ulimit -Hn), or lower limits.connections"
        );
    }
    limits
}

impl ConnectionLimits {
    fn shared(most: usize, wanted: usize, gateways: usize) -> Self {
        let gateways = gateways.min((most / 4).max(1));
        Self { http: most.saturating_sub(gateways).clamp(1, wanted), gateways }
    }
}

/// How long clients may keep a connection waiting.
pub(super) fn patience(limits: &LimitsConfig) -> Patience {
    let LimitsConfig { head_time, body_time, idle_time, .. } = *limits;
    Patience { head_time, body_time, idle_time }
}

#[cfg(test)]
mod tests {
    use super::ConnectionLimits;

    #[test]
    fn gateways_leave_room_to_clients_where_there_is_little() {
        for (most, wanted, asked, http, gateways) in [
            (10_000, 10_000, 0, 10_000, 0),
            (11_024, 10_000, 1_024, 10_000, 1_024),
            (768, 10_000, 1_024, 576, 192),
            (2, 10_000, 1_024, 1, 1),
            (1, 10_000, 0, 1, 0),
        ] {
            let limits = ConnectionLimits::shared(most, wanted, asked);
            assert_eq!((limits.http, limits.gateways), (http, gateways), "{most} {asked}");
        }
    }
}
