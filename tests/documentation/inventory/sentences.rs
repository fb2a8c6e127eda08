//! Every command within a sentence of a page.

use super::Fate::{self, Run, Shown};
use super::{CLUSTER, CONTAINERS, RELEASE};

const MEASURED: &str = "it measures, which tells nothing on a machine that does other work";
const EXAMPLE: &[&str] = &["cluster::example::the_example_starts_answers_and_ends"];
const COMMAND_LINE: &[&str] = &["documentation::command_line::the_command_line_does_what_it_shows"];
const COPY: &[&str] = &[
    "cluster::copy::documents_go_round_every_store_and_come_back_the_same",
    "documentation::moving::documents_are_copied_and_nothing_is_written_over_until_it_is_forced",
];
const PROMTOOL: &[&str] = &["observability::operators::promtool_takes_the_rules_and_their_tests"];
const ETCDCTL: &[&str] =
    &["cluster::own_tools::a_key_that_etcdctl_puts_is_a_tenant_and_one_that_it_deletes_is_none"];

const APPLY: &[&str] =
    &["documentation::keys_in_git::keys_are_planned_reviewed_and_applied_as_the_page_says"];

/// Commands within a sentence: page, command, and fate.
pub(super) const COMMANDS: &[(&str, &str, Fate)] = &[
    ("ARCHITECTURE.md", "cargo bench --bench durability", Shown(MEASURED)),
    ("CONTRIBUTING.md", "cargo bench --bench http", Shown(MEASURED)),
    ("docs/speed/audit.md", "neokeys audit verify", Shown(MEASURED)),
    ("README.md", "cargo bench --bench functions", Shown(MEASURED)),
    ("docs/speed/changes.md", "cargo bench --bench durability", Shown(MEASURED)),
    ("README.md", "cargo bench --bench http -- instructions", Shown(MEASURED)),
    ("README.md", "cargo bench --bench http -- targets --record", Shown(MEASURED)),
    ("RELEASING.md", "cargo bench --bench http -- targets --record", Shown(MEASURED)),
    (
        "docs/guard.md",
        "cargo doc --open",
        Shown("it opens a browser; .ci/run builds the same pages"),
    ),
    ("README.md", "cargo install --locked --profile dist --path .", Shown(RELEASE)),
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
    ("docs/operations.md", "examples/cluster/run", Run(EXAMPLE)),
    ("docs/reference/file.md", "neokeys check", Run(COMMAND_LINE)),
    ("docs/reference/file.md", "neokeys apply", Run(APPLY)),
    ("docs/reference/events.md", "neokeys copy", Run(COPY)),
    ("docs/reference/misspellings.md", "neokeys check", Run(COMMAND_LINE)),
    ("docs/reference/metrics.md", "neokeys check", Run(COMMAND_LINE)),
    ("docs/reference/http.md", "neokeys openapi", Run(COMMAND_LINE)),
    ("docs/audit.md", "neokeys check", Run(COMMAND_LINE)),
    ("docs/key-life.md", "neokeys check", Run(COMMAND_LINE)),
    (
        "docs/reference/settings.md",
        "neokeys serve --help",
        Run(&["cli::settings::help_lists_every_setting"]),
    ),
    ("docs/moving.md", "neokeys copy --from URL --to URL", Run(COPY)),
    ("docs/moving.md", "neokeys copy --tenant ID", Run(COPY)),
    ("docs/backup.md", "neokeys copy", Run(COPY)),
    (
        "docs/rotate.md",
        "neokeys check --expiring-within 14d",
        Run(&["cli::check::keys_that_end_soon_fail_a_check_that_asks_for_them"]),
    ),
    (
        "README.md",
        "cargo install mdbook",
        Shown("it takes minutes; tests/run installs the same from PyPI"),
    ),
    (
        "README.md",
        "mdbook serve --open",
        Shown("it opens a browser: documentation::book builds the same book"),
    ),
    (
        "docs/backup.md",
        "etcdctl snapshot save",
        Run(&["cluster::restored::a_node_that_watches_serves_nothing_of_a_history_that_was_lost"]),
    ),
    (
        "docs/start.md",
        "sudo apt-get install build-essential curl jq",
        Shown("the machine of the tests has them"),
    ),
    ("docs/upgrade.md", "docker cp", Shown(CONTAINERS)),
    ("docs/upgrade.md", "helm upgrade", Shown(CLUSTER)),
    (
        "docs/upgrade.md",
        "neokeys --version",
        Run(&["cli::version::the_version_says_what_the_program_is_made_of"]),
    ),
    (
        "docs/reference/file.md",
        "printf %s \"$KEY\" | sha256sum",
        Run(&["documentation::file::what_sha256sum_prints_is_the_hash_of_a_token"]),
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
