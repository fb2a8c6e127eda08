//! The operation on tenants, as the contract's are.

use actix_web::http::Method;

use crate::contract::{ListApiKeys, Operation};

/// `GET` of the tenants that the caller may see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListTenants;

impl Operation for ListTenants {
    const NAME: &'static str = "ListTenants";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/api/tenants";
    const TAG: &'static str = "Tenants";
    const SUMMARY: &'static str = "List the tenants whose keys the caller may read";
    const DESCRIPTION: &'static str = "Lists the tenants that exist and that the bearer token is for, by id, a \
        page at a time. An API key belongs to one tenant, and is refused here.";
    const SCOPE: &'static str = ListApiKeys::SCOPE;
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &[];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    const SUCCESS: u16 = 200;
}
