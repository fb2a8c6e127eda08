//! OpenTelemetry's own variables, and those of proxies, as the program meets them.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tempfile::TempDir;

use crate::traces::Collector;
use neokeys_testkit::Client;
use neokeys_testkit::programs::free_port;
use neokeys_testkit::server::{Server, neokeys};

struct Program {
    folder: TempDir,
    server: Server,
}

impl Program {
    fn start(endpoint: &str, variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("data/t1")).unwrap();
        let mut command = Command::new(neokeys());
        command.arg("serve").current_dir(folder.path()).env_clear();
        command.env("NEOKEYS_LISTEN", "127.0.0.1:0").env("NEOKEYS_TRACES__ENDPOINT", endpoint);
        command.env("OTEL_BSP_SCHEDULE_DELAY", "50").envs(variables.iter().copied());
        let server = Server::start_logged(&mut command, &folder.path().join("log"));
        Self { folder, server }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Asks it something until something has come of it.
    async fn ask_until<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            Client::of_another(self.server.origin()).get("/health/live").await;
            if let Some(found) = found() {
                return found;
            }
            assert!(Instant::now() < end, "{what} never came: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_collector_on_this_machine_is_reached_past_a_proxy_and_told_the_services_own_name() {
    let collector = Collector::start(200);
    let proxy = format!("http://127.0.0.1:{}", free_port());
    let endpoint = collector.address.replace("127.0.0.1", "localhost");
    for (endpoint, name, expected) in [
        (&collector.address, ("OTEL_SERVICE_NAME", "keys-of-shops"), "keys-of-shops"),
        (&endpoint, ("OTEL_RESOURCE_ATTRIBUTES", "service.name=of-attributes"), "of-attributes"),
        (&endpoint, ("OTEL_SERVICE_NAME", ""), "neokeys"),
    ] {
        let before = collector.bytes().len();
        let proxies =
            [("HTTP_PROXY", &*proxy), ("http_proxy", &proxy), ("ALL_PROXY", &proxy), name];
        let program = Program::start(endpoint, &proxies);
        let batch = program.ask_until("a span", || collector.bytes().get(before).cloned()).await;
        let spans = ExportTraceServiceRequest::decode(batch).unwrap().resource_spans;
        assert!(format!("{spans:?}").contains(&format!("{expected:?}")), "{expected}: {spans:?}");
    }
}

#[tokio::test]
async fn what_is_sent_is_compressed_where_a_variable_asks_for_it() {
    for name in ["OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"] {
        let collector = Collector::start(200);
        let program = Program::start(&collector.address, &[(name, "gzip")]);
        let batch = program.ask_until("a span", || collector.bytes().first().cloned()).await;
        assert!(batch.starts_with(&[0x1f, 0x8b]), "{name}");
    }
}

#[tokio::test]
async fn the_log_says_why_spans_cannot_be_sent() {
    let endpoint = format!("http://user:Pa55word@127.0.0.1:{}", free_port());
    let program = Program::start(&endpoint, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "500")]);
    let refused = || program.log().contains("onnection refused").then_some(());
    program.ask_until("the cause", refused).await;
    assert!(!program.log().contains("Pa55word"), "{}", program.log());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let program = Program::start(&endpoint, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]);
    program
        .ask_until("the end of patience", || program.log().contains("timed out").then_some(()))
        .await;
}

#[test]
fn what_does_nothing_is_said_at_the_start_and_a_disabled_sdk_sends_nothing() {
    let others = [("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let program = Program::start("http://127.0.0.1:1", &others);
    let told = "OTEL_EXPORTER_OTLP_PROTOCOL OTEL_TRACES_SAMPLER";
    assert!(program.log().contains(told), "{}", program.log());
    let program = Program::start("http://127.0.0.1:1", &[("OTEL_SDK_DISABLED", "true")]);
    assert!(program.log().contains("no traces are sent"), "{}", program.log());
}
