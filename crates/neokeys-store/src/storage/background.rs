//! A thread on which work goes on whatever becomes of who asked for it, and of their runtime.

use std::future::Future;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Threads for blocking work.
pub(super) const BLOCKING_THREADS: usize = 512;

/// How many tasks of this process run to their end, and who waits for them.
static UNDER_WAY: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// Waits until every task of this process that runs to its end has ended, at most for so long.
///
/// Whoever ends the process calls it: a change from outside is recorded after the read that found it, and a record that is
/// broken off stays unsigned until the next change.
pub fn finish_background_work(patience: Duration) {
    let (under_way, ended) = &UNDER_WAY;
    let under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
    drop(ended.wait_timeout_while(under_way, patience, |tasks| *tasks > 0));
}

/// A task that runs to its end, until it has.
struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        *UNDER_WAY.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *UNDER_WAY.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        UNDER_WAY.1.notify_all();
    }
}

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
        let under_way = UnderWay::begin();
        self.spawn(async move {
            let done = task.await;
            drop(under_way);
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
