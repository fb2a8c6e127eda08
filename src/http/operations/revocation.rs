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
    const DESCRIPTION: &'static str = "Ends the API key's token in the body (RFC 7009). Whoever holds the \
        token may do so, and needs no other credential. If it is the key's newest token, the key is disabled; \
        an older one ends alone. The answer is the same if the text was not a token. Bearer tokens expire by \
        themselves, and are not revoked.";
    const SCOPE: &'static str = "";
    const REQUEST_MEDIA_TYPES: &'static [&'static str] = &["application/x-www-form-urlencoded"];
    const RESPONSE_MEDIA_TYPES: &'static [&'static str] = &[];
    const SUCCESS: u16 = 200;
}
