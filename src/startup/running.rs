//! A service from its first request to its end.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "ext-authz")]
use super::ext_authz::Gateways;
use super::signals::Told;
use super::{Application, MetricsServer};
#[cfg(feature = "ext-authz")]
use crate::ext_authz::Server;

/// How long the last uses of keys may take to be written down at the end.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// How a service came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Requests in flight were finished, or their time was over.
    InTime,
    /// A second signal came: nothing is waited for.
    AtOnce,
}

impl Application {
    /// Serves until SIGTERM, SIGINT or a [`Stop`](super::Stop): then nothing new is accepted, and
    /// what is in flight is finished within `limits.shutdown`. A second SIGTERM or SIGINT ends all
    /// of it at once. SIGHUP ends nothing: the certificate is read again.
    ///
    /// # Errors
    /// The operating system's error for connections.
    pub async fn run(mut self) -> io::Result<()> {
        // Metrics are there until the last request has ended.
        let scrapers = self.metrics.take().map(|MetricsServer { server, .. }| {
            let handle = server.handle();
            (handle, actix_web::rt::spawn(server))
        });
        let (traces, store) = (self.traces.take(), Arc::clone(&self.store));
        #[cfg(feature = "ext-authz")]
        let gateways = self.gateways.take().map(Gateways::run).transpose()?;
        let stopping = || {
            #[cfg(feature = "ext-authz")]
            gateways.iter().for_each(Server::stop);
        };
        if self.serve(stopping).await? == End::AtOnce {
            return Ok(());
        }
        #[cfg(feature = "ext-authz")]
        if let Some(gateways) = gateways {
            gateways.stopped().await;
        }
        let finish = async || {
            if let Some(traces) = traces {
                traces.finish().await;
            }
        };
        tokio::join!(store.flush_usage(FLUSH_PATIENCE), finish());
        if let Some((handle, server)) = scrapers {
            handle.stop(false).await;
            // Its end is awaited so that its address is free again.
            drop(server.await);
        }
        Ok(())
    }

    /// Serves HTTP; calls `stopping` when nothing new is to be accepted.
    async fn serve(self, stopping: impl Fn()) -> io::Result<End> {
        let Self { server, mut signals, certificate, .. } = self;
        let read_anew = || {
            tracing::info!("SIGHUP: reloading the certificate; settings are not read again");
            if let Some(certificate) = &certificate {
                certificate.read();
            }
        };
        let handle = server.handle();
        let mut server = pin!(server);
        loop {
            tokio::select! {
                ended = &mut server => return ended.map(|()| End::InTime),
                told = signals.next() => match told {
                    Told::ReadAnew => read_anew(),
                    Told::End(name) => {
                        tracing::info!("{name}: finishing requests in flight");
                        break;
                    }
                },
            }
        }
        stopping();
        let stopped = handle.stop(true);
        let mut graceful = pin!(async {
            stopped.await;
        });
        let mut is_stopped = false;
        loop {
            tokio::select! {
                ended = &mut server => return ended.map(|()| End::InTime),
                () = &mut graceful, if !is_stopped => is_stopped = true,
                told = signals.next() => match told {
                    Told::ReadAnew => read_anew(),
                    Told::End(name) => {
                        // A server that is finishing hears no other command: dropping it ends it.
                        tracing::warn!("{name} again: aborting requests in flight");
                        return Ok(End::AtOnce);
                    }
                },
            }
        }
    }
}
