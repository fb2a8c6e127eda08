//! The collector that spans are sent to.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter as Exporter};
use reqwest::{Client, Url, redirect};
use tokio::runtime::Handle;

use super::TracesError;
use super::sender::Sender;

/// The path of traces at a collector whose address has none.
const PATH: &str = "v1/traces";

/// The longest that the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector of spans. What it does not take is lost; the log says when that begins and ends.
pub(super) struct Collector {
    exporter: Arc<SpanExporter>,
    /// The reason why the last request failed.
    cause: Arc<Mutex<Option<String>>>,
    runtime: Handle,
    is_down: AtomicBool,
}

impl Collector {
    /// The collector at this address. Nothing is sent yet.
    pub(super) fn connect(endpoint: &str, timeout: Option<Duration>) -> Result<Self, TracesError> {
        let patience = timeout.unwrap_or(PATIENCE);
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(patience)
            .user_agent(concat!("neokeys/", env!("CARGO_PKG_VERSION")));
        // A proxy is for reaching others.
        let client = if is_loopback(endpoint) { client.no_proxy() } else { client };
        let cause = Arc::new(Mutex::new(None));
        let client = Sender::new(client.build()?, Arc::clone(&cause));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            // Whatever OTEL_EXPORTER_OTLP_PROTOCOL says to programs that speak several.
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(traces_address(endpoint))
            .with_timeout(patience)
            .build()?;
        let is_down = AtomicBool::new(false);
        Ok(Self { exporter: Arc::new(exporter), cause, runtime: Handle::current(), is_down })
    }

    fn tell(&self, outcome: &OTelSdkResult) {
        let was_down = self.is_down.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_down => {
                let below = self.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
                let below = below.map(|below| format!(": {below}")).unwrap_or_default();
                tracing::warn!(
                    cause = format!("{error}{below}"),
                    "cannot send spans to the collector"
                );
            }
            Ok(()) if was_down => tracing::info!("sending spans to the collector again"),
            Ok(()) | Err(_) => {}
        }
    }
}

/// The address of traces at a collector: its own if it has a path, and otherwise the one that the
/// protocol gives them.
fn traces_address(endpoint: &str) -> String {
    let joined = Url::parse(endpoint).ok().filter(|url| url.path() == "/");
    joined.and_then(|url| url.join(PATH).ok()).map_or_else(|| endpoint.to_owned(), String::from)
}

/// Whether an address is of this machine.
fn is_loopback(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for Collector {
    /// Headers of the exporter can hold a token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Collector")
    }
}

impl Exporter for Collector {
    // The SDK calls this on a thread of its own, where no runtime is.
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = Arc::clone(&self.exporter);
        let sending = self.runtime.spawn(async move { exporter.export(batch).await });
        let outcome = sending.await;
        let outcome =
            outcome.unwrap_or_else(|gone| Err(OTelSdkError::InternalFailure(gone.to_string())));
        self.tell(&outcome);
        outcome
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Nobody else has the exporter before the first batch.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::traces_address;

    #[test]
    fn a_collectors_address_may_have_a_path_of_its_own() {
        for (endpoint, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://otlp.example/v1/traces", "https://otlp.example/v1/traces"),
            ("https://otlp.example/tenant/x", "https://otlp.example/tenant/x"),
        ] {
            assert_eq!(traces_address(endpoint), expected);
        }
    }
}
