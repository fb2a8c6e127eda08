//! Hints for what people often get wrong in YAML, from the lines around the place where the parser
//! gave up.

use crate::storage::document::diagnostics::Diagnostic;
use crate::storage::document::diagnostics::foreign_formats::{is_odd_blank, odd_blanks};

/// The fault in words that help most.
pub(crate) fn explained(text: &str, fault: Diagnostic) -> Diagnostic {
    if let Some(told) = conflict_markers(text) {
        return told;
    }
    let number = usize::try_from(fault.line).unwrap_or(usize::MAX).saturating_sub(1);
    let first = number.saturating_sub(1);
    let around: Vec<&str> = text.lines().skip(first).take(number - first + 2).collect();
    let near = |find: &dyn Fn(&str) -> Option<usize>| {
        // The line itself, then the one below, where a text of several lines goes wrong, then the
        // one above.
        [number, number + 1, first].into_iter().find_map(|index| {
            let line = around.get(index - first)?;
            let column = line[..find(line)?].chars().count() as u64 + 1;
            Some((index as u64 + 1, column))
        })
    };
    if let Some((line, column)) = near(&odd_indentation) {
        return odd_blanks(line, column);
    }
    if let Some((line, column)) = near(&tab_in_indentation) {
        let hint = "indent with spaces alone, as YAML demands";
        return Diagnostic::at(line, column, "there is a tab in the indentation", hint);
    }
    if let Some((line, column)) = near(&|line| line.find("{{").or_else(|| line.find("{%"))) {
        let hint = "put the rendered file here, or the value in quotes";
        return Diagnostic::at(line, column, "there is a template's placeholder", hint);
    }
    if let Some((line, column)) = near(&unquoted_star) {
        let hint = "put it in quotes: '*'";
        let told = "a * without quotes refers to another value, and there is none of this name";
        return Diagnostic::at(line, column, told, hint);
    }
    if let Some((line, column)) = near(&reserved) {
        let hint = "put the value in quotes";
        return Diagnostic::at(line, column, "a value cannot start with this character", hint);
    }
    fault
}

/// What git leaves in a file that two sides changed: at least two of its three marks.
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

/// The places where a value starts.
fn values(line: &str) -> impl Iterator<Item = usize> + '_ {
    let starts = line.char_indices().filter(move |(index, _)| {
        let before = line[..*index].trim_end();
        before.is_empty() || before.ends_with(['-', ':', '[', ',', '{'])
    });
    starts.map(|(index, _)| index)
}

fn unquoted_star(line: &str) -> Option<usize> {
    let line = line.split(" #").next().unwrap_or_default();
    values(line).find(|index| line[*index..].starts_with('*'))
}

fn reserved(line: &str) -> Option<usize> {
    let line = line.split(" #").next().unwrap_or_default();
    values(line).find(|index| line[*index..].starts_with(['@', '`', '%']))
}
