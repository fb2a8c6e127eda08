//! Documents as people write them, out of a row of random choices. The choice 0 is the plainest one,
//! so that a failing document shrinks towards plainness.

use std::fmt::Write as _;

use super::random_details::{block_details, flow_details};

/// Random choices; all plain when they run out.
pub(super) struct Choices<'c> {
    bytes: std::slice::Iter<'c, u8>,
    marks: usize,
}

impl<'c> Choices<'c> {
    pub(super) fn new(bytes: &'c [u8]) -> Self {
        Self { bytes: bytes.iter(), marks: 0 }
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % count)
    }

    pub(super) fn flip(&mut self) -> bool {
        self.below(2) == 1
    }

    pub(super) fn rarely(&mut self) -> bool {
        self.below(6) == 5
    }

    pub(super) fn mark(&mut self) -> String {
        self.marks += 1;
        format!("M{}", self.marks)
    }

    /// A comment at a line's end, or none.
    pub(super) fn comment(&mut self) -> String {
        if self.rarely() { format!(" # {}", self.mark()) } else { String::new() }
    }
}

/// A whole document with 0 to 4 entries.
pub(super) fn random_document(choices: &mut Choices<'_>) -> String {
    if choices.rarely() {
        return finish(choices, json_document);
    }
    finish(choices, block_document)
}

fn finish(choices: &mut Choices<'_>, write: fn(&mut Choices<'_>) -> String) -> String {
    let mut text = write(choices);
    if choices.rarely() {
        text = text.trim_end_matches('\n').to_owned();
    }
    if choices.rarely() {
        text = text.replace('\n', "\r\n");
    }
    if choices.rarely() {
        text.insert(0, '\u{feff}');
    }
    text
}

fn block_document(choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    if choices.rarely() {
        let _ = writeln!(text, "# {}\n---", choices.mark());
    }
    for number in 0..choices.below(3) {
        text.push_str(&other_section(choices, "before", number));
    }
    text.push_str(&section(choices));
    for number in 0..choices.below(3) {
        text.push_str(&other_section(choices, "after", number));
    }
    if choices.rarely() {
        let _ = write!(text, "...\n# {}\n", choices.mark());
    }
    text
}

fn other_section(choices: &mut Choices<'_>, place: &str, number: usize) -> String {
    let (one, two) = (choices.mark(), choices.mark());
    match choices.below(5) {
        0 => format!("{place}{number}: {one} # {two}\n"),
        1 => format!("# {one}\n\n{place}{number}:\n  - x\n  - &{place}{number} y # {two}\n"),
        2 => format!("{place}{number}: {{a: [{one}, '{two}']}}\n"),
        3 => format!("{place}{number}: |\n  {one}\n\n  {two}\n"),
        _ => format!("{place}{number}:\n    apiKeys: [{one}]\n    # {two}\n"),
    }
}

fn section(choices: &mut Choices<'_>) -> String {
    let count = choices.below(5);
    let key = ["apiKeys", "\"apiKeys\"", "'apiKeys'"][choices.below(8).saturating_sub(5)];
    match (count, choices.below(5)) {
        (0, 0) => String::new(),
        (0, 1) => format!("{key}:{}\n", choices.comment()),
        (0, _) => format!("{key}: []{}\n", choices.comment()),
        (_, 3) => format!("{key}: {}{}\n", flow_list(choices, count, false), choices.comment()),
        (_, 4) => format!("{key}: {}\n", flow_lines(choices, count)),
        _ => format!("{key}:{}\n{}", choices.comment(), block_list(choices, count)),
    }
}

fn json_document(choices: &mut Choices<'_>) -> String {
    let count = choices.below(4);
    let list = match choices.below(2) {
        0 => flow_list(choices, count, true),
        _ => flow_lines(choices, count),
    };
    let mark = choices.mark();
    match choices.below(2) {
        0 => format!("{{\"apiKeys\": {list}, \"other\": \"{mark}\"}}\n"),
        _ => format!("{{\n  \"other\": [\"{mark}\"],\n  \"apiKeys\": {list}\n}}\n"),
    }
}

fn flow_list(choices: &mut Choices<'_>, count: usize, json: bool) -> String {
    let separator = [", ", ",", " , "][choices.below(3)];
    let pad = ["", " "][choices.below(2)];
    let entries: Vec<_> = (0..count).map(|number| flow_entry(choices, number, json)).collect();
    let trailing = if count > 0 && choices.rarely() { "," } else { "" };
    format!("[{pad}{}{trailing}{pad}]", entries.join(separator))
}

fn flow_lines(choices: &mut Choices<'_>, count: usize) -> String {
    let mut text = String::from("[");
    text.push_str(&choices.comment());
    text.push('\n');
    for number in 0..count {
        let entry = flow_entry(choices, number, false);
        let comma = if number + 1 < count || choices.rarely() { "," } else { "" };
        let comment = choices.comment();
        if choices.rarely() {
            let _ = writeln!(text, "    # {}", choices.mark());
        }
        let _ = writeln!(text, "    {entry}{comma}{comment}");
    }
    if choices.rarely() {
        let _ = writeln!(text, "    # {}", choices.mark());
    }
    text.push_str("  ]");
    text
}

fn quoted(choices: &mut Choices<'_>, text: &str) -> String {
    match choices.below(4) {
        2 => format!("'{text}'"),
        3 => format!("\"{text}\""),
        _ => text.to_owned(),
    }
}

fn hash(choices: &mut Choices<'_>, number: usize) -> String {
    let digest = crate::domain::Digest::of(number.to_string().as_bytes()).to_hex();
    match choices.below(4) {
        1 => digest.to_uppercase(),
        2 => "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=".to_owned(),
        3 => format!("'{digest}'"),
        _ => digest,
    }
}

fn permissions(choices: &mut Choices<'_>) -> Vec<String> {
    let texts = ["a:read", "b.write", "'*'", "\"7\"", "c", "'it''s'"];
    let count = choices.below(4);
    (0..count).map(|index| texts[(index * 2 + choices.below(2)) % texts.len()].to_owned()).collect()
}

fn flow_entry(choices: &mut Choices<'_>, number: usize, json: bool) -> String {
    let name = quoted(choices, &format!("k{number}"));
    let enabled = ["true", "false"][choices.below(2)];
    let list = permissions(choices).join([", ", ","][choices.below(2)]);
    let key = |key: &str| if json { format!("\"{key}\"") } else { key.to_owned() };
    let mut members = vec![format!("{}: {name}", key("name"))];
    if !choices.rarely() {
        members.push(format!("{}: {enabled}", key("enabled")));
    }
    if !choices.rarely() {
        members.push(format!("{}: [{list}]", key("permissions")));
    }
    members.push(format!("{}: {}", key("hash"), hash(choices, number)));
    members.extend(flow_details(choices, number, json));
    if choices.rarely() {
        members.push(format!("{}: {}", key("note"), choices.mark()));
    }
    if choices.rarely() {
        let last = members.len() - 1;
        members.swap(0, last);
    }
    let pad = ["", " "][choices.below(2)];
    format!("{{{pad}{}{pad}}}", members.join(", "))
}

fn block_list(choices: &mut Choices<'_>, count: usize) -> String {
    let column = [2, 0, 4, 1][choices.below(4)];
    let dash = ["- ", "-   ", "-\n"][choices.below(8).saturating_sub(5)];
    let spaced = choices.rarely();
    let indent = " ".repeat(column);
    let mut text = String::new();
    for number in 0..count {
        if number > 0 && spaced {
            text.push('\n');
        }
        if choices.rarely() {
            let _ = writeln!(text, "{indent}# {}", choices.mark());
        }
        if choices.rarely() {
            let comment = choices.comment();
            let _ = writeln!(text, "{indent}- {}{comment}", flow_entry(choices, number, false));
            continue;
        }
        let inner = if dash == "-\n" { column + 3 } else { column + dash.len() };
        let entry = block_entry(choices, number, inner);
        if dash == "-\n" {
            let _ = write!(text, "{indent}-\n{}{entry}", " ".repeat(inner));
        } else {
            let _ = write!(text, "{indent}{dash}{entry}");
        }
        if choices.rarely() {
            let _ = writeln!(text, "{}# {}", " ".repeat(inner), choices.mark());
        }
    }
    text
}

/// The members of an entry, each at a column, the first one without its indentation.
fn block_entry(choices: &mut Choices<'_>, number: usize, column: usize) -> String {
    let indent = " ".repeat(column);
    let colon = [": ", ":   "][choices.below(7) / 6];
    let mut members = Vec::new();
    let name = quoted(choices, &format!("k{number}"));
    members.push(format!("name{colon}{name}{}\n", choices.comment()));
    if !choices.rarely() {
        let enabled = ["true", "false", "True"][choices.below(3)];
        members.push(format!("enabled{colon}{enabled}{}\n", choices.comment()));
    }
    if !choices.rarely() {
        members.push(block_permissions(choices, column, colon));
    }
    members.push(format!("hash{colon}{}{}\n", hash(choices, number), choices.comment()));
    members.extend(block_details(choices, number, column));
    if choices.rarely() {
        let mark = choices.mark();
        members.push(match choices.below(5) {
            0 => format!("note: {mark}\n"),
            1 => format!("note:\n{indent}  deep: [{mark}]\n{indent}  more:\n{indent}  - x\n"),
            2 => format!("note: |\n{indent}  {mark}\n"),
            3 => format!("note: |+\n{indent}  {mark}\n\n"),
            _ => format!("note: >-\n{indent}  {mark}\n{indent}  more\n"),
        });
    }
    if choices.rarely() {
        let shift = choices.below(members.len());
        members.rotate_left(shift);
    }
    if choices.rarely() {
        let place = 1 + choices.below(members.len() - 1);
        members.insert(place, format!("# {}\n", choices.mark()));
    }
    members.join(&indent)
}

fn block_permissions(choices: &mut Choices<'_>, column: usize, colon: &str) -> String {
    let list = permissions(choices);
    let comment = choices.comment();
    if list.is_empty() || choices.below(3) == 2 {
        return format!("permissions{colon}[{}]{comment}\n", list.join(", "));
    }
    let indent = " ".repeat(column + [2, 0, 4][choices.below(3)]);
    let mut text = format!("permissions:{comment}\n");
    for item in list {
        if choices.rarely() {
            let _ = writeln!(text, "{indent}# {}", choices.mark());
        }
        let _ = writeln!(text, "{indent}- {item}{}", choices.comment());
    }
    text
}
