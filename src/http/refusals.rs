//! The refusals of the operations in the extensions document, by what the SDK profile calls them.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{Ref, RefOr, Response};

/// Refusals as the SDK profile has them: what every question can be answered.
pub(crate) struct Refused;
/// Besides those, what a question with a body can be.
pub(crate) struct BodyRefused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        referred(&[
            ("400", "Invalid"),
            ("401", "Unauthorized"),
            ("403", "Forbidden"),
            ("429", "TooManyFailures"),
            ("431", "HeadTooLarge"),
            ("500", "InternalError"),
            ("503", "Unavailable"),
        ])
    }
}

impl IntoResponses for BodyRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        referred(&[
            ("404", "TenantNotFound"),
            ("408", "RequestTimeout"),
            ("413", "ContentTooLarge"),
            ("415", "UnsupportedMediaType"),
        ])
    }
}

pub(super) fn referred(answers: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let reference = |name: &str| RefOr::Ref(Ref::new(format!("#/components/responses/{name}")));
    answers.iter().map(|(status, name)| ((*status).to_owned(), reference(name))).collect()
}
