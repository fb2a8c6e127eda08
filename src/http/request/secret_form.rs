//! A form with a secret in it: what a caller says beside the secret is not repeated where it tells that.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::web::Bytes;

use super::request_id::{self, X_REQUEST_ID};
use super::{body, form};
use crate::contract::Operation;
use crate::problem::Problem;

/// The bytes of a form in which the parameter `secret` is one. A request's own id that tells something of it
/// is not kept.
pub(in crate::http) fn take_secret_form<O: Operation>(
    request: &HttpRequest,
    payload: &mut Payload,
    secret: &'static str,
) -> impl Future<Output = Result<Bytes, Problem>> + use<O> {
    let bytes = body::take::<O>(request, payload);
    let request = request.clone();
    async move {
        let bytes = bytes.await?;
        // Any of several: a request that is refused has its line in the log too.
        if request.headers().contains_key(X_REQUEST_ID) {
            let pairs = form::pairs(&bytes).filter(|(name, _)| name == secret);
            pairs.for_each(|(_, value)| request_id::note_secret(&request, value.as_bytes()));
        }
        Ok(bytes)
    }
}
