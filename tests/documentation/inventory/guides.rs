//! The blocks of the pages that tests of this suite follow from top to bottom.

use super::Fate::{self, Run, Shown};

const START: &[&str] = &["documentation::start::the_page_is_followed_to_its_end"];
const LEAKED: &[&str] =
    &["documentation::leaked_key::a_token_that_leaked_is_ended_and_what_it_did_is_found"];
const BACKUP: &[&str] = &["documentation::backup::a_store_is_backed_up_checked_and_restored"];
const MOVING: &[&str] = &[
    "documentation::moving::a_folder_is_moved_to_another_machine_with_its_log",
    "documentation::moving::a_store_is_moved_while_it_serves",
];
const UPGRADE: &[&str] =
    &["documentation::upgrade::a_new_program_judges_the_files_and_changes_nothing"];
const EVENTS: &[&str] = &["documentation::events::the_event_that_the_book_shows_is_one"];
const SETTINGS: &[&str] =
    &["documentation::configurations::the_settings_of_the_reference_are_settings"];

/// Page, first line, and fate.
pub(super) const GUIDES: &[(&str, &str, Fate)] = &[
    ("docs/start.md", "$ cargo run --release -- serve --dev", Run(START)),
    (
        "docs/start.md",
        "$ read -rs TOKEN     # paste it, and press Enter; nothing is shown",
        Shown("it asks at a terminal: documentation::start puts the token into the variable"),
    ),
    ("docs/start.md", "API=http://127.0.0.1:8080/api/demo/admin", Run(START)),
    ("docs/start.md", "cat data/demo/security.yml", Run(START)),
    (
        "docs/start.md",
        "curl -i \"http://127.0.0.1:8080/auth/demo?scope=orders:read\" -H \"X-API-KEY: $KEY\"",
        Run(START),
    ),
    (
        "docs/start.md",
        "curl -i \"http://127.0.0.1:8080/auth/demo?scope=orders:write\" -H \"X-API-KEY: $KEY\"",
        Run(START),
    ),
    (
        "docs/start.md",
        "NEW=$(curl -sS \"$API/apiKeyDetails/crm-sync/rotate\" -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\",
        Run(START),
    ),
    (
        "docs/start.md",
        "curl -sS -X DELETE \"$API/apiKeys/crm-sync\" -H \"Authorization: Bearer $TOKEN\"",
        Run(START),
    ),
    (
        "docs/start.md",
        "curl -sS \"$API/audit/events\" -H \"Authorization: Bearer $TOKEN\" | jq -r '.items[] | .activity_name + \" \" + .entity.name'",
        Run(START),
    ),
    (
        "docs/leaked-key.md",
        "umask 077     # what is written from here on is for you alone",
        Run(LEAKED),
    ),
    (
        "docs/leaked-key.md",
        "curl -sS http://localhost:8080/api/acme/revoke -d \"token=$LEAKED\" -d 'reason=in a public repository'",
        Run(LEAKED),
    ),
    (
        "docs/leaked-key.md",
        "grep -r \"$(printf %s \"$LEAKED\" | sha256sum | cut -d' ' -f1)\" data --include=security.yml",
        Run(LEAKED),
    ),
    (
        "docs/leaked-key.md",
        "neokeys keys get crm-sync --tenant acme --json | jq .lastUsedAt",
        Run(LEAKED),
    ),
    (
        "docs/leaked-key.md",
        "neokeys audit list --tenant acme --actor crm-sync --from 30d",
        Run(LEAKED),
    ),
    ("docs/backup.md", "tar -C data -czf backup.tar.gz .", Run(BACKUP)),
    ("docs/backup.md", "mkdir unpacked && tar -C unpacked -xzf backup.tar.gz", Run(BACKUP)),
    (
        "docs/backup.md",
        "cp -p unpacked/acme/security.yml data/acme/security.yml.restored",
        Run(BACKUP),
    ),
    (
        "docs/backup.md",
        "neokeys diff data/acme/security.yml unpacked/acme/security.yml",
        Run(BACKUP),
    ),
    ("docs/backup.md", "neokeys audit list --tenant acme --from 30d", Run(BACKUP)),
    ("docs/backup.md", "mkdir restored && tar -C restored -xzf backup.tar.gz", Run(BACKUP)),
    ("docs/moving.md", "tar -C data --acls --xattrs -czf neokeys.tar.gz .", Run(MOVING)),
    ("docs/moving.md", "mkdir -p /var/lib/neokeys", Run(MOVING)),
    ("docs/moving.md", "neokeys copy --from file:data --to \"$NEW_STORE\"", Run(MOVING)),
    (
        "docs/moving.md",
        "neokeys copy --from file:data --to \"$NEW_STORE\" --force --delete",
        Run(MOVING),
    ),
    ("docs/upgrade.md", "new/neokeys check --config neokeys.yml --store file:data", Run(UPGRADE)),
    ("docs/reference/settings.md", "listen: 127.0.0.1:8080", Run(SETTINGS)),
    ("docs/reference/events.md", "{", Run(EVENTS)),
];
