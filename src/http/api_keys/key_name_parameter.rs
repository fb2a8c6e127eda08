//! The key that a path names.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::outcome;
use crate::auth::path_parameter;
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
        let name = path_parameter(request.match_info(), parameter::KEY_NAME)
            .and_then(|text| KeyName::parse(&text).ok());
        ready(name.map(Self).ok_or_else(outcome::no_such_key))
    }
}
