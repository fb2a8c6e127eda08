//! Answers that are often there already.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An answer that is often there already: then it costs no allocation and no task switch.
pub enum MaybeReady<'a, T> {
    /// The answer; taken out when polled.
    Ready(Option<T>),
    /// It takes a while.
    Pending(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T> MaybeReady<'a, T> {
    /// An answer that is there already.
    #[must_use]
    pub fn ready(answer: T) -> Self {
        Self::Ready(Some(answer))
    }

    /// An answer that takes a while.
    #[must_use]
    pub fn pending(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Pending(Box::pin(future))
    }
}

// Nothing in it is pinned in place: the pending part is a box.
impl<T> Unpin for MaybeReady<'_, T> {}

impl<T> Future for MaybeReady<'_, T> {
    type Output = T;

    #[expect(clippy::expect_used, reason = "a future that has ended is not polled again")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.get_mut() {
            Self::Ready(answer) => Poll::Ready(answer.take().expect("polled after its end")),
            Self::Pending(future) => future.as_mut().poll(context),
        }
    }
}
