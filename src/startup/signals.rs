//! The signals that stop the service or reload its certificate.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that are handled.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// The request of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The end, by the signal of this name.
    End(&'static str),
    /// Reading anew what is read once.
    ReadAnew,
}

impl Signals {
    /// Catches them from now on: none of them ends the process by itself any more.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Told::End("SIGTERM"),
            _ = self.interrupt.recv() => Told::End("SIGINT"),
            _ = self.hang_up.recv() => Told::ReadAnew,
        }
    }
}
