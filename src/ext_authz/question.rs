//! The question of Envoy: the request that it holds back.

use std::collections::HashMap;
use std::net::IpAddr;

use actix_web::http::header::HeaderMap;
use envoy_types::ext_authz::v3::pb::{Address, CheckRequest};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer};

use crate::http::foreign_headers;

/// A request that is held back.
pub(super) struct Question {
    http: HttpRequest,
    /// Those of its headers that are read.
    pub headers: HeaderMap,
    /// The context that the gateway's route adds.
    pub context: HashMap<String, String>,
    /// Who sent it, as the gateway has found out.
    pub client: Option<IpAddr>,
}

impl Question {
    /// Takes a question; `None` where it is about no HTTP request.
    pub(super) fn of(asked: CheckRequest) -> Option<Self> {
        let attributes = asked.attributes?;
        let http = attributes.request?.http?;
        let headers = foreign_headers(pairs(&http));
        let client = attributes.source.as_ref().and_then(address);
        Some(Self { http, headers, context: attributes.context_extensions, client })
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        &self.http.method
    }

    /// The path and the query, as they were sent.
    pub(super) fn target(&self) -> &str {
        &self.http.path
    }

    /// The names of all headers that the gateway tells of.
    pub(super) fn header_names(&self) -> impl Iterator<Item = &str> {
        pairs(&self.http).map(|(name, _)| name)
    }
}

/// The headers, in whichever of the two forms the gateway sends them.
fn pairs(http: &HttpRequest) -> impl Iterator<Item = (&str, &[u8])> {
    let joined = http.headers.iter().map(|(name, value)| (&**name, value.as_bytes()));
    let raw = http.header_map.iter().flat_map(|map| &map.headers);
    let raw = raw.map(|it| {
        let value = if it.raw_value.is_empty() { it.value.as_bytes() } else { &it.raw_value };
        (&*it.key, value)
    });
    joined.chain(raw)
}

fn address(peer: &Peer) -> Option<IpAddr> {
    match peer.address.as_ref()?.address.as_ref()? {
        Address::SocketAddress(socket) => socket.address.parse().ok(),
        Address::Pipe(_) | Address::EnvoyInternalAddress(_) => None,
    }
}
