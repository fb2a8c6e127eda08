//! Requests to object storage, repeated while it is of use.

use std::future::Future;

use object_store::path::Path;
use object_store::{Error, GetOptions, GetResult};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Bucket, PAUSE, is_about_the_object, is_of_the_moment};

/// Nobody answered while there was patience.
#[derive(Debug, thiserror::Error)]
#[error("the object storage does not answer in time")]
struct Silent;

/// As object storage says it itself.
pub(super) fn silent() -> Error {
    Error::Generic { store: "objects", source: Box::new(Silent) }
}

impl Bucket {
    /// Asks until there is an answer or the deadline comes.
    pub(super) async fn ask<T, F>(
        &self,
        deadline: Instant,
        request: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut last = None;
        loop {
            let outcome = match timeout_at(deadline, request()).await {
                Ok(outcome) => outcome,
                // What was said before tells more than silence.
                Err(_elapsed) => Err(last.take().unwrap_or_else(silent)),
            };
            match outcome {
                Err(error) if is_of_the_moment(&error) && Instant::now() + PAUSE < deadline => {
                    last = Some(error);
                    sleep(PAUSE).await;
                }
                outcome => {
                    let is_answer = outcome.as_ref().err().is_none_or(is_about_the_object);
                    self.note(is_answer, outcome.as_ref().err());
                    return outcome;
                }
            }
        }
    }

    /// Asks for what is said about an object, without the object.
    pub(super) async fn head(&self, path: &Path, deadline: Instant) -> Result<GetResult, Error> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        self.ask(deadline, || self.objects.get_opts(path, options.clone())).await
    }
}
