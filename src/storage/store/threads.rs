//! The threads on which writers work, so that a commit goes on to its end whatever becomes of the
//! caller and of the caller's runtime.

use std::io;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Threads of the store's own. Those at work come to their end after this is dropped.
#[derive(Debug)]
pub(super) struct Threads {
    runtime: Handle,
    /// Dropping it lets the runtime go.
    _stop: oneshot::Sender<()>,
}

impl Threads {
    /// Starts them.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().thread_name("storage").build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("storage".into()).spawn(move || {
            // Ends with an error when the other side is dropped, which is what is waited for.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { runtime: handle, _stop: stop })
    }

    /// Where work is handed in.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
