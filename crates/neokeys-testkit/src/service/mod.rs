//! A running service and a client that holds every exchange against the contract.

mod client;
mod contract_checker;
mod issuer;
mod running;
mod secrets;

pub use client::{Client, Reply, Request};
pub use issuer::{Claims, Issuer};
pub use running::{Process, Service, ServiceBuilder, document, entry, token_of};
