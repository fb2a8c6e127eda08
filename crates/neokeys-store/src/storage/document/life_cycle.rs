//! The life of a key in the file: how its members are read, and how they are written in each style.

use std::time::Duration;

use bytes::Bytes;

use super::{Document, DocumentEditor};
use crate::domain::{
    AllowedIps, Description, DetailsPatch, Digest, KeyDetails, KeyName, KeyringEdit, Label,
    Mistyped, Patch, Precondition, Rotation, Timestamp,
};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

fn document(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

fn name() -> KeyName {
    KeyName::parse("a").unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn edited(text: &str, edits: &[KeyringEdit]) -> String {
    let before = document(text);
    let mut draft = DocumentEditor::careful(&before);
    for edit in edits {
        let now = at("2026-11-27T08:00:00Z");
        let change = draft.keyring().judge(edit, &Precondition::default(), now).unwrap();
        draft.make(&change).unwrap();
    }
    String::from_utf8(draft.finish().unwrap().bytes().to_vec()).unwrap()
}

fn limited() -> KeyringEdit {
    let label = |text: &str| Label::parse(text).unwrap();
    let patch = DetailsPatch {
        expires_at: Patch::Set(at("2027-02-24T21:00:00Z")),
        allowed_ips: Patch::Set(AllowedIps::parse(&["203.0.113.0/24", "::1"]).unwrap()),
        description: Patch::Set(Description::parse("CRM nightly").unwrap()),
        labels: Patch::Set([(label("env"), Some(label("prod")))].into()),
        ..Default::default()
    };
    KeyringEdit::Amend { name: name(), patch }
}

fn rotated() -> KeyringEdit {
    let rotation = Rotation {
        digest: Digest::of(b"new"),
        overlap: Duration::from_secs(86_400),
        expires_at: Patch::Keep,
    };
    KeyringEdit::Rotate { name: name(), rotation }
}

fn unlimited() -> KeyringEdit {
    let patch = DetailsPatch {
        expires_at: Patch::Remove,
        allowed_ips: Patch::Remove,
        description: Patch::Remove,
        labels: Patch::Remove,
        ..Default::default()
    };
    KeyringEdit::Amend { name: name(), patch }
}

#[test]
fn members_are_written_behind_the_hash_in_the_style_of_the_entry() {
    let new = Digest::of(b"new").to_hex();
    let block = format!(
        "# mine\napiKeys:\n  - name: a   # first\n    permissions:\n      - x\n    hash: {HASH}   # kept\n    note: mine\n"
    );
    let after = format!(
        "# mine\napiKeys:\n  - name: a   # first\n    permissions:\n      - x\n    hash: {new}   # kept\n    \
         limits:\n      expiresAt: 2027-02-24T21:00:00Z\n      allowedIps:\n        - '203.0.113.0/24'\n        - '::1'\n    \
         previousHashes:\n      - hash: {HASH}\n        expiresAt: 2026-11-28T08:00:00Z\n    \
         rotatedAt: 2026-11-27T08:00:00Z\n    description: 'CRM nightly'\n    labels:\n      env: prod\n    note: mine\n"
    );
    assert_eq!(edited(&block, &[limited(), rotated()]), after);
    let flow = format!("apiKeys: [{{\"name\": \"a\", \"hash\": \"{HASH}\"}}]\n");
    let after = format!(
        "apiKeys: [{{\"name\": \"a\", \"hash\": \"{new}\", \
         \"limits\": {{\"expiresAt\": \"2027-02-24T21:00:00Z\", \"allowedIps\": [\"203.0.113.0/24\", \"::1\"]}}, \
         \"previousHashes\": [{{\"hash\": \"{HASH}\", \"expiresAt\": \"2026-11-28T08:00:00Z\"}}], \
         \"rotatedAt\": \"2026-11-27T08:00:00Z\", \"description\": \"CRM nightly\", \"labels\": {{\"env\": \"prod\"}}}}]\n"
    );
    assert_eq!(edited(&flow, &[limited(), rotated()]), after);
}

#[test]
fn what_is_not_used_any_more_leaves_the_entry() {
    for text in [
        format!("apiKeys:\n  - name: a\n    hash: {HASH}\n    note: mine\n"),
        format!("apiKeys: [{{name: a, hash: {HASH}, note: mine}}]\n"),
    ] {
        assert_eq!(edited(&text, &[limited(), unlimited()]), text);
        let overlapping = edited(&text, &[rotated()]);
        let alone = edited(&overlapping, &[KeyringEdit::EndOverlap { name: name() }]);
        assert!(overlapping.contains(HASH) && !alone.contains(HASH), "{overlapping}{alone}");
        assert!(!alone.contains("previousHashes"), "{alone}");
    }
}

#[test]
fn an_older_token_that_has_ended_goes_with_the_next_change() {
    let ended =
        "{hash: XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg, expiresAt: 2026-11-27T08:00:00Z}";
    let text = format!("apiKeys:\n  - name: a\n    hash: {HASH}\n    previousHashes: [{ended}]\n");
    assert_eq!(document(&text).keyring().keys()[0].details().previous.len(), 1);
    let disabled = KeyringEdit::EndToken { name: name(), digest: Digest::parse(HASH).unwrap() };
    let after = edited(&text, &[disabled]);
    assert_eq!(after, format!("apiKeys:\n  - name: a\n    enabled: false\n    hash: {HASH}\n"));
}

fn faults(members: &str) -> Vec<String> {
    let text = format!(
        "apiKeys:\n  - name: a\n    hash: {HASH}\n{members}  - name: b\n    hash: {HASH}\n"
    );
    let document = document(&text);
    assert!(document.keyring().find_by_name("b").is_some(), "{text}");
    document.keyring().faulty_entries().iter().map(|entry| entry.fault.clone()).collect()
}

#[test]
fn a_limit_that_is_not_understood_makes_the_entry_no_key() {
    for members in [
        "    limits:\n",
        "    limits: 2027-02-24T21:00:00Z\n",
        "    limits: [expiresAt]\n",
        "    limits: !x {}\n",
        "    limits: { expiresAt: 2027-02-24 }\n",
        "    limits: { expiresAt: 2027-02-24T21:00:00 }\n",
        "    limits: { expiresAt: }\n",
        "    limits: { expiresAt: 1800000000 }\n",
        "    limits: { expires_at: 2027-02-24T21:00:00Z }\n",
        "    limits: { ExpiresAt: 2027-02-24T21:00:00Z }\n",
        "    limits: { rate: 5 }\n",
        "    limits: { note: x }\n",
        "    limits: { allowedIps: [] }\n",
        "    limits: { allowedIps: 10.0.0.1 }\n",
        "    limits: { allowedIps: [10.0.0.1/8] }\n",
        "    limits: { allowedIps: [10.0.0.1, x] }\n",
        "    limits: { allowedIps: [1] }\n",
        "    limits: { expiresAt: 2027-02-24T21:00:00Z, expiresAt: 2028-02-24T21:00:00Z }\n",
        "    Limits: { expiresAt: 2027-02-24T21:00:00Z }\n",
        "    limit: { expiresAt: 2027-02-24T21:00:00Z }\n",
        "    expiresAt: 2027-02-24T21:00:00Z\n",
        "    expires: never\n",
        "    allowed_ips: [10.0.0.1]\n",
    ] {
        assert_eq!(faults(members).len(), 1, "{members}");
    }
    let told = faults("    limits: { allowedIps: [10.0.0.1/8] }\n");
    assert!(told[0].contains("write 10.0.0.0/8"), "{told:?}");
    assert_eq!(faults("    limits: {}\n"), [""; 0]);
}

#[test]
fn a_broken_older_token_never_works_and_harms_nobody() {
    let good = Digest::of(b"good");
    for broken in [
        format!("{{ hash: x, expiresAt: {} }}", "2027-02-24T21:00:00Z"),
        format!("{{ hash: {HASH} }}"),
        format!("{{ hash: {HASH}, expiresAt: 2027-02-24 }}"),
        format!("{{ hash: {HASH}, expiresAt: 2027-02-24T21:00:00Z, allowedIps: [::1] }}"),
        "{ expiresAt: 2027-02-24T21:00:00Z }".to_owned(),
        "x".to_owned(),
        "[]".to_owned(),
    ] {
        let text = format!(
            "apiKeys:\n  - name: a\n    hash: {}\n    previousHashes:\n      - {broken}\n      - {{ hash: {}, expiresAt: 2027-02-24T21:00:00Z }}\n",
            Digest::of(b"current").to_hex(),
            good.to_hex(),
        );
        let document = document(&text);
        let previous = &document.keyring().keys()[0].details().previous;
        assert_eq!(previous.iter().map(|it| it.digest).collect::<Vec<_>>(), [good], "{text}");
        let report = Document::check(text.as_bytes(), None).unwrap();
        assert_eq!((report.faults.len(), report.warnings.len()), (0, 1), "{text}");
        assert_eq!(report.warnings[0].line, 5, "{text}");
    }
}

#[test]
fn texts_that_break_a_rule_are_told_and_decide_nothing() {
    let text = format!(
        "apiKeys:\n  - name: a\n    hash: {HASH}\n    owner: {{ team: x }}\n    description:\n    createdAt: yesterday\n    labels: {{ a b: c }}\n"
    );
    let document = document(&text);
    let mistyped = Mistyped { labels: 1, ..Default::default() };
    assert_eq!(
        *document.keyring().keys()[0].details(),
        KeyDetails { mistyped, ..Default::default() }
    );
    assert_eq!(Document::check(text.as_bytes(), None).unwrap().warnings.len(), 3);
}

#[test]
fn an_older_token_that_is_mistyped_and_comments_stay_through_rotations() {
    let (kept, ended) = (Digest::of(b"kept").to_hex(), Digest::of(b"ended").to_hex());
    let item = |hash: &str, end: &str| {
        format!("      - hash: {hash}   # mine\n        expiresAt: {end}\n")
    };
    let lasting = item(&kept, "2027-02-24T21:00:00Z");
    let broken =
        "      # to be mended\n      - hash: 5e88\n        expiresAt: 2027-02-24T21:00:00Z\n";
    let entry = |hash: &str, previous: &str| {
        format!("apiKeys:\n  - name: a\n    hash: {hash}\n    previousHashes:\n{previous}")
    };
    let gone = item(&ended, "2026-11-27T08:00:00Z");
    let before = entry(HASH, &format!("{lasting}{gone}{broken}"));
    let new = Digest::of(b"new").to_hex();
    let older = format!("      - hash: {HASH}\n        expiresAt: 2026-11-28T08:00:00Z\n");
    let after = entry(&new, &format!("{lasting}{broken}{older}"));
    let after = format!("{after}    rotatedAt: 2026-11-27T08:00:00Z\n");
    assert_eq!(edited(&before, &[rotated()]), after);
    // Whoever ends all older tokens ends what was meant to be one too.
    let alone = edited(&before, &[KeyringEdit::EndOverlap { name: name() }]);
    assert!(!alone.contains("previousHashes") && !alone.contains("5e88\n"), "{alone}");
}

fn refuses_nothing_and_loses_nothing(before: &str, edits: &[KeyringEdit], after: &str) {
    assert_eq!(edited(before, edits), after, "{before}");
}

#[test]
fn mistyped_older_tokens_stay_in_every_style() {
    let (good, ended) = (Digest::of(b"good").to_hex(), Digest::of(b"ended").to_hex());
    let new = Digest::of(b"new").to_hex();
    let (later, now) = ("2027-02-24T21:00:00Z", "2026-11-27T08:00:00Z");
    let old = format!("{{hash: {HASH}, expiresAt: 2026-11-28T08:00:00Z}}");
    let entry = |hash: &str, list: &str, more: &str| {
        format!("apiKeys:\n  - {{name: a, hash: {hash}, previousHashes: {list}{more}}}\n")
    };
    let rotated_at = ", rotatedAt: 2026-11-27T08:00:00Z";
    for (before, after) in [
        ("[BROKEN, GOOD]", "[BROKEN, GOOD, OLD]"),
        ("[ENDED, BROKEN]", "[BROKEN, OLD]"),
        ("[x, ENDED, ]", "[x, OLD, ]"),
        ("[\n      x, # mine\n      ENDED # gone\n    ]", "[\n      x, # mine\n      OLD\n    ]"),
        ("[[GOOD], {GOOD: }, null]", "[[GOOD], {GOOD: }, null, OLD]"),
    ] {
        let fill = |text: &str| {
            text.replace("BROKEN", "{hash: 5e88, expiresAt: 2027-02-24T21:00:00Z}")
                .replace("GOOD", &format!("{{hash: {good}, expiresAt: {later}}}"))
                .replace("ENDED", &format!("{{hash: {ended}, expiresAt: {now}}}"))
                .replace("OLD", &old)
        };
        let before = entry(HASH, &fill(before), "");
        refuses_nothing_and_loses_nothing(
            &before,
            &[rotated()],
            &entry(&new, &fill(after), rotated_at),
        );
        // Whoever ends all older tokens ends what was meant to be one too.
        let alone = edited(&before, &[KeyringEdit::EndOverlap { name: name() }]);
        assert_eq!(alone, format!("apiKeys:\n  - {{name: a, hash: {HASH}}}\n"));
    }
    // The last one that is understood goes, and the other stays.
    let block = |items: &str| {
        format!("apiKeys:\n  - name: a\n    hash: {HASH}\n    previousHashes:\n{items}")
    };
    let valid = format!("      - {{hash: {good}, expiresAt: {later}}}\n");
    let end = KeyringEdit::EndToken { name: name(), digest: Digest::of(b"good") };
    let before = block(&format!("      - x # mine\n{valid}"));
    refuses_nothing_and_loses_nothing(&before, &[end], &block("      - x # mine\n"));
}

#[test]
fn what_is_no_list_of_older_tokens_is_never_written_over() {
    for value in ["x", "{hash: x, expiresAt: 2027-02-24T21:00:00Z}", "!mine [x]"] {
        let text = format!("apiKeys:\n  - {{name: a, hash: {HASH}, previousHashes: {value}}}\n");
        let before = document(&text);
        let now = at("2026-11-27T08:00:00Z");
        let judged = |edit: &KeyringEdit| {
            before.keyring().judge(edit, &Precondition::default(), now).unwrap()
        };
        let refused = DocumentEditor::careful(&before).make(&judged(&rotated())).unwrap_err();
        assert!(refused.reason.contains("previousHashes"), "{refused:?}");
        let scopes = crate::domain::Scopes::parse(&["x"]).unwrap();
        let off = KeyringEdit::Update { name: name(), enabled: false, scopes };
        assert!(DocumentEditor::careful(&before).make(&judged(&off)).is_ok(), "{text}");
        let end = KeyringEdit::EndOverlap { name: name() };
        assert!(!edited(&text, &[end]).contains("previousHashes"));
    }
}

#[test]
fn comments_and_spellings_within_limits_and_labels_stay() {
    let patch = |expires_at, networks: Patch<&[&str]>, labels| KeyringEdit::Amend {
        name: name(),
        patch: DetailsPatch {
            expires_at,
            allowed_ips: match networks {
                Patch::Set(texts) => Patch::Set(AllowedIps::parse(texts).unwrap()),
                Patch::Remove => Patch::Remove,
                Patch::Keep => Patch::Keep,
            },
            labels,
            ..Default::default()
        },
    };
    let label = |text: &str| Label::parse(text).unwrap();
    let later = || Patch::Set(at("2028-01-01T00:00:00Z"));
    let entry = |members: &str| format!("apiKeys:\n  - name: a\n    hash: {HASH}\n{members}");
    let limits = "    limits: # by contract\n      # until its end\n      expiresAt: '2027-02-24T21:00:00Z' # signed\n      # offices\n      allowedIps: # two\n        - 2001:DB8::/32 # Berlin\n        - 10.0.0.1 # Paris\n";
    let labels = "    labels:\n      env: prod # real\n      a b: c # to be mended\n";
    let before = entry(&format!("{limits}{labels}"));
    let moved = before.replace("'2027-02-24T21:00:00Z'", "'2028-01-01T00:00:00Z'");
    refuses_nothing_and_loses_nothing(&before, &[patch(later(), Patch::Keep, Patch::Keep)], &moved);
    let fewer = before.replace("        - 10.0.0.1 # Paris\n", "        - '::1'\n");
    let networks = Patch::Set(["2001:db8::/32", "::1"].as_slice());
    let after = edited(&before, &[patch(Patch::Keep, networks, Patch::Keep)]);
    assert_eq!(after.replace("- ::1", "- '::1'"), fewer);
    let ended = before.replace("      expiresAt: '2027-02-24T21:00:00Z' # signed\n", "");
    refuses_nothing_and_loses_nothing(
        &before,
        &[patch(Patch::Remove, Patch::Keep, Patch::Keep)],
        &ended,
    );
    let relabelled = before.replace(
        "env: prod # real\n      a b: c # to be mended\n",
        "a b: c # to be mended\n      team: x\n",
    );
    let set = Patch::Set([(label("env"), None), (label("team"), Some(label("x")))].into());
    refuses_nothing_and_loses_nothing(
        &before,
        &[patch(Patch::Keep, Patch::Keep, set)],
        &relabelled,
    );
    let none =
        before.replace("    labels:\n      env: prod # real\n      a b: c # to be mended\n", "");
    refuses_nothing_and_loses_nothing(
        &before,
        &[patch(Patch::Keep, Patch::Keep, Patch::Remove)],
        &none,
    );
    let last = before.replace("env: prod # real\n      a b", "a b");
    let unset = Patch::Set([(label("env"), None)].into());
    refuses_nothing_and_loses_nothing(&before, &[patch(Patch::Keep, Patch::Keep, unset)], &last);
    let flow = |limits: &str| format!("apiKeys: [{{name: a, hash: {HASH}, limits: {limits}}}]\n");
    let before = flow(
        "{\n  expiresAt: \"2027-02-24T21:00:00Z\", # signed\n  allowedIps: [10.0.0.1, # Paris\n    '::1']\n}",
    );
    refuses_nothing_and_loses_nothing(
        &before,
        &[patch(later(), Patch::Set(&["10.0.0.1"]), Patch::Keep)],
        &flow(
            "{\n  expiresAt: \"2028-01-01T00:00:00Z\", # signed\n  allowedIps: [10.0.0.1 # Paris\n    ]\n}",
        ),
    );
    refuses_nothing_and_loses_nothing(
        &before,
        &[patch(Patch::Keep, Patch::Remove, Patch::Keep)],
        &flow("{\n  expiresAt: \"2027-02-24T21:00:00Z\" # signed\n}"),
    );
}

#[test]
fn comments_below_a_first_member_that_goes_stay() {
    let token = "{hash: x, expiresAt: 2027-02-24T21:00:00Z}";
    for (before, after) in [
        ("- previousHashes: [x] # its own\n    # kept\n    name: a", "-\n    # kept\n    name: a"),
        ("- previousHashes:\n    - TOKEN\n    name: a", "- name: a"),
        ("-\n    previousHashes: [x]\n # kept\n    name: a", "-\n # kept\n    name: a"),
    ] {
        let text = |entry: &str| format!("apiKeys:\n  {entry}\n    hash: {HASH}\n");
        let before = text(before).replace("TOKEN", token);
        let edits = [KeyringEdit::EndOverlap { name: name() }];
        refuses_nothing_and_loses_nothing(&before, &edits, &text(after));
    }
}
