//! Every block of every page.

use super::Fate::{self, Run, Shown};
use super::{CLUSTER, CONTAINERS, RELEASE};

const PREFIXES: &[&str] = &[
    "proxies::prefix::the_page_below_a_prefix_is_found_and_finds_its_documents",
    "proxies::prefix::what_an_answer_names_is_there_below_the_prefix",
];
const GUARD: &[&str] = &["documentation::guard::the_page_on_the_guard_shows_what_the_examples_do"];
const PROVIDERS: &[&str] =
    &["documentation::configurations::the_settings_of_identity_providers_are_settings"];
const KEY_LIFE: &[&str] =
    &["documentation::key_life::a_key_is_rotated_limited_and_described_as_the_page_says"];
const AUDIT: &[&str] =
    &["documentation::audit::the_log_is_read_verified_and_kept_as_the_page_says"];
const CONSTRUCTED: &str = "a drawing or a sum, which no program reads";
const ITSELF: &str = "it is what runs the tests";

/// Page, first line, and fate.
pub(super) const BLOCKS: &[(&str, &str, Fate)] = &[
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
        Run(&["documentation::start::the_page_is_followed_to_its_end"]),
    ),
    (
        "docs/reference/http.md",
        "KEYS=http://127.0.0.1:8080/api/demo/admin/apiKeys",
        Run(&["documentation::http::the_five_operations_work_one_after_the_other"]),
    ),
    (
        "docs/reference/file.md",
        "apiKeys:",
        Run(&[
            "documentation::file::the_file_is_one_that_the_program_takes_and_its_hash_is_that_of_a_token",
        ]),
    ),
    (
        "docs/reference/file.md",
        "flock data/.neokeys/acme.lock sed -i 's/enabled: true/enabled: false/' data/acme/security.yml",
        Run(&["documentation::file::a_script_that_holds_the_lock_disables_what_it_says"]),
    ),
    (
        "docs/operations.md",
        "$ cargo install --profile dist --path . --features etcd,object-storage   # etcd needs protobuf-compiler, libprotobuf-dev",
        Run(&[
            "documentation::configurations::every_store_that_is_named_is_an_address_that_settings_take",
        ]),
    ),
    (
        "docs/reference/settings.md",
        "auth:",
        Run(&["documentation::configurations::the_settings_of_an_issuer_are_settings"]),
    ),
    (
        "RELEASING.md",
        "cargo run --release -- openapi > tests/contract/released/documented.json",
        Shown(RELEASE),
    ),
    ("docs/deployment.md", "location /neokeys/ {", Run(PREFIXES)),
    ("docs/deployment.md", "https://example.com {", Run(PREFIXES)),
    (
        "docs/deployment.md",
        "docker build -t neokeys --build-arg COMMIT_OF_NEOKEYS=\"$(git rev-parse HEAD)\" .",
        Shown(CONTAINERS),
    ),
    ("docs/audit.md", "neokeys audit list --tenant acme --key crm-sync --from 30d", Run(AUDIT)),
    (
        "docs/audit.md",
        "curl -sS 'http://localhost:8080/api/acme/admin/audit/events?key=crm-sync&limit=20' -H \"X-API-KEY: $ADMIN\"",
        Run(AUDIT),
    ),
    (
        "docs/audit.md",
        "neokeys audit export --tenant acme | jq -r '[(.time / 1000 | todate), .activity_name, .entity.name, .actor.user.name] | join(\"  \")'",
        Run(AUDIT),
    ),
    (
        "docs/audit.md",
        "neokeys audit export --tenant acme | jq -c 'select(.actor.user.type == \"file\") | .entity.data'",
        Run(AUDIT),
    ),
    ("docs/audit.md", "neokeys audit verify --tenant acme", Run(AUDIT)),
    (
        "docs/audit.md",
        "curl -sS --fail http://localhost:8080/api/acme/admin/audit/checkpoint -H \"X-API-KEY: $READER\" > acme.checkpoint",
        Run(AUDIT),
    ),
    (
        "docs/audit.md",
        "neokeys audit verify --tenant acme --checkpoint acme.checkpoint",
        Run(AUDIT),
    ),
    (
        "docs/audit.md",
        "neokeys audit verify --tenant acme --json | jq -rj .checkpoint > acme.checkpoint",
        Run(AUDIT),
    ),
    (
        "docs/audit.md",
        "neokeys audit keygen --origin keys.example.com > audit.key 2> audit.key.pub",
        Run(AUDIT),
    ),
    (
        "docs/deployment.md",
        "docker run --rm -v neokeys:/data neokeys tenants create acme",
        Shown(CONTAINERS),
    ),
    ("docs/deployment.md", "ops/build", Shown(RELEASE)),
    (
        "docs/deployment.md",
        "sudo apt-get install build-essential protobuf-compiler libprotobuf-dev",
        Shown(
            "a release build takes minutes: deployment::package makes and installs it with a debug build",
        ),
    ),
    (
        "docs/deployment.md",
        "install -m 755 \"$(ops/build)\" /usr/local/bin/",
        Run(&["documentation::commands::what_systemd_needs_is_installed_as_the_page_says"]),
    ),
    ("docs/guard.md", "[dependencies]", Shown("it names a release, which is made by hand")),
    ("docs/guard.md", "/// The right to see orders.", Run(GUARD)),
    ("docs/guard.md", "        let shop = guard", Run(GUARD)),
    ("docs/guard.md", "    let shops = Router::new()", Run(GUARD)),
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
        "docs/rotate.md",
        "neokeys keys rotate crm-sync --tenant acme --overlap 24h > new-token",
        Run(KEY_LIFE),
    ),
    ("docs/rotate.md", "neokeys tenants create acme", Run(KEY_LIFE)),
    ("docs/rotate.md", "neokeys keys get crm-sync --tenant acme --json", Run(KEY_LIFE)),
    ("docs/rotate.md", "neokeys keys end-overlap crm-sync --tenant acme", Run(KEY_LIFE)),
    (
        "docs/rotate.md",
        "ADMIN=$(neokeys keys create admin --tenant acme --permission tenant.apiKey:read --permission tenant.apiKey:write)",
        Run(KEY_LIFE),
    ),
    (
        "docs/rotate.md",
        "curl -sS -X DELETE http://localhost:8080/api/acme/admin/apiKeyDetails/crm-sync/previousTokens -H \"X-API-KEY: $ADMIN\"",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "curl -sS http://localhost:8080/api/acme/apiKey -H \"X-API-KEY: $(cat new-token)\"",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "neokeys keys limit crm-sync --tenant acme --expires-in 90d",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "neokeys keys rotate crm-sync --tenant acme --overlap 0 --expires-in 90d > new-token",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "neokeys keys limit crm-sync --tenant acme --allow-ip 127.0.0.0/8 --allow-ip 2001:db8::/32",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "neokeys keys limit crm-sync --tenant acme --description 'CRM, every night' --owner sales@example.com --label env=prod",
        Run(KEY_LIFE),
    ),
    (
        "docs/key-life.md",
        "curl -sS 'http://localhost:8080/api/acme/admin/apiKeyDetails?label=env%3Dprod&sort=expiresAt' -H \"X-API-KEY: $ADMIN\"",
        Run(KEY_LIFE),
    ),
    ("docs/key-life.md", "apiKeys:", Run(KEY_LIFE)),
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
    (
        "docs/deployment.md",
        "docker tag neokeys registry.example.com/neokeys:0.1.0 && docker push registry.example.com/neokeys:0.1.0",
        Shown(CLUSTER),
    ),
    (
        "docs/deployment.md",
        "cd examples/compose && docker compose up --build --detach",
        Shown(CONTAINERS),
    ),
    (
        "docs/deployment.md",
        "docker compose exec neokeys /neokeys tenants create demo",
        Run(&["deployment::trial::the_trial_does_what_the_page_says"]),
    ),
    (
        "ops/chart/README.md",
        "helm install keys ops/chart --set image.repository=registry.example.com/neokeys",
        Shown(CLUSTER),
    ),
    (
        "ops/chart/README.md",
        "image:",
        Run(&["deployment::chart::the_values_that_the_page_shows_are_taken"]),
    ),
    ("ops/chart/README.md", "helm install keys ops/chart --values values.yaml", Shown(CLUSTER)),
];
