//! The description of an introspection's answer in the extensions document.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

/// The answer about a token.
pub(super) struct Introspected;

impl IntoResponses for Introspected {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let body = Content::new(Some(Ref::from_schema_name("IntrospectionResponse")));
        let response = ResponseBuilder::new()
            .description("Whether the token is valid in the tenant, and for what.")
            .content("application/json", body);
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}
