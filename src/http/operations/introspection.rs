//! The operation of resource servers, as the contract's are.

use actix_web::http::Method;

use crate::contract::{ListApiKeys, Operation};

/// `POST` of a token. It shows no more than the list of keys does, and demands what that demands.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct IntrospectToken;

impl Operation for IntrospectToken {
    const NAME: &'static str = "IntrospectToken";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/api/{tenantId}/introspect";
    const TAG: &'static str = "Introspection";
    const SUMMARY: &'static str = "What a token is worth";
    const DESCRIPTION: &'static str = "Says of an API key or a bearer token whether it is valid in \
        the tenant, and what it may do there (RFC 7662).";
    const SCOPE: &'static str = ListApiKeys::SCOPE;
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &["application/x-www-form-urlencoded"];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    const SUCCESS: u16 = 200;
}
