//! A thread on which the requests of a store that is elsewhere run, whatever becomes of who asked.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::document_store::StoreFuture;

/// The thread. What still runs when this is dropped is given up.
#[derive(Debug)]
pub(super) struct Remote {
    runtime: Handle,
    /// Dropping it ends the thread.
    _stop: oneshot::Sender<()>,
}

impl Remote {
    /// Starts it.
    pub(super) fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Ends with an error when the other side is dropped, which is what is waited for.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { runtime: handle, _stop: stop })
    }

    /// Lets something run by itself.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(work));
    }

    /// Does something there, and gives what it came to; `given_up` if it came to nothing.
    pub(super) fn ask<'a, T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
        given_up: impl FnOnce() -> E + Send + 'a,
    ) -> StoreFuture<'a, T, E> {
        let task = self.runtime.spawn(work);
        StoreFuture::pending(async move { task.await.unwrap_or_else(|_gone| Err(given_up())) })
    }
}
