//! A running service and a client that holds every exchange against the contract.

mod client;
mod contract_checker;
mod issuer;
mod secrets;
mod service;

pub use client::{Client, Reply};
pub use issuer::{Claims, Issuer};
pub use service::{Service, document, entry, token_of};
