//! The client of a collector, which remembers why a request was not answered: the exporter says "network
//! error" alone.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::Client;

use crate::causes::in_full;

/// Sends what the exporter makes.
pub(super) struct Sender {
    client: Client,
    cause: Arc<Mutex<Option<String>>>,
}

impl Sender {
    pub(super) fn new(client: Client, cause: Arc<Mutex<Option<String>>>) -> Self {
        Self { client, cause }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.send_bytes(request).await;
        let cause = answer.as_ref().err().map(|error| below(error.as_ref()));
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
        answer
    }
}

/// The causes of an error. Its own words repeat the address, which may hold a password.
fn below(error: &(dyn Error + 'static)) -> String {
    error.source().map_or_else(|| "no whole answer".to_owned(), in_full)
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sender")
    }
}

impl HttpClient for Sender {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.send(request))
    }
}
