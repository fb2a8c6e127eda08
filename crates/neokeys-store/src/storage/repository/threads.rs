//! The threads on which documents are read and written, so that either goes on to its end whatever
//! becomes of the caller and of the caller's runtime.
//!
//! Invariant: what runs on a thread for blocking work waits for no other such thread, so the number
//! of threads bounds how fast work is done and never whether. Whoever waits, for a turn, an answer or
//! a seat, does so as a task, which holds no thread.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::JoinHandle;

/// Threads for blocking work.
const THREADS: usize = 512;
/// Writes at once: fewer than there are threads, so that a reading finds one too.
const WRITES: usize = 256;

/// Threads of the store's own. What is at work comes to its end after this is dropped.
#[derive(Debug, Clone)]
pub(super) struct Threads {
    runtime: Handle,
    seats: Arc<Semaphore>,
    /// The runtime goes when the last one does: the store's or that of a task at work.
    stop: Arc<oneshot::Sender<()>>,
}

impl Threads {
    /// Starts them.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .thread_name("storage")
            .max_blocking_threads(THREADS)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("storage".into()).spawn(move || {
            // Ends with an error when the other side is dropped, which is what is waited for.
            let _ = runtime.block_on(stopped);
        })?;
        let seats = Arc::new(Semaphore::new(WRITES));
        Ok(Self { runtime: handle, seats, stop: Arc::new(stop) })
    }

    /// The runtime of the tasks.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Lets a task run to its end.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let stop = Arc::clone(&self.stop);
        self.runtime.spawn(async move {
            let done = task.await;
            drop(stop);
            done
        })
    }

    /// Does something that takes its time on a thread for it. None if it came to a sudden end.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.runtime.spawn_blocking(work).await.ok()
    }

    /// A seat for one write; none is left only while so many write at once.
    pub(super) async fn seat(&self) -> Option<SemaphorePermit<'_>> {
        // The seats are never taken away.
        self.seats.acquire().await.ok()
    }
}
