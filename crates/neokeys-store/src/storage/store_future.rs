//! Answers of stores that are often there already, so that looking at a document that did not change
//! costs no allocation and no task switch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A store's answer, which is often there already.
pub enum StoreFuture<'a, T, E> {
    /// The answer; taken out when polled.
    Ready(Option<Result<T, E>>),
    /// It takes a while.
    Pending(Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>),
}

impl<'a, T, E> StoreFuture<'a, T, E> {
    /// An answer that is there already.
    #[must_use]
    pub fn ready(answer: Result<T, E>) -> Self {
        Self::Ready(Some(answer))
    }

    /// An answer that takes a while.
    #[must_use]
    pub fn pending(future: impl Future<Output = Result<T, E>> + Send + 'a) -> Self {
        Self::Pending(Box::pin(future))
    }
}

// Nothing in it is pinned in place: the pending part is a box.
impl<T, E> Unpin for StoreFuture<'_, T, E> {}

impl<T, E> Future for StoreFuture<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            // A future that is polled after its end may do anything but lie: it stays pending.
            Self::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Self::Pending(future) => future.as_mut().poll(context),
        }
    }
}
