//! Every address of the service, on one screen.

use std::sync::Arc;

use actix_web::guard::{self, Guard};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, ThinData};
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, Route};

use super::edge::exchange::RequestObserver;
use super::edge::matched_path::MatchedPath;
use super::edge::public_address::public_address;
use super::edge::request_tally::RequestTally;
use super::forward_auth::{FORWARD_AUTH, forward_auth};
use super::introspection::{IntrospectToken, introspect};
use super::key_service::Keys;
use super::pages::openapi::{DOCUMENTED_JSON, Documents};
use super::pages::swagger_ui::SwaggerUi;
use super::pages::{health, openapi, problem_pages, swagger_ui};
use super::request::limits::LimitsConfig;
use super::{api_keys, operations as all_operations};
use crate::auth::client_address::ClientAddresses;
use crate::auth::{
    AuthenticationTally, Authenticator, Throttle, authenticate, authenticate_client,
};
use crate::contract::{
    CreateApiKey, DeleteApiKey, GetApiKey, ListApiKeys, Operation, PublicUrl, UpdateApiKey,
};
use crate::problem::{PAGES, Problem, ProblemType};

/// What the handlers work with; cheap to clone for each worker.
#[derive(Clone)]
pub(crate) struct HttpParts {
    /// What the handlers work with.
    pub keys: Keys,
    /// Who failed to authenticate how often.
    pub throttle: Arc<Throttle>,
    /// How authentications come out.
    pub authentications: Arc<AuthenticationTally>,
    /// Who is told of each request, if anybody is.
    pub observer: Option<Arc<dyn RequestObserver>>,
    /// Who finds out from where a request came, if refusals are logged with that.
    pub refused_clients: Option<ClientAddresses>,
    /// What requests come to.
    pub requests: Arc<RequestTally>,
    /// Bounds on requests.
    pub limits: LimitsConfig,
    /// Where callers reach it, if a proxy gives it an address of its own.
    pub public_url: Option<PublicUrl>,
    /// The OpenAPI documents.
    pub documents: Documents,
    /// The page that shows them, if there is one.
    pub swagger_ui: Option<SwaggerUi>,
}

/// Adds every address.
pub(crate) fn configure(config: &mut ServiceConfig, parts: &HttpParts) {
    let (repository, bearer) = (&parts.keys.repository, &parts.keys.bearer);
    let authenticator = Authenticator::new(Arc::clone(repository), Arc::clone(bearer))
        .counted_by(Arc::clone(&parts.authentications))
        .throttled_by(Arc::clone(&parts.throttle));
    if let Some(observer) = &parts.observer {
        config.app_data(ThinData(Arc::clone(observer)));
    }
    if let Some(url) = &parts.public_url {
        config.app_data(ThinData(url.clone()));
    }
    if let Some(clients) = &parts.refused_clients {
        config.app_data(ThinData(clients.clone()));
    }
    config
        .app_data(parts.keys.clone())
        .app_data(ThinData(authenticator))
        .app_data(ThinData(Arc::clone(&parts.requests)))
        .app_data(ThinData(parts.limits.clone()))
        .app_data(ThinData(parts.documents.clone()))
        // What is asked for most comes first: each that comes before costs a match.
        .service(
            web::resource(FORWARD_AUTH)
                .app_data(MatchedPath::new(FORWARD_AUTH))
                .route(web::route().to(forward_auth).wrap(from_fn(authenticate))),
        )
        .service(
            operations(IntrospectToken::PATH).route(
                web::route()
                    .guard(method::<IntrospectToken>())
                    .to(introspect)
                    .wrap(from_fn(authenticate_client)),
            ),
        )
        .service(
            operations(GetApiKey::PATH)
                .route(operation::<GetApiKey, _, _>(api_keys::get_api_key))
                .route(operation::<UpdateApiKey, _, _>(api_keys::update_api_key))
                .route(operation::<DeleteApiKey, _, _>(api_keys::delete_api_key)),
        )
        .service(
            operations(ListApiKeys::PATH)
                .route(operation::<ListApiKeys, _, _>(api_keys::list_api_keys))
                .route(operation::<CreateApiKey, _, _>(api_keys::create_api_key)),
        )
        .service(page("/health/live", health::live))
        .service(page("/health/ready", health::ready))
        .service(page(PAGES, problem_pages::index))
        .service(page(&format!("{PAGES}{{slug}}"), problem_pages::entry))
        .default_service(web::to(path_not_found));
    if let Some(swagger_ui) = &parts.swagger_ui {
        config
            .app_data(ThinData(swagger_ui.clone()))
            .service(page("/", swagger_ui::redirect))
            .service(page("/swagger-ui", swagger_ui::redirect))
            .service(page("/swagger-ui/{file:.*}", swagger_ui::file));
    }
    for path in parts.documents.paths() {
        config.service(page(path, openapi::document));
    }
}

/// A path of operations, which are added as routes.
fn operations(path: &'static str) -> Resource {
    let methods = all_operations::all().filter(|it| it.path == path).map(|it| it.method);
    let allowed = allow(methods);
    web::resource(path)
        .app_data(MatchedPath::new(path))
        .default_service(web::to(move || method_not_allowed(allowed.clone())))
}

/// A handler at its operation's method, behind authentication. HEAD works wherever GET does.
fn operation<O, F, Args>(handler: F) -> Route
where
    O: Operation,
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::route().guard(method::<O>()).to(handler).wrap(from_fn(authenticate))
}

fn method<O: Operation>() -> impl Guard {
    // The contract was read when the program was built, so its methods are methods.
    let method = Method::from_bytes(O::METHOD.as_bytes()).unwrap_or(Method::TRACE);
    let also = if method == Method::GET { Method::HEAD } else { method.clone() };
    guard::Any(guard::Method(method)).or(guard::Method(also))
}

/// A page for anybody: GET and HEAD.
fn page<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let allowed = allow(["GET"]);
    web::resource(path)
        .app_data(MatchedPath::new(path))
        .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler))
        .default_service(web::to(move || method_not_allowed(allowed.clone())))
}

/// The value of `Allow` for these methods.
fn allow(methods: impl IntoIterator<Item = &'static str>) -> HeaderValue {
    let named: Vec<_> = methods
        .into_iter()
        .flat_map(|method| if method == "GET" { vec!["GET", "HEAD"] } else { vec![method] })
        .collect();
    HeaderValue::try_from(named.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

async fn method_not_allowed(allowed: HeaderValue) -> Result<&'static str, Problem> {
    Err(Problem::new(ProblemType::MethodNotAllowed, "The Allow header names the methods.")
        .with_header(ALLOW, allowed))
}

async fn path_not_found(request: HttpRequest) -> Result<&'static str, Problem> {
    let document = public_address(&request, DOCUMENTED_JSON);
    let detail = format!("Compare the path with the OpenAPI document at {document}.");
    Err(Problem::new(ProblemType::PathNotFound, detail))
}
