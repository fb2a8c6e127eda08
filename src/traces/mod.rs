//! Spans of requests, sent to a collector over OTLP (HTTP, protobuf).
//!
//! One span a request, of the kind `server`, in the trace that the caller names in `traceparent` (W3C
//! Trace Context) or in a new one. Names and attributes follow OpenTelemetry's conventions for HTTP
//! servers, but for the path: it is the route that is told, since callers can put anything in a path.
//!
//! Invariants: spans wait in a queue of bounded length for a thread that sends them, so no request
//! waits for the collector and none fails because of it; nothing that a caller chose is in a span but
//! its trace context, the request's id, and a tenant's id that was authenticated.

mod collector;
mod parent;
mod sender;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use self::collector::Collector;
use self::parent::Parents;
use crate::clock::Clock;
use crate::http::{Exchange, OTHER_METHOD, RequestObserver};

/// The longest that what is still waiting may take to be sent when the service ends.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

/// Whether and where spans are sent: the settings `traces.…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracesConfig {
    /// The collector's address, such as `http://127.0.0.1:4318`; nothing is sent without.
    pub endpoint: Option<String>,
    /// Of the requests whose callers decided nothing, one in so many is traced.
    pub one_in: NonZeroU32,
    /// The requests of OpenTelemetry's own variables.
    pub standard: Standard,
}

/// The requests of OpenTelemetry's own variables (`OTEL_…`) that this module handles itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standard {
    /// Nothing is to be sent.
    pub is_disabled: bool,
    /// They name the service, which is called `neokeys` otherwise.
    pub names_service: bool,
    /// How long the collector may take to answer.
    pub timeout: Option<Duration>,
    /// Those that are set and not supported.
    pub ignored: Vec<String>,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self { endpoint: None, one_in: NonZeroU32::MIN, standard: Standard::default() }
    }
}

/// Why no spans can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("cannot connect to the collector (setting traces.endpoint)")]
    Client(#[from] reqwest::Error),
    /// The exporter does not take its settings, of which some are in the environment.
    #[error("the collector's settings (traces.endpoint, OTEL_EXPORTER_OTLP_…) are not usable")]
    Exporter(#[from] ExporterBuildError),
}

/// Makes a span of every request that it is told of, and sends it.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    parents: Parents,
    clock: Arc<dyn Clock>,
}

impl Traces {
    /// Begins to send to the collector, if one is set and `OTEL_SDK_DISABLED` does not forbid it. Call
    /// it on a tokio runtime that lasts as long as the service: the sending is done there.
    ///
    /// # Errors
    /// [`TracesError`] names the setting that cannot be used.
    pub(crate) fn start(
        config: &TracesConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Arc<Self>>, TracesError> {
        if !config.standard.ignored.is_empty() {
            let variables = config.standard.ignored.join(" ");
            tracing::warn!(
                variables,
                "ignoring OpenTelemetry variables that neokeys does not support; use the settings traces.…"
            );
        }
        let Some(endpoint) = &config.endpoint else { return Ok(None) };
        if config.standard.is_disabled {
            tracing::warn!("OTEL_SDK_DISABLED is set: no traces are sent");
            return Ok(None);
        }
        let resource = Resource::builder();
        let resource = match config.standard.names_service {
            true => resource,
            false => resource.with_service_name("neokeys"),
        };
        let resource = resource
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let root = Sampler::TraceIdRatioBased(1.0 / f64::from(config.one_in.get()));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::ParentBased(Box::new(root)))
            .with_batch_exporter(Collector::connect(endpoint, config.standard.timeout)?)
            .build();
        let tracer = provider.tracer("neokeys");
        Ok(Some(Arc::new(Self { provider, tracer, parents: Parents::default(), clock })))
    }

    /// Sends what is waiting, for three seconds at most. Nothing is sent after that.
    pub(crate) async fn finish(&self) {
        let provider = self.provider.clone();
        // It blocks until the collector answers, which takes the runtime that this is called on.
        let finishing =
            tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_PATIENCE));
        if let Ok(Err(error)) = finishing.await {
            tracing::warn!(cause = %error, "the last spans were not sent");
        }
    }

    fn span(&self, exchange: &Exchange<'_>, parent: &Context) -> Option<String> {
        let end = UNIX_EPOCH + self.clock.since_epoch();
        let method = if exchange.method == OTHER_METHOD { "HTTP" } else { exchange.method };
        let name = match exchange.route {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        };
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(exchange.duration).unwrap_or(end));
        let mut span = self.tracer.build_with_context(builder, parent);
        if !span.is_recording() {
            return None;
        }
        let text = |key: &'static str, value: &str| KeyValue::new(key, value.to_owned());
        span.set_attribute(text("http.request.method", exchange.method));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(exchange.status)));
        span.set_attribute(text("neokeys.request.id", exchange.request_id));
        let optional = [
            ("http.route", exchange.route),
            ("neokeys.operation", exchange.operation),
            ("neokeys.problem", exchange.problem),
            ("neokeys.principal.method", exchange.principal_method),
            ("neokeys.tenant.id", exchange.tenant),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                span.set_attribute(text(key, value));
            }
        }
        if exchange.status >= 500 {
            span.set_attribute(text("error.type", &exchange.status.to_string()));
            span.set_status(Status::error(""));
        }
        let trace = span.span_context().trace_id().to_string();
        span.end_with_timestamp(end);
        Some(trace)
    }
}

impl RequestObserver for Traces {
    fn observe(&self, exchange: &Exchange<'_>) -> Option<String> {
        let parent = self.parents.find(exchange.headers);
        let parent =
            parent.map_or_else(Context::new, |it| Context::new().with_remote_span_context(it));
        self.span(exchange, &parent)
    }
}
