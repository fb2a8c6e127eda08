//! Every block of every page, and what runs it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::pages::{blocks, pages};
use crate::programs::folder;

/// What becomes of a block.
enum Fate {
    /// These tests (`binary::module::name`) read it from the page and run it.
    Run(&'static [&'static str]),
    /// No program runs it here, for this reason.
    Shown(&'static str),
}
use Fate::{Run, Shown};

const HOSTILE: &[&str] = &[
    "proxies::gateways::hostile::no_caller_gives_itself_an_identity_and_no_credential_comes_through",
    "proxies::gateways::judged::whoever_may_passes_with_who_it_is_and_without_its_credential",
];
const PREFLIGHTS: &[&str] = &[
    "proxies::gateways::preflights::a_preflight_passes_without_a_credential_and_without_an_identity",
];
const PROVIDERS: &[&str] =
    &["documentation::configurations::the_settings_of_identity_providers_are_settings"];
const CONSTRUCTED: &str = "a drawing or a sum, which no program reads";
const ITSELF: &str = "it is what runs the tests";
const RELEASE: &str = "a release build takes minutes: releases are made by hand";
const CONTAINERS: &str = "it needs a container engine, which the machine of the tests has not; \
                          deployment::image judges the file that it builds";

const MEASURED: &str = "it measures, which tells nothing on a machine that does other work";
const EXAMPLE: &[&str] = &["cluster::example::the_example_starts_answers_and_ends"];
const COMMAND_LINE: &[&str] = &["documentation::readme::the_command_line_does_what_it_shows"];
const COPY: &[&str] = &[
    "cluster::copy::documents_go_round_every_store_and_come_back_the_same",
    "documentation::commands::documents_are_copied_and_nothing_is_written_over_until_it_is_forced",
];
const PROMTOOL: &[&str] = &["observability::operators::promtool_takes_the_rules_and_their_tests"];
const ETCDCTL: &[&str] =
    &["cluster::own_tools::a_key_that_etcdctl_puts_is_a_tenant_and_one_that_it_deletes_is_none"];

/// Page, first line, and fate.
const BLOCKS: &[(&str, &str, Fate)] = &[
    (
        "ARCHITECTURE.md",
        "                       openapi/neostore-v1.json ── build.rs ──► contract (types, operations, scopes, documents)",
        Shown(CONSTRUCTED),
    ),
    (
        "CONTRIBUTING.md",
        "$ cargo quick                    # rules, layers, storage, and the service over HTTP",
        Shown(ITSELF),
    ),
    ("CONTRIBUTING.md", "$ cargo fmt --all", Shown(ITSELF)),
    (
        "README.md",
        "$ cargo run --release -- serve --dev",
        Run(&["documentation::readme::the_five_operations_work_one_after_the_other"]),
    ),
    (
        "README.md",
        "$ tests/run        # every test; installs what it needs (Node.js with npm and Python 3 must be there)",
        Shown(ITSELF),
    ),
    (
        "README.md",
        "KEYS=http://127.0.0.1:8080/api/demo/admin/apiKeys",
        Run(&["documentation::readme::the_five_operations_work_one_after_the_other"]),
    ),
    (
        "README.md",
        "curl -i \"http://127.0.0.1:8080/auth/demo?scope=orders:read\" -H \"X-API-KEY: $KEY\"",
        Run(&[
            "documentation::readme::other_services_are_told_who_passes_and_what_a_token_is_worth",
        ]),
    ),
    (
        "README.md",
        "curl \"http://127.0.0.1:8080/api/demo/introspect\" -H \"Authorization: Bearer $TOKEN\" -d \"token=$KEY\"",
        Run(&[
            "documentation::readme::other_services_are_told_who_passes_and_what_a_token_is_worth",
        ]),
    ),
    (
        "README.md",
        "apiKeys:",
        Run(&[
            "documentation::readme::the_file_is_one_that_the_program_takes_and_its_hash_is_that_of_a_token",
        ]),
    ),
    (
        "README.md",
        "flock data/.neokeys/acme.lock sed -i 's/enabled: true/enabled: false/' data/acme/security.yml",
        Run(&["documentation::readme::a_script_that_holds_the_lock_disables_what_it_says"]),
    ),
    (
        "README.md",
        "$ cargo install --path . --features etcd,object-storage   # etcd needs protobuf-compiler, libprotobuf-dev",
        Run(&["documentation::readme::every_store_that_is_named_is_an_address_that_settings_take"]),
    ),
    (
        "README.md",
        "$ neokeys tenants create acme",
        Run(&["documentation::readme::the_command_line_does_what_it_shows"]),
    ),
    (
        "README.md",
        "auth:",
        Run(&["documentation::configurations::the_settings_of_an_issuer_are_settings"]),
    ),
    (
        "RELEASING.md",
        "cargo run --release -- openapi > tests/contract/released/documented.json",
        Shown(RELEASE),
    ),
    ("docs/deployment.md", "docker build -t neokeys .", Shown(CONTAINERS)),
    (
        "docs/deployment.md",
        "docker run --rm -v neokeys:/data neokeys tenants create acme",
        Shown(CONTAINERS),
    ),
    ("docs/deployment.md", "RUSTFLAGS=\"-C target-feature=+crt-static\" \\", Shown(RELEASE)),
    (
        "docs/deployment.md",
        "install -m 755 target/x86_64-unknown-linux-gnu/release/neokeys /usr/local/bin/",
        Run(&["documentation::commands::what_systemd_needs_is_installed_as_the_page_says"]),
    ),
    (
        "docs/gateways.md",
        "GET /auth/{tenantId}?scope=…",
        Shown("the shape of a request: api::forward_auth sends it"),
    ),
    ("docs/gateways.md", "upstream neokeys { server 127.0.0.1:8080; keepalive 16; }", Run(HOSTILE)),
    ("docs/gateways.md", "http://127.0.0.1:8000 {", Run(HOSTILE)),
    (
        "docs/gateways.md",
        "-- http-request lua.neokeys ADDRESS QUERY: lets the request pass if neokeys says so.",
        Run(HOSTILE),
    ),
    ("docs/gateways.md", "global", Run(HOSTILE)),
    ("docs/gateways.md", "entryPoints:", Run(HOSTILE)),
    ("docs/gateways.md", "http:", Run(HOSTILE)),
    ("docs/gateways.md", "static_resources:", Run(HOSTILE)),
    (
        "docs/gateways.md",
        "        set $preflight \"$request_method $http_access_control_request_method\";",
        Run(PREFLIGHTS),
    ),
    ("docs/gateways.md", "\t\t@judged not {", Run(PREFLIGHTS)),
    (
        "docs/gateways.md",
        "    http-request lua.neokeys 127.0.0.1:8080 scope=orders:read unless { method OPTIONS } { req.hdr(access-control-request-method) -m found }",
        Run(PREFLIGHTS),
    ),
    ("docs/gateways.md", "                        - match:", Run(PREFLIGHTS)),
    ("docs/gateways.md", "    preflights:", Run(PREFLIGHTS)),
    ("docs/identity-providers.md", "auth:", Run(PROVIDERS)),
    ("docs/identity-providers.md", "issuers:", Run(PROVIDERS)),
    ("docs/identity-providers.md", "issuers:", Run(PROVIDERS)),
    ("docs/identity-providers.md", "tenants_claim: extn.tenants", Run(PROVIDERS)),
    ("docs/identity-providers.md", "tenants_claim: organization", Run(PROVIDERS)),
    (
        "docs/introspection.md",
        "POST /api/{tenantId}/introspect",
        Shown("the shape of a request: api::introspection sends it"),
    ),
    (
        "docs/introspection.md",
        "neokeys keys create gateway --tenant demo --permission tenant.apiKey:read",
        Run(&["documentation::commands::a_resource_server_gets_a_key_of_its_own"]),
    ),
    (
        "docs/introspection.md",
        "<Location /shops/demo/>",
        Run(&["proxies::introspection::apache_lets_in_whom_neokeys_vouches_for"]),
    ),
    (
        "docs/introspection.md",
        "OIDCOAuthIntrospectionEndpoint https://127.0.0.1:8443/api/demo/introspect",
        Run(&[
            "proxies::introspection::the_other_module_of_apache_lets_in_whom_neokeys_vouches_for_and_keeps_no_answer",
        ]),
    ),
    (
        "docs/introspection.md",
        "import os",
        Run(&["clients::introspection::authlib_lets_in_whom_neokeys_vouches_for"]),
    ),
    (
        "docs/observability.md",
        "metrics:",
        Run(&["documentation::configurations::the_settings_of_metrics_and_traces_are_settings"]),
    ),
    (
        "docs/observability.md",
        "# prometheus.yml",
        Run(&["documentation::configurations::prometheus_takes_what_the_page_gives_it"]),
    ),
    (
        "docs/observability.md",
        "traces:",
        Run(&["documentation::configurations::the_settings_of_metrics_and_traces_are_settings"]),
    ),
    (
        "docs/operations.md",
        "$ apt-get install etcd-server nginx-light protobuf-compiler libprotobuf-dev curl",
        Run(&["cluster::example::the_example_starts_answers_and_ends"]),
    ),
    ("docs/operations.md", "8 GiB / (2 × 160 B) ≈ 27 million keys a cluster", Shown(CONSTRUCTED)),
    (
        "docs/operations.md",
        "map $uri $tenant { ~^/api/(?<id>[^/]+)/ $id; }",
        Run(&[
            "documentation::configurations::nginx_parts_tenants_by_their_names_as_the_plan_says",
        ]),
    ),
    (
        "docs/operations.md",
        "100 million keys / 8 shards         = 12.5 million keys a shard",
        Shown(CONSTRUCTED),
    ),
];

/// Pages that a test of their own follows from top to bottom.
const FOLLOWED: &[(&str, &str)] = &[("openapi/sdk/README.md", "clients::readme")];

/// Commands within a sentence: page, command, and fate.
const COMMANDS: &[(&str, &str, Fate)] = &[
    ("ARCHITECTURE.md", "cargo bench --bench durability", Shown(MEASURED)),
    ("CONTRIBUTING.md", "cargo bench --bench http", Shown(MEASURED)),
    ("README.md", "cargo bench --bench functions", Shown(MEASURED)),
    ("README.md", "cargo bench --bench http -- instructions", Shown(MEASURED)),
    ("README.md", "cargo bench --bench http -- targets --record", Shown(MEASURED)),
    ("RELEASING.md", "cargo bench --bench http -- targets --record", Shown(MEASURED)),
    ("README.md", "cargo doc --open", Shown("it opens a browser; .ci/run builds the same pages")),
    ("README.md", "cargo install --path .", Shown(RELEASE)),
    ("RELEASING.md", "cargo check", Shown(RELEASE)),
    ("RELEASING.md", "git tag --sign vX.Y.Z --message \"neokeys X.Y.Z\"", Shown(RELEASE)),
    ("README.md", "examples/cluster/run", Run(EXAMPLE)),
    ("docs/operations.md", "examples/cluster/run", Run(EXAMPLE)),
    ("README.md", "neokeys check", Run(COMMAND_LINE)),
    ("README.md", "neokeys openapi", Run(COMMAND_LINE)),
    ("docs/observability.md", "neokeys check", Run(COMMAND_LINE)),
    ("README.md", "neokeys serve --help", Run(&["cli::settings::help_lists_every_setting"])),
    ("README.md", "neokeys copy --from file:data --to etcd://…", Run(COPY)),
    ("docs/operations.md", "neokeys copy --from URL --to URL", Run(COPY)),
    ("docs/operations.md", "neokeys copy --from file:data --to etcd://…/neokeys", Run(COPY)),
    ("docs/operations.md", "neokeys copy --tenant ID", Run(COPY)),
    (
        "README.md",
        "printf %s \"$KEY\" | sha256sum",
        Run(&[
            "documentation::readme::other_services_are_told_who_passes_and_what_a_token_is_worth",
        ]),
    ),
    (
        "docs/deployment.md",
        "sudo -u neokeys neokeys tenants create acme --store file:/var/lib/neokeys",
        Run(&["documentation::commands::a_tenant_is_made_in_the_store_that_a_command_names"]),
    ),
    (
        "docs/deployment.md",
        "systemd-analyze security",
        Run(&["deployment::unit::systemd_finds_the_unit_hardened"]),
    ),
    ("docs/observability.md", "promtool check rules ops/alerts.yml", Run(PROMTOOL)),
    ("docs/observability.md", "promtool test rules ops/alerts-test.yml", Run(PROMTOOL)),
    (
        "docs/operations.md",
        "etcdctl alarm disarm",
        Run(&["cluster::down::etcd_out_of_space_takes_no_changes_and_goes_on_checking_keys"]),
    ),
    ("docs/stores.md", "etcdctl put", Run(ETCDCTL)),
    ("docs/stores.md", "etcdctl del", Run(ETCDCTL)),
    (
        "docs/stores.md",
        "etcdctl snapshot restore",
        Shown("the page has the nodes restarted after it: what they knew is gone"),
    ),
];

/// What a span of a sentence begins with if it is a command.
const PROGRAMS: [&str; 14] = [
    "neokeys ",
    "cargo ",
    "promtool ",
    "curl ",
    "docker ",
    "kubectl ",
    "systemd-analyze ",
    "systemctl ",
    "etcdctl ",
    "printf ",
    "sudo ",
    "examples/cluster/run",
    "tests/run ",
    "git tag ",
];

/// What is in one and not in the other, as often as it is there.
fn missing<'b>(
    mut from: Vec<(&'b str, &'b str)>,
    of: &[(&'b str, &'b str)],
) -> Vec<(&'b str, &'b str)> {
    for one in of {
        if let Some(place) = from.iter().position(|it| it == one) {
            from.swap_remove(place);
        }
    }
    from
}

#[test]
fn every_block_of_every_page_is_run_or_has_a_reason_not_to_be() {
    let followed = |page: &str| FOLLOWED.iter().any(|(it, _)| *it == page);
    let shown: Vec<_> = blocks().into_iter().filter(|it| !followed(&it.page)).collect();
    let here: Vec<_> = shown.iter().map(|it| (it.page.as_str(), it.first_line())).collect();
    let listed: Vec<_> = BLOCKS.iter().map(|(page, line, _)| (*page, *line)).collect();
    let unknown = missing(here.clone(), &listed);
    assert!(unknown.is_empty(), "in no list, so that nobody knows whether they work: {unknown:#?}");
    let gone = missing(listed, &here);
    assert!(gone.is_empty(), "in the list and on no page: {gone:#?}");
}

#[test]
fn every_command_in_a_sentence_is_run_or_has_a_reason_not_to_be() {
    let followed = |page: &str| FOLLOWED.iter().any(|(it, _)| *it == page);
    let mut here = BTreeSet::new();
    for page in pages().into_iter().filter(|page| !followed(page)) {
        here.extend(spans_of(&page).into_iter().map(|span| (page.clone(), span)));
    }
    let listed: BTreeSet<_> =
        COMMANDS.iter().map(|(page, span, _)| ((*page).to_owned(), (*span).to_owned())).collect();
    let unknown: Vec<_> = here.difference(&listed).collect();
    assert!(unknown.is_empty(), "in no list, so that nobody knows whether they work: {unknown:#?}");
    let gone: Vec<_> = listed.difference(&here).collect();
    assert!(gone.is_empty(), "in the list and on no page: {gone:#?}");
}

/// The commands within sentences of a page.
fn spans_of(page: &str) -> Vec<String> {
    let text = fs::read_to_string(folder(page)).unwrap();
    let sentences = text.split("```").step_by(2).collect::<String>();
    let spans = sentences.split('`').skip(1).step_by(2);
    let spans = spans.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    spans.filter(|span| PROGRAMS.iter().any(|it| span.starts_with(it))).collect()
}

/// The text of all files of a suite.
fn suite(name: &str) -> String {
    fn gather(place: &Path, text: &mut String) {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|it| it != "node_modules") {
                gather(&path, text);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    gather(&folder("tests").join(name), &mut text);
    text
}

#[test]
fn every_test_that_the_inventory_names_is_there() {
    let fates = BLOCKS.iter().chain(COMMANDS).map(|(_, _, fate)| fate);
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for fate in fates {
        match fate {
            Run(tests) => named.extend(tests.iter()),
            Shown(reason) => assert!(reason.len() > 10, "{reason:?} is no reason"),
        }
    }
    assert!(named.len() > 15, "{named:?}");
    for test in named {
        let (binary, rest) = test.split_once("::").unwrap();
        let function = rest.rsplit("::").next().unwrap();
        assert!(suite(binary).contains(&format!("fn {function}(")), "there is no {test}");
    }
    for (page, module) in FOLLOWED {
        assert!(blocks().iter().any(|it| it.page == *page), "{page}");
        let (binary, module) = module.split_once("::").unwrap();
        assert!(folder("tests").join(binary).join(module).with_extension("rs").is_file());
    }
}
