//! The state that a connection and the requests on it share.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::time::Instant;

use super::departure::Presence;

/// The most of an answer that is copied for a connection at once. A client that takes nothing of
/// its answer costs this much; the rest stays where all who get the same answer share it.
pub(super) const SLICE: usize = 32 * 1024;

/// Whether a connection's requests are being served, and since when they are not.
#[derive(Debug)]
pub(super) struct Exchange {
    served: Cell<u32>,
    since: Cell<Instant>,
    was_used: Cell<bool>,
    client: Presence,
}

impl Exchange {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            served: Cell::new(0),
            since: Cell::new(Instant::now()),
            was_used: Cell::new(false),
            client: Presence::new(),
        })
    }

    /// Says that a request is served until what this gives is dropped.
    pub(super) fn begin(self: &Rc<Self>) -> Served {
        self.served.set(self.served.get() + 1);
        self.was_used.set(true);
        Served(Rc::clone(self))
    }

    /// Since when no request is served; none while one is.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        (self.served.get() == 0).then(|| self.since.get())
    }

    /// Whether a client is there for what is answered.
    pub(super) fn client(&self) -> &Presence {
        &self.client
    }

    /// Whether there was a request.
    pub(super) fn was_used(&self) -> bool {
        self.was_used.get()
    }
}

/// A request that is being served.
#[derive(Debug)]
pub(super) struct Served(Rc<Exchange>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.served.set(self.0.served.get() - 1);
        self.0.since.set(Instant::now());
    }
}

/// An answer's body in slices. Its request is served until the last one is on its way.
pub(super) struct Sliced {
    body: BoxBody,
    rest: Bytes,
    _served: Option<Served>,
}

impl Sliced {
    pub(super) fn new(body: BoxBody, served: Option<Served>) -> Self {
        Self { body, rest: Bytes::new(), _served: served }
    }
}

impl MessageBody for Sliced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => this.rest = chunk,
                ended @ (Poll::Ready(None | Some(Err(_))) | Poll::Pending) => return ended,
            }
        }
        let length = this.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(this.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use actix_http::body::{BoxBody, MessageBody as _};
    use bytes::Bytes;

    use super::{Exchange, SLICE, Sliced};

    #[actix_web::test]
    async fn a_body_comes_in_slices_of_the_same_bytes() {
        for length in [0, 1, SLICE - 1, SLICE, SLICE + 1, 5 * SLICE + 7] {
            let whole: Bytes = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let exchange = Exchange::new();
            let mut body =
                Box::pin(Sliced::new(BoxBody::new(whole.clone()), Some(exchange.begin())));
            let mut read = Vec::new();
            while let Some(slice) = poll_fn(|context| body.as_mut().poll_next(context)).await {
                let slice = slice.unwrap();
                assert!((1..=SLICE).contains(&slice.len()), "{}", slice.len());
                // Nothing was copied.
                assert_eq!(slice.as_ptr(), whole[read.len()..].as_ptr());
                read.extend_from_slice(&slice);
            }
            assert_eq!(read, whole);
            assert!(exchange.quiet_since().is_none());
            drop(body);
            assert!(exchange.quiet_since().is_some() && exchange.was_used());
        }
    }

    #[actix_web::test]
    async fn an_empty_chunk_is_no_end() {
        let chunks = [Bytes::new(), Bytes::from_static(b"a")].map(Ok::<_, std::io::Error>);
        let stream = actix_http::body::BodyStream::new(futures_util::stream::iter(chunks));
        let mut body = pin!(Sliced::new(BoxBody::new(stream), None));
        let next = poll_fn(|context| body.as_mut().poll_next(context)).await;
        assert_eq!(next.unwrap().unwrap(), "a");
        assert!(poll_fn(|context| body.as_mut().poll_next(context)).await.is_none());
    }
}
