//! The settings `ext_authz.…`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Routes;

/// The most connections of gateways at once, where there are descriptors for them. A gateway has a few.
pub(crate) const CONNECTIONS: usize = 1024;

/// Where Envoy asks, who may ask, and what is demanded where its own route says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtAuthzConfig {
    /// The address to listen on; without one, nobody is answered over gRPC.
    pub listen: Option<SocketAddr>,
    /// A PEM file of authorities: only who shows a certificate by one of them may ask.
    pub client_ca: Option<PathBuf>,
    /// The demands by method and path.
    pub routes: Routes,
}
