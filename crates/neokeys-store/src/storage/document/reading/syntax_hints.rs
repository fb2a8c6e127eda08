//! Syntax hints: what people often get wrong in YAML, found in the lines around the place where the
//! parser gave up.

use super::foreign_formats::{ODD_BLANKS, is_odd_blank};
use crate::storage::document::diagnostic::Diagnostic;

/// Finds the place of a mistake on a line.
type Find<'a> = &'a dyn Fn(&str) -> Option<usize>;

/// The fault in words that help most.
pub(crate) fn explained(text: &str, fault: Diagnostic) -> Diagnostic {
    if let Some(told) = conflict_markers(text) {
        return told;
    }
    let number = usize::try_from(fault.line).unwrap_or(usize::MAX).saturating_sub(1);
    let first = number.saturating_sub(1);
    let around: Vec<&str> = text.lines().skip(first).take(number - first + 2).collect();
    let near = |find: Find<'_>| {
        // The line itself, then the one below, where a text of several lines goes wrong, then the
        // one above.
        [number, number + 1, first].into_iter().find_map(|index| {
            let line = around.get(index - first)?;
            let column = line[..find(line)?].chars().count() as u64 + 1;
            Some((index as u64 + 1, column))
        })
    };
    let placeholder = |line: &str| line.find("{{").or_else(|| line.find("{%"));
    let star = "a * without quotes refers to another value, and there is none of this name";
    let hints: [(Find<'_>, &str, &str); 5] = [
        (&odd_indentation, ODD_BLANKS.0, ODD_BLANKS.1),
        (
            &tab_in_indentation,
            "there is a tab in the indentation",
            "indent with spaces alone, as YAML demands",
        ),
        (
            &placeholder,
            "there is a template's placeholder",
            "put the rendered file here, or the value in quotes",
        ),
        (&|line| value_with(line, &['*']), star, "put it in quotes: '*'"),
        (
            &|line| value_with(line, &['@', '`', '%']),
            "a value cannot start with this character",
            "put the value in quotes",
        ),
    ];
    let mut hints = hints.into_iter().filter_map(|(find, fault, hint)| {
        let (line, column) = near(find)?;
        Some(Diagnostic::at(line, column, fault, hint))
    });
    hints.next().unwrap_or(fault)
}

/// The conflict markers of git, in a file that two sides changed: at least two of its three marks.
fn conflict_markers(text: &str) -> Option<Diagnostic> {
    let is_mark = |line: &str| {
        let mark = |mark: &str| {
            line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        mark("<<<<<<<") || mark(">>>>>>>") || mark("|||||||") || line == "======="
    };
    let mut marks = text.lines().enumerate().filter(|(_, line)| is_mark(line));
    let (first, second) = (marks.next()?, marks.next());
    second?;
    Some(Diagnostic::at(
        first.0 as u64 + 1,
        1,
        "there are conflict markers of git",
        "settle the merge: keep what is right and remove the lines <<<<<<<, ======= and >>>>>>>",
    ))
}

fn odd_indentation(line: &str) -> Option<usize> {
    let is_indentation =
        |character: char| is_odd_blank(character) || matches!(character, ' ' | '\t' | '-');
    let end = line.find(|character| !is_indentation(character)).unwrap_or(line.len());
    line[..end].find(|character| is_odd_blank(character) && character != '\u{feff}')
}

fn tab_in_indentation(line: &str) -> Option<usize> {
    let end = line.find(|character| !matches!(character, ' ' | '\t' | '-')).unwrap_or(line.len());
    line[..end].find('\t')
}

/// The place of a value that starts with one of these characters.
fn value_with(line: &str, first: &[char]) -> Option<usize> {
    let line = line.split(" #").next().unwrap_or_default();
    line.match_indices(first).map(|(index, _)| index).find(|index| {
        let before = line[..*index].trim_end();
        before.is_empty() || before.ends_with(['-', ':', '[', ',', '{'])
    })
}
