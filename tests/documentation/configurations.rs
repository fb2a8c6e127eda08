//! Files that the pages show: settings that the program takes, and what other programs take.

use std::process::Command;

use neokeys::settings::Settings;

use crate::pages::{block, blocks_of, put, typed};
use crate::server::Place;
use neokeys_testkit::programs::{program, run};

/// Gives settings that stand on their own, from a part of them.
fn whole(text: &str) -> String {
    let indented = |text: &str, by: &str| text.lines().map(|it| format!("{by}{it}\n")).collect();
    match text.split(':').next().unwrap() {
        "issuers" | "tenants_claim" => {
            let inside: String = indented(text, "    ");
            format!("auth:\n  bearer:\n{inside}")
        }
        _ => text.to_owned(),
    }
}

fn settings(text: &str) -> Settings {
    let text = whole(text);
    Settings::from_yaml(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_settings_of_an_issuer_are_settings() {
    let settings = settings(&block("docs/reference/settings.md", "auth:"));
    assert_eq!(settings.auth.bearer.issuers.len(), 1);
}

#[test]
fn the_settings_of_the_reference_are_settings() {
    let settings = settings(&block("docs/reference/settings.md", "listen: 127.0.0.1:8080"));
    assert_eq!(settings.store.to_string(), "file:/var/lib/neokeys");
}

#[test]
fn every_store_that_is_named_is_an_address_that_settings_take() {
    let console = block(
        "docs/operations.md",
        "$ cargo install --profile dist --path . --features etcd,object-storage   # etcd needs protobuf-compiler, libprotobuf-dev",
    );
    let lines = typed(&console);
    let stores: Vec<_> = lines.iter().filter_map(|it| it.split("--store ").nth(1)).collect();
    assert_eq!(stores.len(), 2, "{lines:?}");
    for store in stores.into_iter().chain(["az://container/prefix", "gs://bucket/prefix"]) {
        let settings = Settings::from_yaml(&format!("store: {store}\n"));
        let settings = settings.unwrap_or_else(|error| panic!("{store}: {error}"));
        assert_eq!(settings.store.to_string(), store);
    }
}

#[test]
fn the_settings_of_identity_providers_are_settings() {
    let page = "docs/identity-providers.md";
    let blocks = blocks_of(page);
    let blocks = blocks.iter().filter(|it| it.language == "yaml");
    let mut counted = 0;
    for block in blocks {
        let settings = settings(&block.text);
        assert!(!settings.auth.bearer.issuers.is_empty(), "{block:?}");
        counted += 1;
    }
    assert!(counted >= 4, "{counted}");
}

#[test]
fn the_settings_of_gateways_are_settings() {
    let blocks = blocks_of("docs/gateways/envoy-grpc.md");
    let of = |language: &str| {
        let block = blocks.iter().find(|it| it.language == language).unwrap();
        settings(&block.text).ext_authz
    };
    let (plain, table) = (of("yaml ext_authz"), of("yaml ext_authz-routes"));
    assert!(plain.listen.is_some() && plain.listen == table.listen);
    assert_eq!(table.routes.as_slice().len(), 2);
}

#[test]
fn the_settings_of_metrics_and_traces_are_settings() {
    let metrics = settings(&block("docs/observability.md", "metrics:")).metrics;
    assert!(metrics.listen.is_some_and(|it| it.ip().is_loopback()));
    let text = block("docs/observability.md", "traces:");
    Settings::from_yaml(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
}

#[test]
fn prometheus_takes_what_the_page_gives_it() {
    let place = Place::new();
    let text = block("docs/observability.md", "# prometheus.yml");
    place.write("prometheus.yml", &text);
    let promtool = || Command::new(program("/usr/bin/promtool", "prometheus"));
    run(promtool().args(["check", "config", "--syntax-only"]).arg(place.path("prometheus.yml")));
    place.write("bad.yml", &put(&text, "scrape_configs", "scrape_config"));
    let mut bad = promtool();
    bad.args(["check", "config", "--syntax-only"]).arg(place.path("bad.yml"));
    assert!(!bad.output().unwrap().status.success(), "the check itself can fail");
}

/// Which shard nginx sends each tenant to, by the page's `map` and `split_clients`.
#[test]
fn nginx_parts_tenants_by_their_names_as_the_plan_says() {
    let place = Place::new();
    let page = block("docs/operations.md", "map $uri $tenant { ~^/api/(?<id>[^/]+)/ $id; }");
    let port = neokeys_testkit::programs::free_port();
    // Each shard says its name, in the place of three nodes.
    let shards: String = (0..8)
        .map(|number| {
            let socket = place.path(&format!("s{number}"));
            format!(
                "upstream s{number} {{ server unix:{0}; }}\n\
                 server {{ listen unix:{0}; location / {{ return 200 s{number}; }} }}\n",
                socket.display()
            )
        })
        .collect();
    let page = put(&page, "server { ", &format!("server {{ listen 127.0.0.1:{port}; "));
    place.write(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; pid pid; error_log stderr;\n\
             events {{ worker_connections 64; }}\n\
             http {{ access_log off; client_body_temp_path b; proxy_temp_path p; \
             fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n{shards}{page}}}\n"
        ),
    );
    let mut nginx = Command::new(program("/usr/sbin/nginx", "nginx-light"));
    nginx.arg("-p").arg(place.path("")).args(["-e", "stderr", "-c"]).arg(place.path("nginx.conf"));
    let log = std::fs::File::create(place.path("log")).unwrap();
    let _running = neokeys_testkit::programs::Running::start(nginx.stderr(log));
    let ask = format!(
        "for tenant in $(seq 1 200); do for path in admin/apiKeys admin/apiKeys/x; do\n\
         curl -sS --retry 50 --retry-connrefused --retry-delay 0 \
         \"http://127.0.0.1:{port}/api/t$tenant/$path\"; echo \" t$tenant\"; done; done\n"
    );
    let told = place.shell(&ask, &[]).results;
    let mut shards = std::collections::BTreeMap::<&str, std::collections::BTreeSet<&str>>::new();
    for line in told.lines() {
        let (shard, tenant) = line.split_once(' ').unwrap();
        shards.entry(tenant).or_default().insert(shard);
    }
    assert_eq!(shards.len(), 200, "{told}");
    assert!(shards.values().all(|it| it.len() == 1), "a tenant straddles: {shards:?}");
    let used: std::collections::BTreeSet<_> = shards.values().flatten().collect();
    assert_eq!(used.len(), 8, "{used:?}");
}
