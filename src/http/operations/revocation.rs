//! The operation that ends a token, as the contract's are.

use actix_web::http::Method;

use crate::contract::Operation;

/// `POST` of a token that is to end.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct RevokeToken;

impl Operation for RevokeToken {
    const NAME: &'static str = "RevokeToken";
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/api/{tenantId}/revoke";
    const TAG: &'static str = "Revocation";
    const SUMMARY: &'static str = "End a token that leaked";
    const DESCRIPTION: &'static str = "Ends the API key's token in the body (RFC 7009): whoever holds it may, \
        and needs no other credential. The key is disabled if it is its newest token; an older one ends \
        alone. The answer is the same if it was none. Bearer tokens end by themselves, and are left alone.";
    const SCOPE: &'static str = "";
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &["application/x-www-form-urlencoded"];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &[];
    const SUCCESS: u16 = 200;
}
