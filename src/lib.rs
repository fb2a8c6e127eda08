//! neokeys issues, manages and checks the API keys of a platform's tenants.
//!
//! It is a service, and this crate is for two kinds of readers.
//!
//! # Another service that lets the keys in
//!
//! Add the crate to an actix-web service that can reach the store. It is not on crates.io, so name its
//! repository and the release that you want, or a path:
//!
//! ```toml
//! [dependencies]
//! neokeys = { git = "https://github.com/neostore/neokeys", tag = "v0.1.0" }
//! ```
//!
//! Then put the scope that a handler demands into its signature:
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
//! `examples/guarded_service.rs` is a whole one. A service in another language asks over HTTP:
//! `docs/gateways.md`, or `POST /api/{tenantId}/introspect` (RFC 7662).
//!
//! [`guard`] is all of the crate that another crate can rely on: what it has is listed in
//! `tests/public_api/`, and changes there are told in the changelog. The other modules are the
//! program's own parts, public for its tests, and change without notice.
//!
//! # The service itself
//!
//! `startup` puts the layers together: [`http`] speaks the documented [`contract`], [`auth`]
//! decides who may, [`domain`] holds the rules, and [`storage`] keeps one `security.yml` a tenant.

pub use neokeys_store::{domain, storage, tally};

pub mod auth;
pub mod cli;
pub mod connections;
pub mod contract;
pub mod dev_issuer;
pub mod guard;
pub mod http;
pub mod metrics;
pub mod problem;
pub mod settings;
pub mod startup;
pub mod telemetry;
pub mod tls;
pub mod traces;
