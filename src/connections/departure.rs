//! Whether a connection's client has ended its sending side, or the connection broke.

use std::future::Future;

use tokio::sync::watch;

/// Told once, by the stream; no request on the connection is told that it is not so any more.
#[derive(Debug)]
pub(super) struct Presence(watch::Sender<bool>);

/// The end of a client's sending, for which a request may wait.
#[derive(Debug, Clone)]
pub struct Departure(watch::Receiver<bool>);

impl Presence {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(super) fn end(&self) {
        self.0.send_replace(true);
    }

    pub(super) fn departure(&self) -> Departure {
        Departure(self.0.subscribe())
    }
}

impl Departure {
    /// Ready once the client has gone.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut presence = self.0.clone();
        async move {
            // With its connection, a client is gone too.
            let _ = presence.wait_for(|is_gone| *is_gone).await;
        }
    }
}
