//! A running service and a client that holds every exchange against the contract.

mod client;
mod contract_checker;
mod guard_cases;
mod issuer;
mod running;
mod secrets;

pub use client::{Client, Reply, Request};
pub use guard_cases::{
    Expected, GuardAnswer, GuardCase, PROXIES, guard_cases, guard_service, guard_settings,
    hold_guard_cases, hold_guard_cases_over_http,
};
pub use issuer::{Claims, Issuer};
pub use running::{Process, Service, ServiceBuilder, document, entry, token_of};
