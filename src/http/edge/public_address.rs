//! Our own addresses in answers: whole where the deployment has said its own, paths otherwise.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::web::ThinData;

use crate::contract::PublicUrl;

/// The address of a path of ours, for the caller of this request.
pub(crate) fn public_address<'p>(request: &HttpRequest, path: &'p str) -> Cow<'p, str> {
    match request.app_data::<ThinData<PublicUrl>>() {
        Some(ThinData(url)) => Cow::Owned(url.of(path)),
        None => Cow::Borrowed(path),
    }
}
