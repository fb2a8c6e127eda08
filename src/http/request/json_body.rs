//! Taking a request's body as JSON.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::{body, json_object};
use crate::contract::{Operation, RequestBody};
use crate::problem::{Faults, Problem};

/// The body of operation `O`, with the faults that its form has. The rules on the values are the
/// handler's: it adds their faults, and answers with all of them at once.
#[derive(Debug)]
pub(crate) struct JsonBody<O, T> {
    /// What was sent; absent or faulty members are `None`.
    pub value: T,
    /// What is wrong with it so far.
    pub faults: Faults,
    operation: PhantomData<O>,
}

impl<O: Operation, T: RequestBody> FromRequest for JsonBody<O, T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body::take::<O>(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let mut faults = Faults::default();
            let value = json_object::read(&bytes, &mut faults);
            Ok(Self { value, faults, operation: PhantomData })
        })
    }
}
