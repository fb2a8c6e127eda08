//! The key that a path names.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;

use super::outcome;
use crate::contract::parameter;
use crate::domain::KeyName;
use crate::problem::Problem;

/// The name in the path, after one percent-decoding. What is no key name is a key that does not
/// exist.
#[derive(Debug)]
pub(crate) struct KeyNameParameter(pub KeyName);

impl FromRequest for KeyNameParameter {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get(parameter::KEY_NAME).unwrap_or_default();
        // No key name has anything to decode.
        let name = KeyName::parse(text)
            .or_else(|_| KeyName::parse(&percent_decode_str(text).decode_utf8_lossy()));
        ready(name.ok().map(Self).ok_or_else(outcome::no_such_key))
    }
}
