use std::time::Duration;

use super::{KeyringPlan, PlanAction, PlanError, PlanReach, judged};
use crate::domain::sample::{DAY, NOW, key, keyring, label, name};
use crate::domain::{
    ApiKey, DesiredKey, DesiredKeys, Digest, EditError, FaultyEntry, KeyDetails, KeyPolicy,
    Keyring, Labels, Limits, ManagedBy, Owner, Patch, PreviousToken, Scopes,
};

const ALL: PlanReach = PlanReach { prune: true, adopt: true };
const NONE: PlanReach = PlanReach { prune: false, adopt: false };

fn manager(text: &str) -> ManagedBy {
    ManagedBy::parse(text).unwrap()
}

fn managed(of: ApiKey, by: &str) -> ApiKey {
    let details = KeyDetails { managed_by: Some(manager(by)), ..of.details().clone() };
    of.with_details(details)
}

fn desired(keys: Vec<DesiredKey>) -> DesiredKeys {
    DesiredKeys { managed_by: manager("git"), keys }
}

fn digest(token: &str) -> Digest {
    Digest::of(token.as_bytes())
}

fn refusal(live: &Keyring, key: DesiredKey, reach: PlanReach) -> PlanError {
    KeyringPlan::of(live, &desired(vec![key]), reach, &KeyPolicy::default(), NOW)
        .unwrap_err()
        .remove(0)
        .reason
}

/// The keyring after the plan, and what each step does.
fn carried_out(
    live: &Keyring,
    wanted: &DesiredKeys,
    reach: PlanReach,
) -> (Keyring, Vec<(String, PlanAction)>) {
    let plan = KeyringPlan::of(live, wanted, reach, &KeyPolicy::default(), NOW).unwrap();
    let edits = plan.edits(|name| Digest::of(name.as_str().as_bytes()));
    let steps = plan.steps.iter().map(|step| (step.name.to_string(), step.action));
    (judged(live, &edits, NOW).unwrap(), steps.collect())
}

#[test]
fn what_is_not_named_stays() {
    let live = keyring(&[managed(key("a", false, "1"), "git")]);
    let wanted = desired(vec![DesiredKey {
        owner: Patch::Set(Owner::parse("crm").unwrap()),
        ..DesiredKey::named(name("a"))
    }]);
    let (after, steps) = carried_out(&live, &wanted, ALL);
    assert_eq!(steps, [("a".to_owned(), PlanAction::Change)]);
    let key = after.find_by_name("a").unwrap();
    assert!(!key.enabled, "nothing but `enabled: true` turns a key on");
    assert_eq!(key.digest, digest("1"));
    let on = DesiredKey { enabled: Some(true), ..wanted.keys[0].clone() };
    let (after, _) = carried_out(&after, &desired(vec![on.clone()]), ALL);
    assert!(after.find_by_name("a").unwrap().enabled);
    assert!(carried_out(&after, &desired(vec![on]), ALL).1.is_empty());
}

#[test]
fn only_what_the_owner_left_out_is_pruned() {
    let live = keyring(&[
        managed(key("a", true, "1"), "git"),
        managed(key("b", true, "2"), "terraform"),
        key("c", true, "3"),
    ]);
    assert!(carried_out(&live, &desired(Vec::new()), NONE).1.is_empty());
    let (after, steps) = carried_out(&live, &desired(Vec::new()), ALL);
    assert_eq!(steps, [("a".to_owned(), PlanAction::Delete)]);
    assert_eq!(after.keys().len(), 2);
    for (held, owner) in [("b", Some(manager("terraform"))), ("c", None)] {
        let wanted = DesiredKey::named(name(held));
        assert_eq!(refusal(&live, wanted.clone(), NONE), PlanError::OtherOwner(owner));
        let (after, _) = carried_out(&live, &desired(vec![wanted]), ALL);
        assert_eq!(after.find_by_name(held).unwrap().details().managed_by, Some(manager("git")));
    }
}

#[test]
fn a_new_hash_is_a_rotation_with_an_overlap_that_is_named() {
    let live = keyring(&[managed(key("a", true, "1"), "git")]);
    let wanted = DesiredKey { digest: Some(digest("2")), ..DesiredKey::named(name("a")) };
    assert_eq!(refusal(&live, wanted.clone(), NONE), PlanError::NoOverlap);
    let wanted = desired(vec![DesiredKey { overlap: Some(DAY), ..wanted }]);
    let (after, _) = carried_out(&live, &wanted, NONE);
    for token in ["1", "2"] {
        assert!(after.verify_token(&digest(token), NOW, None).is_ok(), "{token}");
    }
    assert!(after.verify_token(&digest("1"), NOW.saturating_add(DAY), None).is_err());
    assert!(carried_out(&after, &wanted, NONE).1.is_empty());
    let back = DesiredKey { digest: Some(digest("1")), ..wanted.keys[0].clone() };
    assert_eq!(refusal(&after, back, NONE), PlanError::OlderToken);
}

#[test]
fn an_ended_key_is_rotated_with_a_later_end() {
    let limits = Limits { expires_at: Some(NOW), ..Default::default() };
    let ended = key("a", true, "1").with_details(KeyDetails { limits, ..Default::default() });
    let live = keyring(&[managed(ended, "git")]);
    let wanted = DesiredKey {
        digest: Some(digest("2")),
        overlap: Some(Duration::ZERO),
        ..DesiredKey::named(name("a"))
    };
    let expired = PlanError::Edit(EditError::KeyExpired { at: NOW });
    assert_eq!(refusal(&live, wanted.clone(), NONE), expired);
    let later = DesiredKey { expires_at: Patch::Set(NOW.saturating_add(DAY)), ..wanted };
    let (after, _) = carried_out(&live, &desired(vec![later]), NONE);
    assert!(after.verify_token(&digest("2"), NOW, None).is_ok());
}

#[test]
fn a_token_is_one_keys_alone() {
    let previous = vec![PreviousToken::new(digest("0"), NOW.saturating_add(DAY))];
    let other = key("b", true, "2").with_details(KeyDetails { previous, ..Default::default() });
    let live = keyring(&[managed(key("a", true, "1"), "git"), managed(other, "git")]);
    let new = |token: &str| DesiredKey {
        digest: Some(digest(token)),
        scopes: Some(Scopes::parse(&["x"]).unwrap()),
        ..DesiredKey::named(name("c"))
    };
    for token in ["0", "2"] {
        assert_eq!(refusal(&live, new(token), NONE), PlanError::TokenOfOther(name("b")));
    }
    // A key that goes leaves its token to one of another name.
    let (after, _) = carried_out(&live, &desired(vec![new("2")]), ALL);
    assert_eq!(after.find_by_digest(&digest("2")).unwrap().key.name, name("c"));
    let twice = desired(vec![new("9"), DesiredKey { name: name("d"), ..new("9") }]);
    let refused = KeyringPlan::of(&live, &twice, NONE, &KeyPolicy::default(), NOW).unwrap_err();
    assert_eq!(refused[0].reason, PlanError::TokenOfOther(name("c")));
    assert_eq!(refused[0].position, 1);
}

#[test]
fn a_new_key_has_permissions_and_a_token_by_and_by() {
    let live = Keyring::default();
    let bare = DesiredKey::named(name("a"));
    assert_eq!(refusal(&live, bare.clone(), NONE), PlanError::NoScopes);
    let labels = Labels::new([(label("env"), label("prod"))]).unwrap();
    let scopes = Some(Scopes::parse(&["x"]).unwrap());
    let wanted = desired(vec![DesiredKey { scopes, labels: Some(labels), ..bare }]);
    let plan = KeyringPlan::of(&live, &wanted, NONE, &KeyPolicy::default(), NOW).unwrap();
    assert_eq!(plan.without_token().collect::<Vec<_>>(), [&name("a")]);
    let (after, _) = carried_out(&live, &wanted, NONE);
    assert_eq!(after.find_by_digest(&digest("a")).unwrap().key.details().created_at, Some(NOW));
    assert!(carried_out(&after, &wanted, ALL).1.is_empty());
    let labels = Some(Labels::new([(label("team"), label("a"))]).unwrap());
    let (after, _) =
        carried_out(&after, &desired(vec![DesiredKey { labels, ..wanted.keys[0].clone() }]), NONE);
    let shown: Vec<_> = after.keys()[0].details().labels.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(shown, ["team"], "the labels are those of the file");
}

#[test]
fn a_faulty_entry_stands_in_the_way_of_its_name() {
    let fault = FaultyEntry { name: Some("a".into()), line: 7, fault: "no hash".into() };
    let live = Keyring::new(Vec::new(), vec![fault]);
    let refused = refusal(&live, DesiredKey::named(name("a")), ALL);
    assert!(matches!(refused, PlanError::Edit(EditError::NoKeyButFaultyEntry { line: 7, .. })));
}

#[test]
fn the_policy_binds_what_is_new_and_never_moves_an_end_that_is_named() {
    let policy = KeyPolicy {
        default_lifetime: Some(DAY),
        max_lifetime: Some(2 * DAY),
        ..KeyPolicy::default()
    };
    let planned = |live: &Keyring, key: DesiredKey| {
        KeyringPlan::of(live, &desired(vec![key]), NONE, &policy, NOW)
    };
    let bare =
        DesiredKey { scopes: Some(Scopes::parse(&["x"]).unwrap()), ..DesiredKey::named(name("a")) };
    let plan = planned(&Keyring::default(), bare.clone()).unwrap();
    let edits = plan.edits(|_| digest("1"));
    let after = judged(&Keyring::default(), &edits, NOW).unwrap();
    let end = Some(NOW.saturating_add(DAY));
    assert_eq!(after.keys()[0].details().limits.expires_at, end);
    assert!(planned(&after, bare.clone()).unwrap().steps.is_empty());
    let rotated = DesiredKey {
        digest: Some(digest("2")),
        overlap: Some(DAY),
        expires_at: Patch::Set(NOW.saturating_add(2 * DAY)),
        ..bare.clone()
    };
    let edits = planned(&after, rotated.clone()).unwrap().edits(|_| digest("1"));
    let after = judged(&after, &edits, NOW).unwrap();
    assert!(planned(&after, rotated.clone()).unwrap().steps.is_empty());
    for wrong in [
        DesiredKey { expires_at: Patch::Remove, ..bare.clone() },
        DesiredKey { expires_at: Patch::Set(NOW.saturating_add(3 * DAY)), ..bare },
        DesiredKey { digest: Some(digest("3")), overlap: Some(31 * DAY), ..rotated },
    ] {
        let refused = planned(&after, wrong).unwrap_err().remove(0).reason;
        assert!(matches!(refused, PlanError::Edit(EditError::BeyondPolicy(_))), "{refused:?}");
    }
}
