//! Envoy's question over gRPC: `envoy.service.auth.v3.Authorization/Check` (`ext_authz`).
//!
//! It is judged as forward-auth is. The tenant and the scopes are those that the gateway's route names in
//! its `context_extensions`, or those of the first row of a table that covers the request's method and path.
//!
//! Invariants: what is not understood lets nobody pass, and every answer that is no yes is a refusal, never an
//! error that a gateway could be told to overlook. No body of a caller is asked for.

#[cfg(feature = "ext-authz")]
mod answer;
#[cfg(feature = "ext-authz")]
mod check;
mod config;
#[cfg(feature = "ext-authz")]
mod demand;
#[cfg(feature = "ext-authz")]
mod question;
#[cfg(feature = "ext-authz")]
mod record;
#[cfg(feature = "ext-authz")]
mod request_path;
mod route;
#[cfg(feature = "ext-authz")]
mod server;

pub(crate) use config::CONNECTIONS;
pub(crate) use config::ExtAuthzConfig;
pub(crate) use route::Routes;

#[cfg(feature = "ext-authz")]
pub(crate) use check::Judge;
#[cfg(feature = "ext-authz")]
pub(crate) use record::Records;
#[cfg(feature = "ext-authz")]
pub(crate) use server::{Listening, Server};
