//! The service as HTTP: [routes], bodies in and out, and what every answer carries.
//!
//! Handlers hold no rules and no paths: the rules are in [`crate::domain`], the paths, texts and
//! scopes in [`crate::contract`], and each handler's signature says who may.
//!
//! Invariants: no handler of an operation runs without a [`crate::auth::ScopedAuthorize`]; every
//! answer passes [`edge()`], which writes problems, security headers and the log line.

mod access_log;
mod api_keys;
mod body;
mod client;
mod cors;
mod edge;
mod exchange;
mod extensions;
mod health;
mod json_body;
mod json_object;
mod limits;
mod matched_path;
mod negotiation;
mod openapi;
mod preconditions;
mod problem_pages;
mod public_address;
mod request_id;
mod request_tally;
pub mod routes;
mod swagger_ui;

pub use client::Client;
pub use cors::{CorsConfig, cors};
pub use exchange::{Exchange, RequestObserver};
pub use extensions::collected_extensions;
pub use limits::LimitsConfig;
pub use openapi::{Documents, DocumentsError, collected};
pub use request_tally::{OperationTally, RequestTally};
pub use routes::{HttpParts, configure};

pub use edge::{edge, problem_bodies};
pub use swagger_ui::{PAGE as SWAGGER_UI, SwaggerUi, SwaggerUiConfig};
