//! Swagger UI, from assets inside the program.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use utoipa_swagger_ui::{Config, Url, oauth};

use super::one_origin::OneOrigin;
use super::openapi::{DOCUMENTED_JSON, EXTENSIONS_JSON, SDK_JSON};
use crate::contract::{ContractConfig, SCOPES};
use crate::problem::{Problem, ProblemType};

/// Where the page is.
pub(crate) const PAGE: &str = "/swagger-ui/";

/// The page from itself without its last slash, and from the front door: a proxy may have put a prefix
/// before both.
const PAGE_FROM_BESIDE: &str = "swagger-ui/";

/// The documents that the page shows, the first one at once, by their addresses from the page.
static DOCUMENTS: LazyLock<[(&str, String); 3]> = LazyLock::new(|| {
    let from_page = |path: &str| format!("..{path}");
    [
        ("Documented contract", from_page(DOCUMENTED_JSON)),
        ("SDK profile", from_page(SDK_JSON)),
        ("What other services ask", from_page(EXTENSIONS_JSON)),
    ]
});

/// Colours that Swagger UI's dark mode lacks, and the stylesheet of its own that they are added to.
const DARK_MODE: &str = include_str!("swagger_ui.css");
const STYLESHEET: &str = "index.css";

/// The page and its sign-in: the settings `swagger_ui.…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwaggerUiConfig {
    /// Whether there is a page.
    pub enabled: bool,
    /// The client id that the identity provider knows the page by.
    pub client_id: String,
    /// The scopes that are ticked, of those that a document declares.
    pub scopes: Vec<String>,
}

impl Default for SwaggerUiConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            client_id: "swagger-ui".to_owned(),
            scopes: SCOPES.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The page's settings and the policy that holds it to this server and the deployment's own.
#[derive(Clone)]
pub(crate) struct SwaggerUi {
    config: Arc<Config<'static>>,
    stylesheet: Bytes,
    policy: HeaderValue,
    origin: OneOrigin,
}

impl SwaggerUi {
    /// A page for a deployment. "Try it out" reaches this server and the servers of
    /// `contract.servers`, or `public_url`; never the contract's own, unless they are set.
    ///
    /// With an `origin`, the page is shown only there, and a browser that came by another name of
    /// the same server is sent on: what the page calls and where it signs in is one origin then.
    #[expect(clippy::expect_used, reason = "an origin is a part of a URI, and so visible ASCII")]
    pub(crate) fn new(
        sign_in: &SwaggerUiConfig,
        contract: &ContractConfig,
        origin: Option<String>,
    ) -> Self {
        let oauth = oauth::Config::new()
            .client_id(&sign_in.client_id)
            .app_name("neokeys")
            .scopes(sign_in.scopes.clone());
        let documents = DOCUMENTS.each_ref().map(|(name, path)| Url::new(name, path));
        let config = Config::with_oauth_config(documents, oauth)
            .validator_url("none")
            .display_request_duration(true)
            .persist_authorization(false)
            .try_it_out_enabled(true);
        let reached: String = contract
            .own_servers()
            .into_iter()
            .filter_map(origin_of)
            .map(|it| format!(" {it}"))
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data:; connect-src 'self'{reached}; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        );
        let config = Arc::new(config);
        let stylesheet = utoipa_swagger_ui::serve(STYLESHEET, Arc::clone(&config));
        let stylesheet = stylesheet.ok().flatten().expect("Swagger UI has a stylesheet");
        let stylesheet = [&*stylesheet.bytes, DARK_MODE.as_bytes()].concat().into();
        Self {
            config,
            stylesheet,
            policy: HeaderValue::try_from(policy).expect("a policy is a header value"),
            origin: OneOrigin::new(origin),
        }
    }
}

/// Scheme, host and port of a URL, if it has them and nothing that would end a policy's directive.
pub(crate) fn origin_of(url: &str) -> Option<String> {
    let uri: actix_web::http::Uri = url.parse().ok()?;
    let origin = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    (!origin.contains([';', ',', ' '])).then_some(origin)
}

/// One file of the page.
pub(crate) async fn file(
    page: ThinData<SwaggerUi>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    if let Some(location) = page.origin.elsewhere(&request, PAGE) {
        return Ok(HttpResponse::TemporaryRedirect().insert_header((LOCATION, location)).finish());
    }
    let name = request.match_info().get("file").unwrap_or_default();
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&page.config)).map_err(|error| {
        Problem::new(ProblemType::Internal, "The page could not be written.")
            .caused_by(error.to_string())
    })?;
    let file = found
        .ok_or_else(|| Problem::new(ProblemType::PathNotFound, "Swagger UI has no such file."))?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, page.policy.clone()))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    // Whoever asks for a file shares its bytes with all others who do.
    let bytes = match file.bytes {
        _ if name == STYLESHEET => page.stylesheet.clone(),
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok(response.body(bytes))
}

/// The page without its last slash, and the front door.
pub(crate) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, PAGE_FROM_BESIDE)).finish()
}
