//! The extractor of a JSON body.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::{body, json_object};
use crate::contract::OperationWithBody;
use crate::problem::{Faults, Problem};

/// The body of operation `O`, with the faults that its form has. The rules on the values are the
/// handler's: it adds their faults, and answers with all of them at once.
#[derive(Debug)]
pub(crate) struct JsonBody<O: OperationWithBody> {
    /// The members that were sent; absent or faulty members are `None`.
    pub value: O::Body,
    /// The faults that its form has.
    pub faults: Faults,
}

impl<O: OperationWithBody> JsonBody<O> {
    /// The members, of a body whose values have no rules beyond their form.
    ///
    /// # Errors
    /// A 400 with all faults of the form.
    pub(crate) fn into_value(self) -> Result<O::Body, Problem> {
        if self.faults.is_empty() { Ok(self.value) } else { Err(Problem::validation(self.faults)) }
    }
}

impl<O: OperationWithBody> FromRequest for JsonBody<O> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = body::take::<O>(request, payload);
        Box::pin(async move {
            let mut faults = Faults::default();
            let value = json_object::read(&bytes.await?, &mut faults);
            Ok(Self { value, faults })
        })
    }
}
