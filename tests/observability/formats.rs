//! Both formats, as those who defined them read them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::scrape::{Scrape, get};
use crate::{load, service};
use neokeys_testkit::Client;
use neokeys_testkit::programs::{program, python};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";

#[tokio::test]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let service = service();
    let text = get(&service, &[]).await;
    assert_eq!(text.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(text.header("cache-control"), "no-store");
    assert!(text.text().contains("# TYPE neokeys_commits_total counter\n"));
    let open = get(&service, &[("accept", OPEN_METRICS)]).await;
    assert_eq!(open.header("content-type"), format!("{OPEN_METRICS}; charset=utf-8"));
    assert!(open.text().contains("# TYPE neokeys_commits counter\n"));
    assert!(open.text().ends_with("# EOF\n"));
    let (text, open) = (Scrape::parse(text.text()), Scrape::parse(open.text()));
    assert_eq!(text.series(), open.series(), "the same series, whatever the format");
}

#[tokio::test]
async fn the_address_of_metrics_has_metrics_alone() {
    let service = service();
    let address = service.metrics().unwrap();
    let client = Client::of_another(address);
    let head = client.request("HEAD", "").send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(client.request("POST", "").send().await.status, 405);
    let origin = address.trim_end_matches("/metrics");
    for path in ["/", "/api/t1/admin/apiKeys", "/health/live", "/metrics/", "/openapi/v1.json"] {
        assert_eq!(Client::of_another(origin).get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_mend() {
    let service = service();
    load::every_kind(&service).await;
    let page = get(&service, &[]).await;
    let mut command = Command::new(program("/usr/bin/promtool", "prometheus"));
    feed(command.args(["check", "metrics"]), page.text());
}

#[tokio::test]
async fn the_reference_reader_of_openmetrics_reads_every_sample() {
    let service = service();
    load::every_kind(&service).await;
    let page = get(&service, &[("accept", OPEN_METRICS)]).await;
    let count = feed(
        python().args([
            "-c",
            "import sys\n\
             from prometheus_client.openmetrics.parser import text_string_to_metric_families\n\
             page = sys.stdin.read()\n\
             print(sum(len(it.samples) for it in text_string_to_metric_families(page)))",
        ]),
        page.text(),
    );
    assert_eq!(count.trim(), Scrape::parse(page.text()).series().len().to_string());
}

/// Gives a program a page on its standard input; it must be content. Gives what it says.
fn feed(command: &mut Command, page: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (said, complaint) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && complaint.is_empty(), "{said}{complaint}\n{page}");
    said
}
