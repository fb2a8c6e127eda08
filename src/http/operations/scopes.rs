//! The operation on the scope catalogue, as the contract's are.

use actix_web::http::Method;

use crate::contract::{ListApiKeys, Operation};

/// `GET` of the scopes that the deployment lists.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct ListScopes;

impl Operation for ListScopes {
    const NAME: &'static str = "ListScopes";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/api/{tenantId}/admin/scopes";
    const TAG: &'static str = "Scopes";
    const SUMMARY: &'static str = "List the scopes that keys can be given";
    const DESCRIPTION: &'static str = "Lists the scopes that the deployment knows, and whether the caller may \
        give each to a key.";
    const SCOPE: &'static str = ListApiKeys::SCOPE;
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &[];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    const SUCCESS: u16 = 200;
}
