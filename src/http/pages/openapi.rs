//! The OpenAPI documents that the service serves.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::web::{Bytes, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::OpenApi as _;

use super::extensions_document::collected_extensions;
use crate::contract::{self, ContractConfig};
use crate::http::api_keys;
use crate::problem::{Problem, ProblemType};

/// Where the documented contract is served, as JSON and as YAML.
pub(crate) const DOCUMENTED_JSON: &str = "/openapi/v1.json";
pub(crate) const DOCUMENTED_YAML: &str = "/openapi/v1.yaml";
/// Where the SDK profile is served, likewise.
pub(crate) const SDK_JSON: &str = "/openapi/v1.sdk.json";
pub(crate) const SDK_YAML: &str = "/openapi/v1.sdk.yaml";
/// Where the document of what other services ask is served, likewise.
pub(crate) const EXTENSIONS_JSON: &str = "/openapi/extensions-v1.json";
pub(crate) const EXTENSIONS_YAML: &str = "/openapi/extensions-v1.yaml";

#[derive(utoipa::OpenApi)]
#[openapi(paths(
    api_keys::list_api_keys,
    api_keys::create_api_key,
    api_keys::get_api_key,
    api_keys::update_api_key,
    api_keys::delete_api_key,
))]
struct Annotations;

/// The document that utoipa collects from the handlers' annotations.
#[must_use]
pub fn collected() -> utoipa::openapi::OpenApi {
    Annotations::openapi()
}

/// A document in one form, ready to be sent.
#[derive(Debug, Clone)]
struct Rendered {
    bytes: Bytes,
    content_type: &'static str,
    etag: HeaderValue,
}

/// Every document in every form, by its path; written once at the start.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    rendered: Vec<(&'static str, Rendered)>,
}

impl Documents {
    /// Writes the documents for a deployment.
    #[must_use]
    pub(crate) fn render(config: &ContractConfig) -> Self {
        let documented = contract::documented(collected(), config);
        let sdk = contract::sdk_profile(config);
        let extensions = contract::extensions_document(collected_extensions(), config);
        let rendered = vec![
            (DOCUMENTED_JSON, Rendered::json(&documented)),
            (DOCUMENTED_YAML, Rendered::yaml(&documented)),
            (SDK_JSON, Rendered::json(&sdk)),
            (SDK_YAML, Rendered::yaml(&sdk)),
            (EXTENSIONS_JSON, Rendered::json(&extensions)),
            (EXTENSIONS_YAML, Rendered::yaml(&extensions)),
        ];
        Self { rendered }
    }

    /// Where documents are.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.rendered.iter().map(|(path, _)| *path)
    }
}

#[expect(clippy::expect_used, reason = "every JSON is YAML, and Base64 is visible ASCII")]
impl Rendered {
    fn json(document: &Value) -> Self {
        let text = format!("{document:#}");
        Self::new(text, "application/json")
    }

    fn yaml(document: &Value) -> Self {
        let text = serde_yaml::to_string(document).expect("JSON is YAML");
        // RFC 9512 §2.1.
        Self::new(text, "application/yaml")
    }

    fn new(text: String, content_type: &'static str) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&text)[..16]));
        let etag = HeaderValue::try_from(tag).expect("a tag is a header value");
        Self { bytes: text.into(), content_type, etag }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = request.headers().get_all(IF_NONE_MATCH).any(|value| *value == self.etag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, self.etag.clone()))
            .insert_header((CACHE_CONTROL, "no-cache"));
        if known {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, self.content_type)).body(self.bytes.clone())
    }
}

/// The document at the path of the request.
pub(crate) async fn document(
    documents: ThinData<Documents>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let found = documents.rendered.iter().find(|(path, _)| *path == request.path());
    let found = found.ok_or_else(|| Problem::new(ProblemType::PathNotFound, "No such document."));
    found.map(|(_, document)| document.answer(&request))
}
