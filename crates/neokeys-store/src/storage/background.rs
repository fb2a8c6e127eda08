//! A thread on which work goes on whatever becomes of who asked for it, and of their runtime.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Threads for blocking work.
pub(super) const BLOCKING_THREADS: usize = 512;

/// A thread with a runtime, and threads for its blocking work. It ends once this and all its clones are
/// dropped.
#[derive(Debug, Clone)]
pub(super) struct Background {
    runtime: Handle,
    stop: Arc<oneshot::Sender<()>>,
}

impl Background {
    /// Starts the thread.
    pub(super) fn start(name: &'static str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name(name)
            .max_blocking_threads(BLOCKING_THREADS)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Ends with an error when the other side is dropped, which is what is waited for.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { runtime: handle, stop: Arc::new(stop) })
    }

    /// The thread's runtime.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Runs a task, which is given up if the thread ends first.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.spawn(task)
    }

    /// Runs a task to its end: the thread does not end before it.
    pub(super) fn spawn_to_end<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let stop = Arc::clone(&self.stop);
        self.spawn(async move {
            let done = task.await;
            drop(stop);
            done
        })
    }

    /// Runs blocking work on a thread for it. None if it came to a sudden end.
    pub(super) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.runtime.spawn_blocking(work).await.ok()
    }
}
