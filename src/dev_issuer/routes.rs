//! The issuer's addresses.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use secrecy::ExposeSecret as _;

use super::answers::{
    cannot_sign, html, parse_pairs, refuse_foreign_form, refuse_other_host, secured,
};
use super::authorize::{AuthorizeError, AuthorizeRequest, parse_choice};
use super::{DevIssuer, ROOT, device, page, token_endpoint};
use crate::problem::{Problem, ProblemType};

pub(super) fn configure(issuer: &Arc<DevIssuer>, app: &mut web::ServiceConfig) {
    let issuer = web::Data::from(Arc::clone(issuer));
    let sign_in = address("/authorize", "GET, HEAD, POST")
        .route(web::get().to(show))
        .route(web::head().to(show))
        .route(web::post().to(submit));
    let token = address("/token", "POST").route(web::post().to(token_endpoint::token));
    let device = address("/device", "GET, HEAD, POST")
        .route(web::get().to(device::show))
        .route(web::head().to(device::show))
        .route(web::post().to(device::submit));
    let device_codes =
        address("/device_authorization", "POST").route(web::post().to(device::authorize));
    let keys = address("/.well-known/jwks.json", "GET, HEAD")
        .route(web::get().to(key_set))
        .route(web::head().to(key_set));
    let about = address("/.well-known/openid-configuration", "GET, HEAD")
        .route(web::get().to(discovery))
        .route(web::head().to(discovery));
    let scope = web::scope(ROOT).app_data(issuer);
    let scope = scope.service(sign_in).service(token).service(device).service(device_codes);
    app.service(scope.service(keys).service(about));
}

/// A path that answers other methods than these with a 405.
fn address(path: &str, allowed: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        let detail = "The Allow header names the methods.";
        Err::<&str, _>(
            Problem::new(ProblemType::MethodNotAllowed, detail)
                .with_header(header::ALLOW, HeaderValue::from_static(allowed)),
        )
    }))
}

/// The sign-in page.
async fn show(issuer: web::Data<DevIssuer>, request: HttpRequest) -> HttpResponse {
    if let Some(refusal) = refuse_other_host(&issuer, &request) {
        return refusal;
    }
    match AuthorizeRequest::parse(&issuer.config, &parse_pairs(request.query_string().as_bytes())) {
        Ok(wanted) => html(&issuer, StatusCode::OK, page::sign_in(&issuer.config, &wanted)),
        Err(error) => refuse(&issuer, &error),
    }
}

/// The form of the sign-in page: the client's request, which stands in the address again, and the
/// developer's choice.
async fn submit(
    issuer: web::Data<DevIssuer>,
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    if let Some(refusal) = refuse_foreign_form(&issuer, &request) {
        return refusal;
    }
    let Some(form) = body.ok().filter(|body| str::from_utf8(body).is_ok()) else {
        let page = page::refusal("The form is not one that this page sends.");
        return html(&issuer, StatusCode::BAD_REQUEST, page);
    };
    let wanted =
        AuthorizeRequest::parse(&issuer.config, &parse_pairs(request.query_string().as_bytes()));
    let (wanted, choice) = match (wanted, parse_choice(&parse_pairs(&form))) {
        (Ok(wanted), Ok(choice)) => (wanted, choice),
        (Err(error), _) | (_, Err(error)) => return refuse(&issuer, &error),
    };
    if wanted.code.is_some() {
        return match issuer.sign_ins.begin(&wanted, choice, issuer.clock.since_epoch()) {
            Ok(code) => {
                let answer = [("code", code.expose_secret()), ("iss", &*issuer.issuer())];
                redirect(&issuer, &wanted.location(&answer).unwrap_or_default())
            }
            Err(error) => cannot_sign(&issuer, &error),
        };
    }
    let token = match issuer.sign(&choice) {
        Ok(token) => token,
        Err(error) => return cannot_sign(&issuer, &error),
    };
    let lifetime = choice.lifetime.as_secs().to_string();
    let answer = [
        ("access_token", token.expose_secret()),
        ("token_type", "Bearer"),
        ("expires_in", &lifetime),
        ("scope", &choice.permissions.join(" ")),
    ];
    match wanted.location(&answer) {
        Some(location) => redirect(&issuer, &location),
        None => html(&issuer, StatusCode::OK, page::token(token.expose_secret(), &choice)),
    }
}

/// The public key.
async fn key_set(issuer: web::Data<DevIssuer>, request: HttpRequest) -> HttpResponse {
    refuse_other_host(&issuer, &request).unwrap_or_else(|| {
        secured(&issuer, StatusCode::OK)
            .content_type("application/jwk-set+json")
            .body(issuer.jwks().to_string())
    })
}

/// The issuer's metadata.
async fn discovery(issuer: web::Data<DevIssuer>, request: HttpRequest) -> HttpResponse {
    refuse_other_host(&issuer, &request)
        .unwrap_or_else(|| secured(&issuer, StatusCode::OK).json(issuer.discovery()))
}

fn refuse(issuer: &DevIssuer, error: &AuthorizeError) -> HttpResponse {
    let told = match error {
        AuthorizeError::ResponseType(wanted) => Some((wanted, "unsupported_response_type")),
        AuthorizeError::Challenge(wanted) => Some((wanted, "invalid_request")),
        AuthorizeError::Repeated(_)
        | AuthorizeError::TooLong(_)
        | AuthorizeError::Redirect
        | AuthorizeError::Permission
        | AuthorizeError::Lifetime => None,
    };
    if let Some(location) = told.and_then(|(wanted, code)| wanted.location(&[("error", code)])) {
        return redirect(issuer, &location);
    }
    html(issuer, StatusCode::BAD_REQUEST, page::refusal(&error.to_string()))
}

fn redirect(issuer: &DevIssuer, location: &str) -> HttpResponse {
    secured(issuer, StatusCode::SEE_OTHER).insert_header((header::LOCATION, location)).finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::body::MessageBody;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::header;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, http::StatusCode};

    use crate::auth::bearer::{BearerConfig, BearerVerifier};
    use crate::clock::SystemClock;
    use crate::dev_issuer::{DevIssuer, DevIssuerConfig};

    const FROM_SWAGGER_UI: &str = "/dev-issuer/authorize?response_type=token&client_id=ui&state=s1\
        &redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fswagger-ui%2Foauth2-redirect.html";

    fn issuer() -> Arc<DevIssuer> {
        let config = DevIssuerConfig {
            addresses: vec!["http://127.0.0.1:8080".to_owned(), "http://localhost:8080".to_owned()],
            audience: "api".to_owned(),
            tenants_claim: "tenants".to_owned(),
            tenants: vec!["demo".to_owned(), "<b>&\"'".to_owned()],
            scopes: vec!["tenant.apiKey:read".to_owned(), "tenant.apiKey:write".to_owned()],
        };
        Arc::new(DevIssuer::generate(config, Arc::new(SystemClock)).unwrap())
    }

    fn get(uri: &str) -> TestRequest {
        TestRequest::get().uri(uri).insert_header((header::HOST, "127.0.0.1:8080"))
    }

    fn post(uri: &str, form: &'static str) -> TestRequest {
        get(uri).method(actix_web::http::Method::POST).set_payload(form)
    }

    async fn call(
        issuer: &Arc<DevIssuer>,
        request: TestRequest,
    ) -> ServiceResponse<impl MessageBody> {
        let app = init_service(App::new().configure(|app| issuer.configure(app))).await;
        call_service(&app, request.to_request()).await
    }

    async fn text(response: ServiceResponse<impl MessageBody>) -> String {
        String::from_utf8(read_body(response).await.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn swagger_ui_gets_a_token_that_is_taken() {
        let issuer = issuer();
        let form = "tenant=demo&permission=tenant.apiKey%3Aread&permission=&lifetime=900";
        let response = call(&issuer, post(FROM_SWAGGER_UI, form)).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let location = response.headers().get(header::LOCATION).unwrap().to_str().unwrap();
        let (page, answer) = location.split_once('#').unwrap();
        assert_eq!(page, "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html");
        let (token, rest) = answer.strip_prefix("access_token=").unwrap().split_once('&').unwrap();
        let told = "token_type=Bearer&expires_in=900&scope=tenant.apiKey%3Aread&state=s1";
        assert_eq!(rest, told);
        let trust = vec![issuer.trust()];
        let clock = Arc::new(SystemClock);
        let verifier = BearerVerifier::open_with(BearerConfig::default(), trust, clock).await;
        assert!(verifier.unwrap().verify(token).await.is_ok());
    }

    #[tokio::test]
    async fn every_answer_is_kept_by_nobody_and_framed_by_nobody() {
        let issuer = issuer();
        for uri in [
            FROM_SWAGGER_UI,
            "/dev-issuer/authorize",
            "/dev-issuer/authorize?redirect_uri=x",
            "/dev-issuer/.well-known/jwks.json",
            "/dev-issuer/.well-known/openid-configuration",
        ] {
            let response = call(&issuer, get(uri)).await;
            let told = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
            assert_eq!(told("cache-control"), "no-store", "{uri}");
            assert_eq!(told("x-content-type-options"), "nosniff", "{uri}");
            assert_eq!(told("referrer-policy"), "no-referrer", "{uri}");
            let policy = told("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
        }
    }

    #[tokio::test]
    async fn what_comes_from_outside_is_text_on_the_page() {
        let issuer = issuer();
        let uri = "/dev-issuer/authorize?scope=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22onload%3D";
        let page = text(call(&issuer, get(uri)).await).await;
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;onload="));
        let form = "subject=%3Cimg+src%3Dx%3E&tenant=%3Ci%3E&permission=%3Cu%3E";
        let page = text(call(&issuer, post("/dev-issuer/authorize", form)).await).await;
        assert!(page.contains("&lt;img src=x&gt;") && page.contains("<code>&lt;i&gt;</code>"));
        assert!(!page.contains("<img") && !page.contains("<i>") && !page.contains("<u>"));
    }

    #[tokio::test]
    async fn no_other_site_gets_a_token() {
        let issuer = issuer();
        let uri =
            "/dev-issuer/authorize?response_type=token&redirect_uri=https%3A%2F%2Fevil.example";
        let response = call(&issuer, get(uri)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let response = call(&issuer, post(uri, "")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        for (name, value, status) in [
            ("origin", "http://evil.example", StatusCode::FORBIDDEN),
            ("origin", "null", StatusCode::FORBIDDEN),
            ("origin", "http://127.0.0.1:8080", StatusCode::OK),
            ("origin", "http://localhost:8080", StatusCode::OK),
            ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
            ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
            ("sec-fetch-site", "none", StatusCode::FORBIDDEN),
            ("sec-fetch-site", "same-origin", StatusCode::OK),
            ("host", "evil.example:8080", StatusCode::MISDIRECTED_REQUEST),
            ("host", "127.0.0.1", StatusCode::MISDIRECTED_REQUEST),
        ] {
            let request = post("/dev-issuer/authorize", "").insert_header((name, value));
            assert_eq!(call(&issuer, request).await.status(), status, "{name}: {value}");
        }
    }

    #[tokio::test]
    async fn what_no_page_sends_is_refused_in_words() {
        let issuer = issuer();
        let request = get("/dev-issuer/authorize").method(actix_web::http::Method::DELETE);
        let response = call(&issuer, request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET, HEAD, POST");
        let request = post("/dev-issuer/authorize", "").set_payload(vec![b'x'; 1024 * 1024]);
        let response = call(&issuer, request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        for form in [&b"permission=%ff"[..], b"subject=\xff"] {
            let request = post("/dev-issuer/authorize", "").set_payload(form.to_vec());
            assert_eq!(call(&issuer, request).await.status(), StatusCode::BAD_REQUEST);
        }
    }

    #[tokio::test]
    async fn the_key_set_and_its_discovery_agree() {
        let issuer = issuer();
        let uri = "/dev-issuer/.well-known/openid-configuration";
        let document = text(call(&issuer, get(uri)).await).await;
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["issuer"], "http://127.0.0.1:8080/dev-issuer");
        let uri = document["jwks_uri"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080");
        let keys = text(call(&issuer, get(uri.unwrap())).await).await;
        assert_eq!(serde_json::from_str::<serde_json::Value>(&keys).unwrap(), issuer.jwks());
        assert!(issuer.jwks()["keys"][0].get("d").is_none());
    }
}
