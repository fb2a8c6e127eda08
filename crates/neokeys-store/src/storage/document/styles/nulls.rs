//! Sections that are null, in every way to say so.

use super::{demand, edited};

#[test]
fn a_null_takes_a_first_key() {
    let entry = "  - name: new\n    enabled: true\n    permissions:\n      - x\n    hash: I!\n";
    for (before, after) in [
        ("apiKeys: ~\n", "apiKeys:\nE"),
        ("apiKeys: null # none\n", "apiKeys: # none\nE"),
        ("apiKeys: !!null \"\"\n", "apiKeys:\nE"),
        ("apiKeys: !!null # none\n", "apiKeys: # none\nE"),
        ("apiKeys: &none ~\nother: x\n", "apiKeys:\nEother: x\n"),
        ("apiKeys: # none\n", "apiKeys: # none\nE"),
        ("apiKeys:\n  # none\nother: x\n", "apiKeys:\n  # none\nEother: x\n"),
        ("apiKeys:\n\n  ~\nother: x\n", "apiKeys:\n\n\nEother: x\n"),
        ("apiKeys: Null", "apiKeys:\nE"),
        ("? apiKeys\n", "? apiKeys\n:\nE"),
        ("? apiKeys\n: ~\n", "? apiKeys\n:\nE"),
    ] {
        let after = after.replace('E', entry);
        let after = if before.ends_with('\n') { after } else { after.trim_end().to_owned() };
        demand(&[(before, "create new x", &after)]);
    }
    let entry = "{name: new, enabled: true, permissions: [x], hash: I!}";
    for (before, after) in [
        ("{apiKeys: }\n", "{apiKeys: [E] }\n"),
        ("{apiKeys: ~, other: x}\n", "{apiKeys: [E], other: x}\n"),
        ("{apiKeys: !!null '', other: x}\n", "{apiKeys: [E], other: x}\n"),
        ("{apiKeys}\n", "{apiKeys: [E]}\n"),
    ] {
        demand(&[(before, "create new x", &after.replace('E', entry))]);
    }
    let json = "{\"name\": \"new\", \"enabled\": true, \"permissions\": [\"x\"], \"hash\": \"I!\"}";
    let after = "{\n  \"apiKeys\": [E]\n}\n".replace('E', json);
    demand(&[("{\n  \"apiKeys\": null\n}\n", "create new x", &after)]);
}

#[test]
fn a_null_that_is_referred_to_takes_none() {
    let refused = edited("apiKeys: &none ~\nother: *none\n", "create new x").unwrap_err();
    assert!(refused.starts_with("line 1: "), "{refused}");
}
