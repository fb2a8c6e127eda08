//! What operators are given (the page, the dashboard, the rules) speaks of metrics that there are.

use std::collections::BTreeSet;
use std::fs;

use crate::programs::folder;
use crate::scrape::{Scrape, scrape};
use crate::{load, service};

/// A page of the service after a load that makes every metric move.
async fn loaded() -> Scrape {
    let service = service();
    load::every_kind(&service).await;
    scrape(&service).await
}

fn read(path: &str) -> String {
    fs::read_to_string(folder(path)).unwrap()
}

/// The words of a text that are names of metrics.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("neokeys_") || word.starts_with("process_")).collect()
}

/// Names without what a histogram adds to them.
fn families<'n>(scrape: &'n Scrape) -> BTreeSet<&'n str> {
    let names = scrape.names();
    let of = |name: &'n str| {
        let parts = ["_bucket", "_sum", "_count"];
        let base = parts.into_iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        if names.contains(format!("{base}_bucket").as_str()) { base } else { name }
    };
    names.iter().copied().map(of).collect()
}

#[tokio::test]
async fn the_page_on_metrics_has_every_metric_and_no_other() {
    let scrape = loaded().await;
    let page = read("docs/observability.md");
    let table = page.lines().filter(|line| line.starts_with("| `"));
    let names = table.map(|row| row.split('|').nth(1).unwrap()).collect::<Vec<_>>().join(" ");
    assert_eq!(metrics(&names), families(&scrape));
}

#[tokio::test]
async fn rules_and_dashboard_name_metrics_that_there_are() {
    let scrape = loaded().await;
    let names = scrape.names();
    for path in ["ops/alerts.yml", "ops/alerts-test.yml"] {
        let text = read(path);
        let named = metrics(&text);
        assert!(named.len() >= 10, "{path} names {named:?}");
        let unknown: Vec<_> = named.difference(&names).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}, which are in no scrape");
    }
}
