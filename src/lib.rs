//! neokeys issues, manages and checks the API keys of a platform's tenants.
//!
//! `startup` puts the layers together: [`http`] speaks the documented [`contract`], [`auth`]
//! decides who may, [`domain`] holds the rules, and [`storage`] keeps one `security.yml` a tenant.

pub mod auth;
pub mod cli;
pub mod contract;
pub mod dev_issuer;
pub mod domain;
pub mod http;
pub mod metrics;
pub mod problem;
pub mod settings;
pub mod startup;
pub mod storage;
pub mod tally;
pub mod telemetry;
pub mod tls;
pub mod traces;
