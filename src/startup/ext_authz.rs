//! The part of a service that answers Envoy over gRPC.

use std::io;
use std::sync::Arc;

use crate::ext_authz::{Judge, Listening, Records, Server};
use crate::http::HttpParts;
use crate::settings::Settings;
use crate::tls::{Certificate, Spoken};

use super::{Counts, StartError, bind, origin, workers};

/// Where gateways ask, bound and ready to run.
pub(super) struct Gateways {
    listening: Listening,
    judge: Judge,
    /// Where it listens.
    pub address: String,
}

impl Gateways {
    /// Binds the address, if the settings name one, for so many connections at once.
    pub(super) fn bind(
        settings: &Settings,
        connections: usize,
        certificate: Option<&Certificate>,
        parts: &HttpParts,
        counts: &Counts,
    ) -> Result<Option<Self>, StartError> {
        let Some(address) = settings.ext_authz.listen else { return Ok(None) };
        let client_ca = settings.ext_authz.client_ca.as_deref();
        if client_ca.is_some() && certificate.is_none() {
            return Err(StartError::ClientCaWithoutTls);
        }
        let tls = certificate.map(|it| it.server_config(Spoken::Http2, client_ca)).transpose()?;
        let (listener, address) = bind("ext_authz.listen", address)?;
        let address = origin(address, tls.is_some());
        let limits = &settings.limits;
        let listening = Listening {
            listener,
            tls,
            head_time: limits.head_time,
            question_time: limits.body_time,
            stall_time: limits.stall_time,
            shutdown: limits.shutdown,
            connections,
            workers: workers(connections),
            tally: Arc::clone(&counts.connections),
        };
        let judge = Judge {
            authenticator: parts.authenticator(),
            keys: Arc::clone(&parts.keys.repository),
            routes: settings.ext_authz.routes.clone(),
            public_url: parts.public_url.clone(),
            records: Records {
                requests: Arc::clone(&parts.requests),
                observer: parts.observer.clone(),
                refused_clients: parts.refused_clients.clone(),
            },
        };
        Ok(Some(Self { listening, judge, address }))
    }

    /// Begins to answer.
    pub(super) fn run(self) -> io::Result<Server> {
        Server::start(self.listening, self.judge)
    }
}
