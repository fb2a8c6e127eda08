//! Reads a request's body whole, within its limits of label, size and time.

use std::future::Future;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName,
    HeaderValue,
};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;

use super::limits::LimitsConfig;
use super::negotiation;
use crate::contract::Operation;
use crate::problem::{Problem, ProblemType};

/// The bytes of operation `O`'s body. What can be refused by the head alone is, before any of the
/// body is read.
pub(crate) fn take<O: Operation>(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<O> {
    let limits = request.app_data::<web::ThinData<LimitsConfig>>();
    let limit = limits.map_or(LimitsConfig::default().body, |limits| limits.body);
    take_at_most::<O>(request, payload, limit)
}

/// The same with a limit of its own size, in bytes.
pub(crate) fn take_at_most<O: Operation>(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> impl Future<Output = Result<Bytes, Problem>> + use<O> {
    let limits = request.app_data::<web::ThinData<LimitsConfig>>();
    let body_time = limits.map_or(LimitsConfig::default().body_time, |limits| limits.body_time);
    let labelled = demand_label::<O>(request).and_then(|()| demand_length(request, limit));
    let payload = payload.take();
    async move {
        labelled?;
        tokio::time::timeout(body_time, collect(payload, limit))
            .await
            .map_err(|elapsed| too_slow(body_time).caused_by(elapsed))?
    }
}

/// Refuses a body that is not labelled as one that the operation takes, or that is encoded.
#[expect(clippy::expect_used, reason = "an operation's media types are visible ASCII")]
fn demand_label<O: Operation>(request: &HttpRequest) -> Result<(), Problem> {
    let mut types = request.headers().get_all(CONTENT_TYPE);
    let labelled = match (types.next().and_then(|value| value.to_str().ok()), types.next()) {
        (Some(content_type), None) => negotiation::takes::<O>(content_type),
        _ => false,
    };
    if !labelled {
        // RFC 9110 §15.5.16 lets Accept say what is taken; POST has a header of its own for that.
        let name = if request.method() == Method::POST {
            HeaderName::from_static("accept-post")
        } else {
            ACCEPT
        };
        let taken = O::REQUEST_MEDIA_TYPES.join(", ");
        let detail = format!("Send the body as one of {taken}, in UTF-8.");
        let taken = HeaderValue::try_from(taken).expect("media types are a header value");
        return Err(
            Problem::new(ProblemType::UnsupportedMediaType, detail).with_header(name, taken)
        );
    }
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !request.headers().get_all(CONTENT_ENCODING).all(plain) {
        return Err(Problem::new(
            ProblemType::UnsupportedMediaType,
            "Send the body without a content coding.",
        )
        .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    Ok(())
}

/// Refuses a body that says itself that it is too large, before any of it is read.
fn demand_length(request: &HttpRequest, limit: usize) -> Result<(), Problem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken(error, limit))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(ProblemType::ContentTooLarge, format!("A body has at most {limit} bytes."))
}

fn too_slow(time: Duration) -> Problem {
    let detail = format!("A body arrives within {} seconds.", time.as_secs());
    Problem::new(ProblemType::RequestTimeout, detail)
}

fn broken(error: PayloadError, limit: usize) -> Problem {
    if matches!(error, PayloadError::Overflow) {
        return too_large(limit);
    }
    Problem::new(ProblemType::BadRequest, "The body did not arrive whole.").caused_by(error)
}
