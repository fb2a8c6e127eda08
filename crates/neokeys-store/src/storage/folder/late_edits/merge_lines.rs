//! Three versions of a text brought together, line by line.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// How long a comparison may look for the smallest difference; then it takes what it has.
const PATIENCE: Duration = Duration::from_secs(1);

/// One change: these lines of the old text become those of the new one.
struct Hunk<'t> {
    old: Range<usize>,
    new: Vec<&'t [u8]>,
}

/// Makes the change from `old` to `theirs` in `ours`, which was made of `old` too; none where both
/// changed the same lines. Every line of the result is a whole line of one of them.
pub(super) fn merge(old: &[u8], theirs: &[u8], ours: &[u8]) -> Option<Vec<u8>> {
    let old_lines = lines(old);
    let (their_lines, our_lines) = (lines(theirs), lines(ours));
    let (their_hunks, our_hunks) = (hunks(&old_lines, &their_lines), hunks(&old_lines, &our_lines));
    let mut merged: Vec<&[u8]> = Vec::with_capacity(their_lines.len() + our_lines.len());
    let (mut theirs_left, mut ours_left) =
        (their_hunks.iter().peekable(), our_hunks.iter().peekable());
    let mut at = 0;
    loop {
        let hunk = match (theirs_left.peek(), ours_left.peek()) {
            (None, None) => break,
            (Some(their), Some(our)) if is_same(their, our) => {
                theirs_left.next();
                ours_left.next()
            }
            (Some(their), Some(our)) if overlap(&their.old, &our.old) => return None,
            // Both put something at one place: ours comes first.
            (Some(their), Some(our)) if precedes(&their.old, &our.old) => theirs_left.next(),
            (_, Some(_)) => ours_left.next(),
            (Some(_), None) => theirs_left.next(),
        }?;
        merged.extend(&old_lines[at..hunk.old.start]);
        merged.extend(&hunk.new);
        at = hunk.old.end;
    }
    merged.extend(&old_lines[at..]);
    let mut text = merged.join(&b'\n');
    if !text.is_empty() && (ends(theirs) || ends(ours)) {
        text.push(b'\n');
    }
    Some(text)
}

/// The lines of a text without what ends them, so that a last line is the same with or without.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.is_empty() { Vec::new() } else { text.split(|byte| *byte == b'\n').collect() }
}

fn ends(text: &[u8]) -> bool {
    text.ends_with(b"\n")
}

fn hunks<'t>(old: &[&'t [u8]], new: &[&'t [u8]]) -> Vec<Hunk<'t>> {
    let until = Some(Instant::now() + PATIENCE);
    let operations = capture_diff_slices_deadline(Algorithm::Myers, old, new, until);
    let changes = operations.iter().filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
    let mut hunks: Vec<Hunk<'t>> = Vec::new();
    for change in changes {
        let (old, new) = (change.old_range(), new[change.new_range()].to_vec());
        match hunks.last_mut() {
            Some(last) if last.old.end == old.start => {
                last.old.end = old.end;
                last.new.extend(new);
            }
            _ => hunks.push(Hunk { old, new }),
        }
    }
    hunks
}

/// Whether both are one change, as of an edit that was brought over before.
fn is_same(one: &Hunk<'_>, other: &Hunk<'_>) -> bool {
    one.old == other.old && one.new == other.new
}

/// Whether both take the same lines away, or one puts something between lines that the other takes.
fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn precedes(one: &Range<usize>, other: &Range<usize>) -> bool {
    (one.start, one.end) < (other.start, other.end)
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn changes_of_different_lines_come_together() {
        let old = b"a\nb\nc\n";
        for (theirs, ours, merged) in [
            ("a\nb\nc\n# x\n", "a\nB\nc\n", "a\nB\nc\n# x\n"),
            ("A\nb\nc\n", "a\nb\nc\nd\n", "A\nb\nc\nd\n"),
            ("a\nb\nc\n# x\n", "a\nb\nc\nd\n", "a\nb\nc\nd\n# x\n"),
            ("a\nc\n", "a\nb\n", "a\n"),
            ("a\nB\nc\n", "a\nB\nc\nd\n", "a\nB\nc\nd\n"),
            ("# x\na\nb\nc\n", "b\nc\n", "# x\nb\nc\n"),
            ("a\nb\nc\n", "a\nb\n", "a\nb\n"),
            ("a\nb\nc\n# x\n", "a\nb\nc\n# x\n", "a\nb\nc\n# x\n"),
        ] {
            let found = merge(old, theirs.as_bytes(), ours.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), merged, "{theirs:?} {ours:?}");
        }
        assert_eq!(merge(b"", b"x", b"y").unwrap(), b"y\nx");
    }

    #[test]
    fn changes_of_the_same_lines_do_not() {
        assert_eq!(merge(b"a\nb\nc\n", b"a\nX\nc\n", b"a\nY\nc\n"), None);
        assert_eq!(merge(b"a\nb\nc\n", b"a\nb1\nc\n", b"a\nb2\nc\nd\n"), None);
    }

    #[test]
    fn no_line_is_cut_where_it_was_half_written() {
        // The rest of the line came after ours was put behind it.
        let merged = merge(b"a: 12", b"a: 1234\nb: 5\n", b"a: 12\nc: 6\n").unwrap();
        assert_eq!(merged, b"a: 1234\nb: 5\nc: 6\n");
    }

    #[test]
    fn a_missing_last_newline_is_no_change_of_the_line() {
        assert_eq!(merge(b"a\nb", b"a\nb\n# x", b"a\nb\nc\n").unwrap(), b"a\nb\nc\n# x\n");
        assert_eq!(merge(b"a\nb", b"a\n# x\nb", b"A\nb").unwrap(), b"A\n# x\nb");
    }
}
