//! The reference of events: every action, and every member of a line.

use std::collections::BTreeSet;
use std::time::Duration;

use neokeys::audit::{
    Action, DocumentChange, DocumentState, Event, KeyChange, KeyringChange, Refusal, Subject,
};
use neokeys::domain::{Actor, ActorKind, Initiator, KeyName, TenantId};
use neokeys_testkit::book;
use serde_json::Value;

use crate::pages::block;

const PAGE: &str = "docs/reference/events.md";

/// The members of a line, as paths.
const MEMBERS: &[(&str, &str)] = &[
    ("class_uid", "3004: Entity Management"),
    ("category_uid", "3: Identity & Access Management"),
    ("type_uid", "`class_uid` × 100 + `activity_id`"),
    ("activity_id", "the kind of action, see above"),
    ("activity_name", "the action, see above"),
    ("time", "milliseconds since the Unix epoch"),
    ("severity_id", "1: informational"),
    ("status_id", "1: done; 2: refused"),
    ("status_detail", "why it was refused"),
    ("comment", "why it was done, as the finder of a leaked token said"),
    ("metadata.version", "the version of OCSF"),
    ("metadata.sequence", "the place in the log, from 0"),
    ("metadata.uid", "the id of the request (`X-Request-Id`)"),
    ("metadata.correlation_uid", "the id that all events of one plan share"),
    ("metadata.tenant_uid", "the tenant"),
    ("metadata.product", "the name and version of neokeys"),
    (
        "actor.user.name",
        "who did it: a key's name, the subject of a bearer token, or a user of the machine",
    ),
    (
        "actor.user.type",
        "`api_key`, `bearer` or `api_key+bearer` over HTTP; `User` at the command line; `file` for a change \
         by hand; `System` for neokeys itself",
    ),
    ("actor.user.type_id", "1 user, 3 system, 99 all others"),
    ("actor.user.uid", "at the command line, the number of the user"),
    ("actor.user.domain", "the issuer of the bearer token"),
    ("src_endpoint.ip", "the address that it came from (`audit.addresses`)"),
    ("entity.name", "the key or tenant; `[token]` for a name that has a token in it"),
    ("entity.type", "`API key` or `Tenant`"),
    ("entity.type_id", "99"),
    ("entity.data", "what changed, see above"),
    (
        "unmapped.document",
        "the SHA-256 of `security.yml` `before` and `after` the write; `absent` without one",
    ),
];

fn meaning(action: &Action) -> &'static str {
    match action {
        Action::Create(_) => "a key was created",
        Action::Update(change) if change.enabled == Some(true) => {
            "a key was enabled, and nothing else"
        }
        Action::Update(change) if change.enabled == Some(false) => {
            "a key was disabled, and nothing else"
        }
        Action::Update(_) => "a key's permissions, limits or texts were changed",
        Action::Rotate { .. } => "a key got a new token",
        Action::EndOverlap => "all tokens of a key but the newest were ended",
        Action::Revoke { disables: true } => {
            "whoever held a key's newest token, or reported its leak, ended it: the key is disabled"
        }
        Action::Revoke { disables: false } => "the same with an older token: it alone was ended",
        Action::Delete => "a key was deleted",
        Action::CreateTenant => "a tenant was created",
        Action::DeleteTenant => "a tenant was deleted with its document",
        Action::Copy(_) => "`neokeys copy` put a document in place",
        Action::Found(_) => {
            "somebody changed the document by other means, such as an editor or git"
        }
        Action::Undone { .. } => {
            "the changes of these lines were not made: a crash came before them"
        }
        Action::Refusals(_) => "so many more changes were refused without a line of their own",
        Action::Recover { .. } => {
            "the log went on from lines that no head had: a crash came between, or somebody appended them"
        }
        Action::Repair { .. } => "half a line at the end of the log was taken away after a crash",
    }
}

fn actions() -> Vec<Action> {
    let change = || KeyChange {
        added: vec!["orders:read".to_owned()],
        removed: vec!["orders:write".to_owned()],
        expires_at: Some(None),
        members: vec!["owner"],
        enabled: None,
    };
    let turned = |enabled| KeyChange { enabled: Some(enabled), ..KeyChange::default() };
    let keyring = || KeyringChange {
        came: vec!["a".to_owned()],
        went: vec!["b".to_owned()],
        changed: vec![("c".to_owned(), change())],
    };
    vec![
        Action::Create(KeyChange { enabled: Some(true), removed: Vec::new(), ..change() }),
        Action::Update(change()),
        Action::Update(turned(true)),
        Action::Update(turned(false)),
        Action::Rotate { overlap: Some(Duration::from_secs(86_400)) },
        Action::EndOverlap,
        Action::Revoke { disables: true },
        Action::Revoke { disables: false },
        Action::Delete,
        Action::CreateTenant,
        Action::DeleteTenant,
        Action::Copy(Some(keyring())),
        Action::Found(Some(keyring())),
        Action::Undone { first: 3, last: 5 },
        Action::Refusals(12),
        Action::Repair { bytes: 17 },
        Action::Recover { first: 7, lines: 2 },
    ]
}

/// An event with everything that one can have.
fn whole(action: Action) -> Event {
    let tenant = TenantId::parse("acme").unwrap();
    let subject = match action {
        Action::Create(_)
        | Action::Update(_)
        | Action::Rotate { .. }
        | Action::EndOverlap
        | Action::Revoke { .. }
        | Action::Delete => Subject::Key(KeyName::parse("crm-sync").unwrap()),
        Action::CreateTenant
        | Action::DeleteTenant
        | Action::Copy(_)
        | Action::Found(_)
        | Action::Undone { .. }
        | Action::Refusals(_)
        | Action::Repair { .. }
        | Action::Recover { .. } => Subject::Tenant,
    };
    Event {
        at: Duration::from_millis(1_795_723_200_123),
        initiator: Initiator {
            actor: Actor {
                name: "deploy-bot".into(),
                kind: ActorKind::Caller("bearer".into()),
                uid: Some("1000".into()),
                issuer: Some("https://auth.example.com/".into()),
            },
            address: Some([203, 0, 113, 7].into()),
            request_id: Some("r-1".into()),
            reason: Some("on a page".into()),
            found_at: None,
            telling_names: Vec::new(),
        },
        tenant,
        subject,
        action,
        refusal: Some(Refusal("a key of this name exists".to_owned())),
        document: Some(DocumentChange {
            before: DocumentState::Absent,
            after: DocumentState::Absent,
        }),
        plan: Some("p-1".into()),
    }
}

fn line(action: &Action) -> Value {
    serde_json::from_slice(&whole(action.clone()).line(42)).unwrap()
}

/// The paths of an object, as far as [`MEMBERS`] looks into it.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().unwrap() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let whole = ["entity.data", "metadata.product", "unmapped.document"].contains(&&*path);
        if value.is_object() && !whole {
            paths(value, &path, found);
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn the_book_has_every_action_and_every_member_of_a_line() {
    let mut made =
        "| `activity_id` | `activity_name` | of | means | `entity.data` |\n|---|---|---|---|---|\n"
            .to_owned();
    let mut found = BTreeSet::new();
    for action in actions() {
        let line = line(&action);
        paths(&line, "", &mut found);
        let data = line["entity"]["data"].as_object().into_iter().flatten();
        let data: Vec<_> = data.map(|(name, _)| format!("`{name}`")).collect();
        let of = line["entity"]["type"].as_str().unwrap();
        made.push_str(&book::row(&[
            &line["activity_id"].to_string(),
            &format!("`{}`", line["activity_name"].as_str().unwrap()),
            of,
            meaning(&action),
            &data.join(", "),
        ]));
    }
    book::hold(PAGE, "actions", &made);
    let listed: BTreeSet<_> = MEMBERS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(listed, found, "the members of a line");
    let rows = MEMBERS.iter().map(|(path, means)| book::row(&[&format!("`{path}`"), means]));
    let made = format!("| member | meaning |\n|---|---|\n{}", rows.collect::<String>());
    book::hold(PAGE, "members", &made);
}

#[test]
fn the_event_that_the_book_shows_is_one() {
    let shown: Value = serde_json::from_str(&block(PAGE, "{")).unwrap();
    let mut paths_shown = BTreeSet::new();
    paths(&shown, "", &mut paths_shown);
    let listed: BTreeSet<_> = MEMBERS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(paths_shown.difference(&listed).count(), 0, "{paths_shown:?}");
    assert_eq!(shown["metadata"]["product"]["version"], env!("CARGO_PKG_VERSION"));
    let rotated = line(&Action::Rotate { overlap: Some(Duration::from_secs(86_400)) });
    assert_eq!(shown["entity"], rotated["entity"]);
    assert_eq!(shown["type_uid"], rotated["type_uid"]);
}
