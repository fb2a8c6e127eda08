//! neokeys issues, manages and checks the API keys of a platform's tenants.
//!
//! It is a service, and a library for services that check its keys themselves.
//!
//! # Guarding another service
//!
//! Add the crate to a service on actix-web, axum or tower that can reach the store. It is not on crates.io, so name its
//! repository and a release, or a path:
//!
//! ```toml
//! [dependencies]
//! neokeys = { git = "https://github.com/neostore/neokeys", tag = "v0.1.0" }
//! ```
//!
//! Then put the scope that a handler requires into its signature:
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use neokeys::guard::{BearerConfig, Guard, RequiredScope, ScopedAuthorize, StoreUrl};
//!
//! struct ReadOrders;
//!
//! impl RequiredScope for ReadOrders {
//!     const SCOPE: &'static str = "orders:read";
//! }
//!
//! async fn list_orders(caller: ScopedAuthorize<ReadOrders>) -> String {
//!     format!("the orders of {}", caller.tenant())
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store: StoreUrl = "file:/var/lib/neokeys".parse()?;
//! let guard = Guard::open(&store, BearerConfig::default()).await?;
//! let app = move || {
//!     let shops = guard.scope("/shops/{tenantId}").route("/orders", web::get().to(list_orders));
//!     App::new().service(shops)
//! };
//! HttpServer::new(app).bind("127.0.0.1:9000")?.run().await?;
//! # Ok(())
//! # }
//! ```
//!
//! `examples/guarded_service` is a complete service, and `examples/guarded_axum` is one on axum, for which the
//! feature `tower` has a layer. A service in another language asks over HTTP:
//! `docs/gateways.md`, or `POST /api/{tenantId}/introspect` (RFC 7662).
//!
//! [`guard`] is the public API of the crate: `tests/public_api/` lists its items, and the changelog names
//! changes to it. The other modules are the program's own parts, public for its tests, and change
//! without notice.
//!
//! # The service itself
//!
//! `startup` puts the layers together: [`http`] implements the documented `contract`, [`auth`]
//! authenticates and authorizes callers, [`domain`] holds the rules, and [`storage`] keeps one
//! `security.yml` a tenant.

pub mod guard;

pub use neokeys_store::{audit, clock, domain, storage, tally, transparency};

use neokeys_store::causes;

pub mod auth;
pub mod http;
pub mod problem;

// The program and its tests alone reach these.
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod connections;
#[doc(hidden)]
pub mod contract;
#[doc(hidden)]
pub mod settings;
#[doc(hidden)]
pub mod startup;
#[doc(hidden)]
pub mod telemetry;

mod dev_issuer;
mod ext_authz;
mod metrics;
mod tls;
mod traces;
