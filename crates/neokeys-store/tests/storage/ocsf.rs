//! Every kind of event, judged by OCSF's own schema.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use neokeys_store::audit::{
    Action, DocumentChange, DocumentState, Event, KeyChange, KeyringChange, Refusal, Subject,
};
use neokeys_store::domain::{Actor, ActorKind, Initiator};
use neokeys_testkit::programs::{folder, tool};
use neokeys_testkit::tenants::{name, tenant};

/// The judge's verdict on lines.
fn judged(lines: &str) -> String {
    let mut judge = Command::new(tool("events/bin/python"))
        .arg(folder("crates/neokeys-store/tests/storage/ocsf/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    judge.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn actions() -> Vec<Action> {
    let change = KeyChange {
        added: (0..100).map(|number| format!("p:{number}")).collect(),
        removed: vec!["q".to_owned()],
        enabled: Some(true),
        expires_at: Some(None),
        members: vec!["owner", "labels"],
    };
    let turned = |enabled| KeyChange { enabled: Some(enabled), ..KeyChange::default() };
    let keys = KeyringChange {
        came: vec!["a".to_owned()],
        went: vec!["b".to_owned()],
        changed: vec![("c".to_owned(), change.clone())],
    };
    vec![
        Action::Create(change.clone()),
        Action::Update(change),
        Action::Update(turned(true)),
        Action::Update(turned(false)),
        Action::Rotate { overlap: Some(Duration::from_secs(60)) },
        Action::Rotate { overlap: None },
        Action::EndOverlap,
        Action::Revoke { disables: true },
        Action::Revoke { disables: false },
        Action::Delete,
        Action::CreateTenant,
        Action::DeleteTenant,
        Action::Copy(Some(keys.clone())),
        Action::Copy(None),
        Action::Found(Some(keys)),
        Action::Found(None),
        Action::Undone { first: 1, last: 2 },
        Action::Refusals(7),
        Action::Repair { bytes: 3 },
        Action::Recover { first: 4, lines: 2 },
    ]
}

fn initiators() -> Vec<Initiator> {
    let caller = Actor {
        name: "deploy-bot".into(),
        kind: ActorKind::Caller("api_key+bearer".into()),
        uid: Some("7".into()),
        issuer: Some("https://id.example.com/".into()),
    };
    let caller = Initiator {
        actor: caller,
        address: Some([203, 0, 113, 7].into()),
        request_id: Some("r-1".into()),
        reason: Some("found".into()),
        found_at: Some("commit https://example.com/".into()),
        telling_names: vec![name("crm-sync")],
    };
    let others = [Actor::SERVICE, Actor::FILE, Actor::system_user("root", 0)];
    others.map(Initiator::of).into_iter().chain([caller]).collect()
}

#[test]
fn ocsfs_own_schema_takes_every_kind_of_event() {
    let (mut lines, mut count) = (String::new(), 0);
    for action in actions() {
        for initiator in initiators() {
            for is_refused in [false, true] {
                let state = DocumentChange {
                    before: DocumentState::Absent,
                    after: DocumentState::of(b"apiKeys: []\n"),
                };
                let event = Event {
                    at: Duration::from_millis(1_795_723_200_123),
                    initiator: initiator.clone(),
                    tenant: tenant("acme"),
                    subject: if is_refused {
                        Subject::Tenant
                    } else {
                        Subject::Key(name("crm-sync"))
                    },
                    action: action.clone(),
                    refusal: is_refused.then(|| Refusal("it may not".to_owned())),
                    document: (!is_refused).then_some(state),
                    plan: is_refused.then(|| "acme-7".into()),
                };
                lines.push_str(std::str::from_utf8(&event.line(count)).unwrap());
                lines.push('\n');
                count += 1;
            }
        }
    }
    assert_eq!(judged(&lines), "");
    // The judge is one.
    let first = lines.lines().next().unwrap();
    for (good, bad) in [
        (r#""activity_id":1,"#, r#""activity_id":5000,"#),
        (r#""entity":"#, r#""entities":"#),
        (r#""severity_id":1,"#, ""),
        (r#""time":1795723200123"#, r#""time":"now""#),
    ] {
        assert!(first.contains(good), "{first}");
        assert_ne!(judged(&first.replacen(good, bad, 1)), "", "{bad}");
    }
}
