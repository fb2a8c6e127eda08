//! Texts that are read line by line, and texts that only look so, against the library's parser.

use proptest::prelude::*;

use super::parse;
use crate::storage::document::yaml::Tree;

/// Lines of the kind that is read here.
const SIMPLE: &[&str] = &[
    "a: b",
    "a:",
    "a: b #c",
    "a: 'b'",
    "a: #c",
    "- a",
    "- a: b",
    "- a:",
    "b: 1",
    "c: true",
    "- 'b'",
    "- b: c # d",
    "#c",
    "",
    "a: \"b\"",
    "d: ~",
    "e: https://b/c#d",
    "f-g.h_i: j/k+l",
    "- 0x1F",
];

/// Lines that are not, or only just.
const ODD: &[&str] = &[
    "a: ",
    "a:b",
    "a: b: c",
    "a: b:",
    "a: b#c",
    "a:#c",
    "a :b",
    "-",
    "- ",
    "-a",
    "-  a: b",
    "- - a",
    "- a: - b",
    "-  ",
    "a: -",
    "a: - b",
    "a: -1",
    "a: 'b''c'",
    "a: ''",
    "a: '",
    "a: 'b' c",
    "a: 'b'#c",
    "a: 'b' #c",
    "a: \"\\n\"",
    "a: \"b\\\"\"",
    "a: 'b",
    "'a': b",
    "a: [b]",
    "a: {b: c}",
    "a: [b,",
    "c]",
    "a: &b c",
    "a: *b",
    "a: !b c",
    "a: |",
    "a: >-",
    "a: ?",
    "? a",
    ": b",
    "a: %b",
    "%YAML 1.2",
    "---",
    "...",
    "--- a",
    "a: ...",
    "a: @b",
    "   ",
    "b",
    "b c",
    "a: 1e5",
    "a: 1.5",
    "a: .inf",
    "a: null",
    "a: b\t",
    "\ta: b",
    "a: \u{e9}",
    "\u{feff}a: b",
    "# \u{e9}",
    "a: b\r",
    "a: b\u{7f}",
    "<<: a",
    "a b: c",
    "2: b",
    "_: b",
    "a: *",
    "a: b   ",
    "a: /b",
    "- \"a\": b",
    "a: b, c",
    "a: b] }",
    "a: b:c",
    "\"a\"",
    "'a'",
    "\"a\" b: c",
];

/// Parses a text of lines at columns by both; whether it is of the kind that is read here.
fn agrees<'l>(lines: impl IntoIterator<Item = (usize, &'l str)>, end: &str) -> bool {
    let lines = lines.into_iter().map(|(column, line)| format!("{:column$}{line}\n", ""));
    let text = lines.collect::<String>().trim_end_matches('\n').to_owned() + end;
    let tree = parse(&text);
    let is_read = tree.is_some();
    assert!(!is_read || Tree::parse_any(&text).ok() == tree, "{text:?}");
    is_read
}

#[test]
fn every_two_lines_behind_a_third_are_the_same_to_both() {
    let lines = || SIMPLE.iter().chain(ODD).copied();
    let mut read = 0;
    for first in ["a:", "- a:", "a: b"] {
        for (second, third) in lines().flat_map(|it| lines().map(move |other| (it, other))) {
            for (inner, deeper) in [(0, 0), (0, 2), (2, 0), (2, 2), (2, 3), (2, 4), (1, 1)] {
                let text = [(0, first), (inner, second), (deeper, third)];
                read += usize::from(agrees(text, "\n"));
            }
        }
    }
    assert!(read > 2_000, "{read}");
}

#[test]
fn what_is_written_here_needs_no_other_parser() {
    for text in [
        "apiKeys:\n  - name: a\n    enabled: true\n    permissions:\n      - b:c\n      - '*'\n    hash: 0f\n",
        "# c\n\nroles:\n- a\n- b # c\napiKeys:\n- name: \"a\"\n  permissions:\n  - b",
    ] {
        assert!(parse(text).is_some(), "{text}");
    }
}

fn line() -> impl Strategy<Value = &'static str> {
    prop_oneof![12 => prop::sample::select(SIMPLE), 1 => prop::sample::select(ODD)]
}

proptest! {
    #[test]
    fn lines_at_any_column_are_the_same_to_both(
        lines in prop::collection::vec((0..6_usize, line()), 0..8),
        end in prop::sample::select(&["", "\n", "\n\n", "\n  ", "\n#c"][..]),
    ) {
        agrees(lines, end);
    }
}
