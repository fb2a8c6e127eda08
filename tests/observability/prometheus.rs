//! A real Prometheus scrapes the service, and evaluates the rules and the dashboard on what it got.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tempfile::TempDir;

use crate::operators::dashboard_queries;
use crate::{KEYS, load, service};
use neokeys_testkit::programs::{Running, folder, free_port, program};
use neokeys_testkit::{Client, Service};

/// Debian's Prometheus, which scrapes one service five times a second.
struct Prometheus {
    client: Client,
    _running: Running,
    _home: TempDir,
}

/// How long anything may take that takes a second.
const PATIENCE: Duration = Duration::from_secs(30);

impl Prometheus {
    fn start(service: &Service) -> Self {
        let home = TempDir::new().unwrap();
        let place = home.path();
        let target = service.metrics().unwrap().trim_start_matches("http://");
        let target = target.trim_end_matches("/metrics");
        let configuration = format!(
            "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n\
             rule_files: [{rules}]\n\
             scrape_configs:\n  - job_name: neokeys\n    static_configs: [{{ targets: ['{target}'] }}]\n",
            rules = folder("ops/alerts.yml").display(),
        );
        let file = put(place, "prometheus.yml", &configuration);
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program("/usr/bin/prometheus", "prometheus"));
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", place.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(File::create(place.join("log")).unwrap());
        let client = Client::of_another(&format!("http://{address}"));
        let mut running = Running::start(&mut command);
        let begin = Instant::now();
        while TcpStream::connect(&address).is_err() {
            let said = || std::fs::read_to_string(place.join("log")).unwrap();
            assert!(!running.has_ended(), "Prometheus ended at once: {}", said());
            assert!(begin.elapsed() < PATIENCE, "Prometheus does not listen: {}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { client, _running: running, _home: home }
    }

    /// The data at an address of its API, once it has something that is wanted.
    async fn api(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        let path = format!("/api/v1/{path}");
        loop {
            let reply = self.client.get(&path).await;
            // 503 while it starts; a query that it does not take is a 400 for ever.
            assert!(matches!(reply.status.as_u16(), 200 | 503), "{path}: {reply:?}");
            if reply.status == 200 && is_wanted(&reply.json()["data"]) {
                return reply.json()["data"].clone();
            }
            assert!(begin.elapsed() < PATIENCE, "{path}: {reply:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The result of a query, once it is wanted.
    async fn query(&self, query: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let path = format!("query?query={query}");
        self.api(&path, |data| is_wanted(&data["result"])).await["result"].clone()
    }
}

fn put(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    path
}

/// The value of a result of one sample.
fn value(result: &Value) -> Option<f64> {
    result[0]["value"][1].as_str()?.parse().ok()
}

/// Whether a result has a sample that is a number.
fn has_number(result: &Value) -> bool {
    let samples = result.as_array();
    samples.is_some_and(|samples| samples.iter().any(|sample| sample["value"][1] != "NaN"))
}

#[tokio::test]
async fn a_real_prometheus_scrapes_and_evaluates_rules_and_dashboard() {
    let service = service();
    load::every_kind(&service).await;
    let prometheus = Prometheus::start(&service);
    prometheus.query("up{job=\"neokeys\"}", |result| value(result) == Some(1.0)).await;

    // What the service counted is what Prometheus has, and goes on to have.
    let listed = "sum(neokeys_http_requests_total{operation=\"ListApiKeys\",status=\"200\"})";
    let before = prometheus.query(listed, |result| value(result).is_some()).await;
    for _ in 0..5 {
        assert_eq!(service.admin().get(KEYS).await.status, 200);
    }
    let expected = value(&before).map(|before| before + 5.0);
    prometheus.query(listed, |result| value(result) == expected).await;

    // It asked for OpenMetrics, which alone tells units.
    let metric = "neokeys_http_request_duration_seconds";
    let told =
        prometheus.api(&format!("metadata?metric={metric}"), |it| !it[metric].is_null()).await;
    assert_eq!(
        (&told[metric][0]["type"], &told[metric][0]["unit"]),
        (&"histogram".into(), &"seconds".into())
    );

    let rules = prometheus
        .api("rules", |data| {
            let rules = data["groups"][0]["rules"].as_array();
            rules.is_some_and(|rules| rules.iter().all(|rule| rule["health"] == "ok"))
        })
        .await;
    let rules = rules["groups"][0]["rules"].as_array().unwrap().clone();
    assert_eq!(
        rules.len(),
        std::fs::read_to_string(folder("ops/alerts.yml")).unwrap().matches("- alert:").count()
    );

    // Between two scrapes, so that rates are of something.
    load::every_kind(&service).await;
    let queries = dashboard_queries();
    assert!(queries.len() > 20, "{queries:?}");
    for query in queries {
        let query = query
            .replace("$__rate_interval", "1m")
            .replace("$job", ".*")
            .replace("$instance", ".*");
        prometheus.query(&query, has_number).await;
    }
}
