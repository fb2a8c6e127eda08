//! The means of operators (the page, the dashboard, the rules) speak of metrics that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::scrape::{Scrape, get, scrape};
use crate::{load, service};
use neokeys_testkit::book::{hold, row};
use neokeys_testkit::programs::{folder, program, python, run};

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

/// Every query of the dashboard, its panels' and its variables'.
pub fn dashboard_queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("ops/grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// The labels of the samples of a family: names, with the values of those that are a closed list.
fn labels(page: &str, name: &str) -> String {
    let mut values = BTreeMap::<&str, Vec<&str>>::new();
    for line in page.lines() {
        let base = line.split(['{', ' ']).next().unwrap();
        let own = base == name || base.strip_suffix("_count") == Some(name);
        let Some((_, labels)) = line.split_once('{').filter(|_| own) else { continue };
        for (label, value) in labels.split("\",").filter_map(|it| it.split_once("=\"")) {
            let (seen, value) =
                (values.entry(label).or_default(), value.split('"').next().unwrap());
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
    }
    let open = ["issuer", "operation", "status", "version"];
    let labels = values.into_iter().map(|(label, values)| {
        let values = values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        if open.contains(&label) { format!("`{label}`") } else { format!("`{label}`: {values}") }
    });
    labels.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn the_book_says_of_every_metric_what_a_scraper_is_told() {
    let service = service();
    load::every_kind(&service).await;
    let reply = get(&service, &[]).await;
    let page = reply.text();
    let mut made = "| metric | type | labels | means |\n|---|---|---|---|\n".to_owned();
    for help in page.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = help.split_once(' ').unwrap();
        let kind = page.lines().find_map(|it| it.strip_prefix(&format!("# TYPE {name} ")));
        made.push_str(&row(&[&format!("`{name}`"), kind.unwrap(), &labels(page, name), help]));
    }
    hold("docs/reference/metrics.md", "metrics", &made);
    let scrape = Scrape::parse(page);
    let named: BTreeSet<_> = made.lines().filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(named, families(&scrape));
}

#[tokio::test]
async fn rules_and_dashboard_name_metrics_that_there_are() {
    let scrape = loaded().await;
    let names = scrape.names();
    let dashboard = dashboard_queries().join("\n");
    let files = ["ops/alerts.yml", "ops/alerts-test.yml"].map(|path| (path, read(path)));
    for (path, text) in files.into_iter().chain([("the dashboard", dashboard)]) {
        let named = metrics(&text);
        assert!(named.len() >= 10, "{path} names {named:?}");
        let unknown: Vec<_> = named.difference(&names).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}, which are in no scrape");
    }
}

#[test]
fn promtool_takes_the_rules_and_their_tests() {
    for command in ["check", "test"] {
        let file = if command == "check" { "ops/alerts.yml" } else { "ops/alerts-test.yml" };
        let mut promtool = Command::new(program("/usr/bin/promtool", "prometheus"));
        run(promtool.args([command, "rules"]).arg(folder(file)));
    }
}

#[test]
fn every_alert_is_tested_to_fire_and_not_to() {
    let (rules, tests) = (read("ops/alerts.yml"), read("ops/alerts-test.yml"));
    for line in rules.lines() {
        if let Some(alert) = line.trim().strip_prefix("- alert: ") {
            assert!(tests.contains(&format!("alertname=\"{alert}\"")), "{alert} has no test");
        }
    }
    let quiet = tests.split("whatever is wrong").next().unwrap();
    let loud = tests.split("whatever is wrong").nth(1).unwrap();
    assert_eq!(metrics(&rules).difference(&metrics(quiet)).count(), 0);
    assert_eq!(metrics(&rules).difference(&metrics(loud)).count(), 0);
}

/// Grafana's own model reads the dashboard and writes it again: what it does not know would be lost.
#[test]
fn grafana_knows_every_line_of_the_dashboard() {
    run(python().arg("-c").arg(ROUND_TRIP).arg(folder("ops/grafana-dashboard.json")));
}

const ROUND_TRIP: &str = r#"
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

def lost(before, after, place="$"):
    if isinstance(before, dict):
        for name, value in before.items():
            yield from lost(value, (after or {}).get(name), f"{place}.{name}")
    elif isinstance(before, list):
        for number, value in enumerate(before):
            yield from lost(value, after[number] if len(after) > number else None, f"{place}[{number}]")
    elif before != after:
        yield f"{place}: {before} is {after} to Grafana"

register_default_plugins()
dashboard = json.load(open(sys.argv[1]))
known = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))
faults = list(lost(dashboard, known))
assert not faults, "\n".join(faults)
assert list(lost({"panels": [1]}, {"panels": []})), "the check itself can fail"
"#;
