//! Lines as they are written and read back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Action, DocumentChange, DocumentState, Event, KeyChange, KeyringChange, Record, Refusal,
    Subject,
};
use crate::domain::{Actor, ActorKind, Initiator, KeyName, TenantId};

fn event(action: Action) -> Event {
    let actor = Actor {
        name: "deploy-bot".into(),
        kind: ActorKind::Caller("api_key".into()),
        uid: None,
        issuer: None,
    };
    let document = DocumentChange {
        before: DocumentState::Absent,
        after: DocumentState::of(b"apiKeys: []\n"),
    };
    Event {
        at: Duration::from_millis(1_795_723_200_123),
        initiator: Initiator {
            actor,
            address: Some([203, 0, 113, 7].into()),
            request_id: Some("r-1".into()),
            reason: Some("on a page".into()),
            found_at: None,
            telling_names: Vec::new(),
        },
        tenant: TenantId::parse("acme").unwrap(),
        subject: Subject::Key(KeyName::parse("crm-sync").unwrap()),
        action,
        refusal: None,
        document: Some(document),
        plan: None,
    }
}

#[test]
fn a_line_is_an_event_of_ocsf() {
    let line = event(Action::Rotate { overlap: Some(Duration::from_secs(86_400)) }).line(42);
    let written: Value = serde_json::from_slice(&line).unwrap();
    let state = DocumentState::of(b"apiKeys: []\n").to_string();
    let expected = json!({
        "class_uid": 3004, "category_uid": 3, "type_uid": 300_499,
        "activity_id": 99, "activity_name": "Rotate",
        "time": 1_795_723_200_123_u64, "severity_id": 1, "status_id": 1, "comment": "on a page",
        "metadata": {
            "version": "1.8.0", "sequence": 42, "uid": "r-1", "tenant_uid": "acme",
            "product": { "name": "neokeys", "version": env!("CARGO_PKG_VERSION") },
        },
        "actor": { "user": { "name": "deploy-bot", "type": "api_key", "type_id": 99 } },
        "src_endpoint": { "ip": "203.0.113.7" },
        "entity": {
            "name": "crm-sync", "type": "API key", "type_id": 99,
            "data": { "overlapSeconds": 86_400 },
        },
        "unmapped": { "document": { "before": "absent", "after": state } },
    });
    assert_eq!(written, expected);
}

#[test]
fn a_line_is_read_back_as_it_was_written() {
    let undone = event(Action::Undone { first: 3, last: 5 });
    let refused = Event {
        refusal: Some(Refusal("a key of this name exists".to_owned())),
        document: None,
        ..event(Action::Create(KeyChange::default()))
    };
    for (sequence, event) in [(0, undone), (u64::MAX, refused)] {
        let record = Record::parse(&event.line(sequence)).unwrap();
        assert_eq!((record.sequence, record.at), (sequence, event.at));
        assert_eq!(
            (record.action.as_str(), record.document),
            (event.action.name(), event.document)
        );
        assert_eq!(record.is_done, event.refusal.is_none());
        let undone = matches!(event.action, Action::Undone { .. }).then_some((3, 5));
        assert_eq!((record.undone, record.is_of_key), (undone, true));
        assert_eq!((&*record.tenant, &*record.actor), ("acme", "deploy-bot"));
    }
    for other in ["", "{}", "[]", r#"{"class_uid":1}"#] {
        assert!(Record::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn a_line_has_its_bounds_and_counts_what_they_leave_out() {
    let texts = |count: usize| (0..count).map(|number| format!("{number:0250}")).collect();
    let change = KeyChange { added: texts(256), removed: texts(256), ..Default::default() };
    let changed = (0..100).map(|number| (format!("{number:0128}"), change.clone())).collect();
    let many = KeyringChange { came: texts(70), went: texts(70), changed };
    for action in [Action::Found(Some(many)), Action::Update(change)] {
        let line = event(action).line(u64::MAX);
        assert!(line.len() <= Event::LONGEST, "{}", line.len());
    }
    let short =
        KeyChange { added: (0..70).map(|it| it.to_string()).collect(), ..Default::default() };
    let line: Value = serde_json::from_slice(&event(Action::Update(short)).line(0)).unwrap();
    let told = &line["entity"]["data"];
    assert_eq!(told["added"].as_array().unwrap().len(), 64);
    assert_eq!(told["addedMore"], 6);
}

#[test]
fn an_update_that_turns_a_key_on_or_off_says_so() {
    for (enabled, name) in [(true, "Enable"), (false, "Disable")] {
        let turned = KeyChange { enabled: Some(enabled), ..Default::default() };
        assert_eq!(Action::Update(turned.clone()).name(), name);
        let more = KeyChange { members: vec!["owner"], ..turned };
        assert_eq!(Action::Update(more).name(), "Update");
    }
}

#[test]
fn every_action_has_a_name_that_is_known() {
    let update = |enabled| Action::Update(KeyChange { enabled, ..Default::default() });
    let actions = [
        Action::Create(KeyChange::default()),
        update(None),
        update(Some(true)),
        update(Some(false)),
        Action::Rotate { overlap: None },
        Action::EndOverlap,
        Action::Revoke { disables: false },
        Action::Delete,
        Action::Copy(None),
        Action::Found(None),
        Action::Undone { first: 1, last: 2 },
        Action::Refusals(1),
        Action::Repair { bytes: 1 },
        Action::Recover { first: 1, lines: 1 },
    ];
    assert_eq!(actions.map(|it| it.name()), Action::NAMES);
    for action in [Action::CreateTenant, Action::DeleteTenant, Action::Revoke { disables: true }] {
        assert!(Action::NAMES.contains(&action.name()), "{action:?}");
    }
    assert_eq!(Action::parse_name("end OVERLAP"), Ok("End overlap"));
    assert_eq!(
        Action::parse_name("Rotated").unwrap_err().to_string(),
        format!("is none of {}", Action::NAMES.join(", "))
    );
}
