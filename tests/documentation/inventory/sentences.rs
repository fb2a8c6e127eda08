//! Every command within a sentence of a page.

use super::Fate::{self, Run, Shown};
use super::{CLUSTER, CONTAINERS, RELEASE};

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

const LOGIN: &[&str] = &["cli::login::who_signed_in_asks_servers_until_they_sign_out"];

/// Commands within a sentence: page, command, and fate.
pub(super) const COMMANDS: &[(&str, &str, Fate)] = &[
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
    ("ops/chart/README.md", "helm install", Shown(CLUSTER)),
    (
        "ops/chart/README.md",
        "neokeys audit keygen",
        Run(&["deployment::pods::a_pod_over_etcd_lives_and_signs_its_logs"]),
    ),
    (
        "docs/console.md",
        "neokeys serve --dev",
        Run(&["browser::console::the_whole_life_of_a_key_by_mouse"]),
    ),
    (
        "docs/console.md",
        "neokeys audit verify",
        Run(&["documentation::audit::the_log_is_read_verified_and_kept_as_the_page_says"]),
    ),
    ("README.md", "examples/cluster/run", Run(EXAMPLE)),
    ("docs/operations.md", "examples/cluster/run", Run(EXAMPLE)),
    ("README.md", "neokeys login", Run(LOGIN)),
    ("README.md", "neokeys check", Run(COMMAND_LINE)),
    ("README.md", "neokeys openapi", Run(COMMAND_LINE)),
    (
        "README.md",
        "neokeys completions bash > /etc/bash_completion.d/neokeys",
        Run(&["cli::manual::every_shell_has_a_script_that_names_the_commands"]),
    ),
    (
        "README.md",
        "neokeys man --out /usr/local/share/man/man1",
        Run(&["cli::manual::every_command_has_a_page_of_the_manual"]),
    ),
    ("docs/audit.md", "neokeys check", Run(COMMAND_LINE)),
    ("docs/key-life.md", "neokeys check", Run(COMMAND_LINE)),
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
    ("docs/deployment.md", "docker exec -u 0", Shown(CONTAINERS)),
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
