//! The details of an entry as people write them: limits, older tokens and labels in block and flow style,
//! some of them mistyped.

use super::random_document::Choices;
use crate::domain::Digest;

const TIMES: [&str; 4] = [
    "2027-02-24T21:00:00Z",
    "'2027-02-24T22:00:00+01:00'",
    "1970-01-01T00:10:00Z",
    "\"2027-02-24t21:00:00z\"",
];
const NETWORKS: [&str; 4] = ["203.0.113.0/24", "'2001:DB8::/32'", "\"::1\"", "10.0.0.1"];

/// The members of an entry in block style, each with its lines, the first one without its indentation.
pub(super) fn block_details(
    choices: &mut Choices<'_>,
    number: usize,
    column: usize,
) -> Vec<String> {
    let mut members = Vec::new();
    if choices.rarely() {
        members.push(collection(choices, "limits", column, limits));
    }
    if choices.rarely() {
        let older = |choices: &mut Choices<'_>, column, flow| older(choices, number, column, flow);
        members.push(collection(choices, "previousHashes", column, older));
    }
    if choices.rarely() {
        members.push(collection(choices, "labels", column, labels));
    }
    if choices.rarely() {
        members.push(format!("owner: crm{}\n", choices.comment()));
    }
    members
}

/// The members of an entry in flow style.
pub(super) fn flow_details(choices: &mut Choices<'_>, number: usize, json: bool) -> Vec<String> {
    let mut members = Vec::new();
    let mut add = |name: &str, brackets: [&str; 2], parts: Vec<Part>| {
        let joined: Vec<_> = parts.into_iter().map(|part| part.text).collect();
        let name = if json { format!("\"{name}\"") } else { name.to_owned() };
        members.push(format!("{name}: {}{}{}", brackets[0], joined.join(", "), brackets[1]));
    };
    if choices.rarely() {
        add("limits", ["{", "}"], limits(choices, 0, true));
    }
    if choices.rarely() {
        add("previousHashes", ["[", "]"], older(choices, number, 0, true));
    }
    if choices.rarely() {
        add("labels", ["{ ", " }"], labels(choices, 0, true));
    }
    members
}

/// An item or a member: its text, without a dash, and whether a comment may stand behind it.
struct Part {
    text: String,
    is_line: bool,
}

fn part(text: impl Into<String>) -> Part {
    Part { text: text.into(), is_line: true }
}

type Parts = Vec<Part>;

/// A member that holds parts: on lines of their own, on one line, or on lines in brackets.
fn collection(
    choices: &mut Choices<'_>,
    name: &str,
    column: usize,
    parts: impl Fn(&mut Choices<'_>, usize, bool) -> Parts,
) -> String {
    let is_list = name == "previousHashes";
    let brackets = if is_list { ["[", "]"] } else { ["{", "}"] };
    let inner = column + [2, 4][choices.below(2)];
    let style = choices.below(3);
    let parts = parts(choices, inner + if is_list { 2 } else { 0 }, style > 0);
    let indent = " ".repeat(inner);
    let head = choices.comment();
    if style == 1 || parts.is_empty() {
        let joined: Vec<_> = parts.into_iter().map(|part| part.text).collect();
        return format!("{name}: {}{}{}{head}\n", brackets[0], joined.join(", "), brackets[1]);
    }
    let mut text = if style == 0 {
        format!("{name}:{head}\n")
    } else {
        format!("{name}: {}{head}\n", brackets[0])
    };
    let (dash, comma) = match (style, is_list) {
        (0, true) => ("- ", ""),
        (0, false) => ("", ""),
        _ => ("", ","),
    };
    let last = parts.len() - 1;
    for (index, Part { text: part, is_line }) in parts.into_iter().enumerate() {
        if choices.rarely() {
            text += &format!("{indent}# {}\n", choices.mark());
        }
        let comma = if index < last || choices.flip() { comma } else { "" };
        let behind = if is_line { choices.comment() } else { String::new() };
        text += &format!("{indent}{dash}{part}{comma}{behind}\n");
    }
    if style == 2 {
        text += &format!("{}{}\n", " ".repeat(column + 1), brackets[1]);
    }
    text
}

fn limits(choices: &mut Choices<'_>, column: usize, flow: bool) -> Parts {
    let mut parts = Vec::new();
    let kind = choices.below(4);
    if kind.is_multiple_of(2) {
        parts.push(part(format!("expiresAt: {}", TIMES[choices.below(2)])));
    }
    if kind > 0 {
        let first = choices.below(4);
        let networks = (0..1 + choices.below(3)).map(|index| NETWORKS[(first + index) % 4]);
        if flow || choices.flip() {
            let networks: Vec<_> = networks.collect();
            parts.push(part(format!("allowedIps: [{}]", networks.join(", "))));
        } else {
            let mut text = format!("allowedIps:{}", choices.comment());
            for network in networks {
                text += &format!("\n{}  - {network}{}", " ".repeat(column), choices.comment());
            }
            parts.push(Part { text, is_line: false });
        }
    }
    if choices.flip() {
        parts.reverse();
    }
    parts
}

/// Older tokens, of which some are none.
fn older(choices: &mut Choices<'_>, number: usize, column: usize, flow: bool) -> Parts {
    let item = |choices: &mut Choices<'_>, index: usize| {
        let hash = Digest::of(format!("older {number} {index}").as_bytes()).to_hex();
        let end = TIMES[choices.below(4)];
        match choices.below(8) {
            0 if !flow => Part {
                text: format!(
                    "hash: {hash}{}\n{}expiresAt: {end}{}",
                    choices.comment(),
                    " ".repeat(column),
                    choices.comment()
                ),
                is_line: false,
            },
            4 => part(choices.mark()),
            5 => part(format!("{{hash: {}, expiresAt: {end}}}", choices.mark())),
            6 => part(format!("{{hash: {hash}, expiresAt: 2027-02-24}}")),
            7 => part(format!("{{hash: {hash}, expiresAt: {end}, note: {}}}", choices.mark())),
            _ => part(format!("{{hash: {hash}, expiresAt: {end}}}")),
        }
    };
    (0..choices.below(4)).map(|index| item(choices, index)).collect()
}

/// Labels, of which some are none.
fn labels(choices: &mut Choices<'_>, _: usize, _: bool) -> Parts {
    let pairs = ["env: test", "team: 'x'", "\"true\": a", "a b: c", "n: 5", "deep: [x]"];
    let first = choices.below(pairs.len());
    (0..choices.below(4)).map(|index| part(pairs[(first + index) % pairs.len()])).collect()
}
