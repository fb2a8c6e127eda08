//! An API key as a client's secret (RFC 6749 §2.3.1), for programs that can say who they are in no
//! other way.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::contract::API_KEY_HEADER;
use crate::problem::ProblemType;

const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="neokeys""#);

/// Middleware that takes the password of `Authorization: Basic` for an API key, and leaves it to
/// [`authenticate`](super::authenticate) inside of it to judge. The user name is the key's by custom,
/// and not looked at: a token names its key.
///
/// # Errors
/// None of its own.
pub async fn take_client_secret<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let secret = client_secret(request.headers());
    let (Some(secret), Ok(name)) = (secret, HeaderName::try_from(API_KEY_HEADER)) else {
        return next.call(request).await;
    };
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    // Beside a key that came in its own header, it is one that came twice.
    headers.append(name, secret);
    let mut response = next.call(request).await?;
    if response.status() == ProblemType::Unauthorized.status() {
        response.headers_mut().append(WWW_AUTHENTICATE, CHALLENGE);
    }
    Ok(response)
}

/// The password of the one `Authorization` header, if that is `Basic` (RFC 7617 §2). Whatever else
/// is there stays, and is judged as it is anywhere.
fn client_secret(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = STANDARD.decode(credentials.trim_start_matches(' ')).ok()?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    let form = [b"secret=", &credentials[colon + 1..]].concat();
    let (_, secret) = form_urlencoded::parse(&form).next()?;
    HeaderValue::from_str(&secret).ok()
}
