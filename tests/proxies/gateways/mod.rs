//! The configurations of `docs/gateways/`, as they stand there, before a small service.

#[cfg(feature = "ext-authz")]
mod envoy_grpc;
mod framing;
mod hostile;
mod judged;
mod paths;
mod preflights;
mod revocation;
mod sizes;
mod throttle;
mod way;
mod websockets;
mod without_answers;
