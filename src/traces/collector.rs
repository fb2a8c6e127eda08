//! Where spans go.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter as Exporter};
use reqwest::{Client, Url, redirect};
use tokio::runtime::Handle;

use super::TracesError;

/// The path of traces at a collector whose address has none.
const PATH: &str = "v1/traces";

/// The longest that the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector of spans. What it does not take is lost; the log says when that begins and ends.
pub(super) struct Collector {
    exporter: Arc<SpanExporter>,
    runtime: Handle,
    is_down: AtomicBool,
}

impl Collector {
    /// The collector at this address. Nothing is sent yet.
    pub(super) fn connect(endpoint: &str) -> Result<Self, TracesError> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("neokeys/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            // Whatever OTEL_EXPORTER_OTLP_PROTOCOL says to programs that speak several.
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(traces_address(endpoint))
            .with_timeout(PATIENCE)
            .build()?;
        let is_down = AtomicBool::new(false);
        Ok(Self { exporter: Arc::new(exporter), runtime: Handle::current(), is_down })
    }

    fn tell(&self, outcome: &OTelSdkResult) {
        let was_down = self.is_down.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_down => {
                tracing::warn!(cause = %error, "spans cannot be sent to the collector");
            }
            Ok(()) if was_down => tracing::info!("spans can be sent to the collector again"),
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
