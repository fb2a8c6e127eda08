//! The token endpoint: a code or a refresh token in, tokens out (RFC 6749 §3.2).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::answers::{INCOMPLETE, Refusal, parse_pairs, refuse_other_host, refused, secured};
use super::authorize::{Parameters, find};
use super::device_codes::{DEVICE_CODE, DeviceError};
use super::sign_ins::{GrantError, Granted};
use super::{DevIssuer, SigningError};

/// The answer to a client's form.
pub(super) async fn token(
    issuer: web::Data<DevIssuer>,
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
) -> HttpResponse {
    if let Some(refusal) = refuse_other_host(&issuer, &request) {
        return refusal;
    }
    let form = body.map(|body| parse_pairs(&body)).unwrap_or_default();
    let answered = grant(&issuer, &form).and_then(|granted| answer(&issuer, &granted));
    answered.unwrap_or_else(|refusal| refused(&issuer, refusal))
}

fn grant(issuer: &DevIssuer, form: &Parameters) -> Result<Granted, Refusal> {
    let value = |name| find(form, name).ok().flatten();
    let needed = |name| value(name).ok_or(INCOMPLETE);
    let now = issuer.clock.since_epoch();
    let client_id = needed("client_id")?;
    let granted = match needed("grant_type")? {
        "authorization_code" => {
            let (code, verifier) = (needed("code")?, needed("code_verifier")?);
            let redirect_uri = needed("redirect_uri")?;
            issuer.sign_ins.exchange(code, verifier, client_id, redirect_uri, now)
        }
        "refresh_token" => issuer.sign_ins.renew(needed("refresh_token")?, client_id, now),
        DEVICE_CODE => {
            let choice = issuer.device_codes.exchange(needed("device_code")?, client_id, now);
            let choice = choice.map_err(not_granted)?;
            issuer.sign_ins.begin_granted(client_id, choice, now).map_err(Into::into)
        }
        _ => {
            let told = "The grant types are authorization_code, refresh_token and the device code.";
            return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type", told));
        }
    };
    granted.map_err(|error| match error {
        GrantError::Invalid => {
            let told = "The code or refresh token is unknown, used, over or another client's. Sign in again.";
            (StatusCode::BAD_REQUEST, "invalid_grant", told)
        }
        GrantError::Signing(error) => cannot_sign(&error),
    })
}

/// The errors of RFC 8628 §3.5.
fn not_granted(error: DeviceError) -> Refusal {
    let (code, told) = match error {
        DeviceError::Pending => ("authorization_pending", "Nobody has answered yet."),
        DeviceError::TooSoon => ("slow_down", "Ask five seconds less often."),
        DeviceError::Denied => ("access_denied", "The request was denied."),
        DeviceError::Expired => ("expired_token", "The code is over. Ask for another one."),
        DeviceError::Unknown => ("invalid_grant", "There is no such code of this client."),
    };
    (StatusCode::BAD_REQUEST, code, told)
}

fn answer(issuer: &DevIssuer, granted: &Granted) -> Result<HttpResponse, Refusal> {
    let Granted { choice, code, refresh_token } = granted;
    let now = issuer.clock.since_epoch();
    let access_token = issuer.sign(choice).map_err(|error| cannot_sign(&error))?;
    let id_token =
        issuer.key.sign_id(&issuer.issuer(), now, choice, (&code.client_id, code.nonce.as_deref()));
    let id_token = id_token.map_err(|error| cannot_sign(&error))?;
    Ok(secured(issuer, StatusCode::OK).json(json!({
        "access_token": access_token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": choice.lifetime.as_secs(),
        "scope": choice.permissions.join(" "),
        "id_token": id_token.expose_secret(),
        "refresh_token": refresh_token.expose_secret(),
    })))
}

fn cannot_sign(error: &SigningError) -> Refusal {
    tracing::error!(%error, "the development issuer cannot sign");
    let told = "The tokens cannot be signed; the log says why.";
    (StatusCode::INTERNAL_SERVER_ERROR, "server_error", told)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::{StatusCode, header};
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, http::Method};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;
    use sha2::{Digest as _, Sha256};

    use crate::clock::SystemClock;
    use crate::dev_issuer::{DevIssuer, DevIssuerConfig};

    const PAGE: &str = "http%3A%2F%2F127.0.0.1%3A8080%2Fconsole%2Fsigned-in.html";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn issuer() -> Arc<DevIssuer> {
        let config = DevIssuerConfig {
            addresses: vec!["http://127.0.0.1:8080".to_owned()],
            audience: "api".to_owned(),
            tenants_claim: "tenants".to_owned(),
            tenants: vec!["demo".to_owned()],
            scopes: Vec::new(),
        };
        Arc::new(DevIssuer::generate(config, Arc::new(SystemClock)).unwrap())
    }

    async fn post(issuer: &Arc<DevIssuer>, uri: &str, form: &str) -> (StatusCode, String, Value) {
        let app = init_service(App::new().configure(|app| issuer.configure(app))).await;
        let request = TestRequest::get().method(Method::POST).uri(uri);
        let request = request.insert_header((header::HOST, "127.0.0.1:8080"));
        let answer = call_service(&app, request.set_payload(form.to_owned()).to_request()).await;
        let location = answer.headers().get(header::LOCATION);
        let location = location.map_or("", |it| it.to_str().unwrap()).to_owned();
        let status = answer.status();
        let body = serde_json::from_slice(&read_body(answer).await).unwrap_or_default();
        (status, location, body)
    }

    fn claims(token: &Value) -> Value {
        let body = token.as_str().unwrap().split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_code_becomes_tokens_and_they_are_renewed() {
        let issuer = issuer();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let asked = format!(
            "/dev-issuer/authorize?response_type=code&client_id=c&state=s&nonce=n&redirect_uri={PAGE}\
             &code_challenge={challenge}&code_challenge_method=S256&scope=openid"
        );
        let chosen = "tenant=demo&permission=a:read&subject=Ada";
        let (status, location, _) = post(&issuer, &asked, chosen).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(location.ends_with("&iss=http%3A%2F%2F127.0.0.1%3A8080%2Fdev-issuer&state=s"));
        let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap();

        let form = format!(
            "grant_type=authorization_code&client_id=c&redirect_uri={PAGE}&code_verifier={VERIFIER}&code={code}"
        );
        let (status, _, tokens) = post(&issuer, "/dev-issuer/token", &form).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        let id = claims(&tokens["id_token"]);
        assert_eq!(
            (&id["aud"], &id["nonce"], &id["sub"]),
            (&"c".into(), &"n".into(), &"Ada".into())
        );
        let access = claims(&tokens["access_token"]);
        assert_eq!((&access["aud"], &access["tenants"][0]), (&"api".into(), &"demo".into()));

        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = format!("grant_type=refresh_token&client_id=c&refresh_token={refresh}");
        let (status, _, renewed) = post(&issuer, "/dev-issuer/token", &form).await;
        assert_eq!(status, StatusCode::OK, "{renewed}");
        assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
        assert_ne!(renewed["access_token"], tokens["access_token"]);
        let (status, _, told) = post(&issuer, "/dev-issuer/token", &form).await;
        assert_eq!((status, &told["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    }

    #[tokio::test]
    async fn other_forms_are_refused_by_name() {
        let issuer = issuer();
        for (form, error) in [
            ("", "invalid_request"),
            ("client_id=c&grant_type=password", "unsupported_grant_type"),
            ("client_id=c&grant_type=refresh_token", "invalid_request"),
            (
                "client_id=c&grant_type=refresh_token&refresh_token=a&refresh_token=b",
                "invalid_request",
            ),
            ("client_id=c&grant_type=refresh_token&refresh_token=nonsense", "invalid_grant"),
        ] {
            let (status, _, told) = post(&issuer, "/dev-issuer/token", form).await;
            assert_eq!(
                (status, &told["error"]),
                (StatusCode::BAD_REQUEST, &error.into()),
                "{form}"
            );
        }
    }
}
