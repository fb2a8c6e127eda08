//! A request as it comes in: its limits, its body, its conditions, and what it accepts.

pub(super) mod body;
pub(super) mod client;
#[cfg(any(feature = "ext-authz", feature = "tower"))]
pub(super) mod foreign_headers;
pub(super) mod form;
pub(super) mod json_body;
mod json_object;
pub(super) mod limits;
pub(super) mod negotiation;
pub(super) mod preconditions;
pub(super) mod query;
pub(super) mod request_id;
pub(super) mod secret_form;
