//! The refusals of the operations in the extensions document, by what the SDK profile calls them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::problem::ProblemType;

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

/// Refusals of what anybody may ask.
pub(crate) struct PublicRefused;
/// Of those, what is refused where no store is read.
pub(crate) struct StorelessRefused;
/// Besides [`PublicRefused`], what a change by anybody with a body can be.
pub(crate) struct PublicBodyRefused;

impl IntoResponses for PublicRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let needs_credential = ["401", "403"];
        let all = Refused::responses().into_iter();
        all.filter(|(status, _)| !needs_credential.contains(&status.as_str())).collect()
    }
}

impl IntoResponses for StorelessRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut refused = PublicRefused::responses();
        refused.remove("503");
        refused
    }
}

impl IntoResponses for PublicBodyRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut refused = BodyRefused::responses();
        refused.remove("404");
        refused.extend(referred(&[("409", "Conflict")]));
        refused
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

/// A refusal that the SDK profile does not have.
pub(super) fn described(description: &str, kind: ProblemType, detail: &str) -> Response {
    response(description, "ProblemDetails", example(kind, detail))
}

/// The same with sentences by member.
pub(super) fn described_by_member(
    description: &str,
    kind: ProblemType,
    detail: &str,
    errors: Value,
) -> Response {
    let mut example = example(kind, detail);
    example["errors"] = errors;
    response(description, "HttpValidationProblemDetails", example)
}

fn example(kind: ProblemType, detail: &str) -> Value {
    json!({
        "type": kind.type_uri(), "title": kind.title(), "status": kind.status().as_u16(),
        "detail": detail, "requestId": "8f1c",
    })
}

fn response(description: &str, schema: &str, example: Value) -> Response {
    let schema = Ref::from_schema_name(schema);
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
    let media_types = ["application/json", "text/json", "text/plain", "application/problem+json"];
    let response = ResponseBuilder::new().description(description);
    let with = |response: ResponseBuilder, name: &&str| response.content(*name, content.clone());
    media_types.iter().fold(response, with).build()
}
