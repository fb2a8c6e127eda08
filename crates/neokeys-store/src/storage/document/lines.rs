//! The lines of a text: where they start and end, how far they are indented, and their endings.

/// How far the first line is indented.
pub(crate) fn indentation(lines: &str) -> usize {
    lines.len() - lines.trim_start_matches(' ').len()
}

/// Where the line that holds this place starts.
pub(crate) fn line_start(text: &str, place: usize) -> usize {
    let bytes = text.as_bytes();
    (0..place).rev().find(|index| ends_line(bytes, *index)).map_or(0, |index| index + 1)
}

/// Just after the line that holds the character before this place.
pub(crate) fn line_end(text: &str, place: usize) -> usize {
    let bytes = text.as_bytes();
    let start = place.saturating_sub(1);
    (start..bytes.len())
        .find(|index| ends_line(bytes, *index))
        .map_or(text.len(), |index| index + 1)
}

/// Whether a line ends with this byte: a line feed, or a carriage return alone (YAML 1.2 §5.4).
pub(crate) fn ends_line(bytes: &[u8], index: usize) -> bool {
    match bytes[index] {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    }
}

/// The lines of a text, each with its ending.
pub(crate) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from;
        from = line_end(text, start + 1).min(text.len());
        (start < text.len()).then(|| &text[start..from])
    })
}

/// Whether there is nothing on a line.
pub(crate) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Whether there is nothing but a comment on a line.
pub(crate) fn is_comment(line: &str) -> bool {
    line.trim_start_matches([' ', '\t']).starts_with('#')
}

/// Whether a line is blank or has nothing but a comment that stands deeper than a column: it belongs to the
/// item before it, whose dash stands there.
pub(crate) fn is_beneath(line: &str, column: usize) -> bool {
    is_blank(line) || line.trim_start_matches(' ').starts_with('#') && indentation(line) > column
}

/// Where the lines from a place on end that are as they should be.
pub(crate) fn end_of_lines(text: &str, place: usize, are: impl Fn(&str) -> bool) -> usize {
    place + lines_of(&text[place..]).take_while(|line| are(line)).map(str::len).sum::<usize>()
}

/// The line ending that a text uses.
pub(crate) fn line_ending(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// Puts whole lines at a place that is the start of a line, or the end of a text that lacks its
/// last line ending and goes on lacking it. Gives the text and where in it the lines start.
pub(crate) fn lines_at(text: &str, place: usize, lines: &str, ending: &str) -> (String, usize) {
    if place == 0 || matches!(text.as_bytes()[place - 1], b'\n' | b'\r') {
        return (lines.to_owned(), 0);
    }
    let lines = lines.strip_suffix(ending).unwrap_or(lines);
    (format!("{ending}{lines}"), ending.len())
}

#[cfg(test)]
mod tests {
    use super::{line_ending, lines_at};

    #[test]
    fn a_missing_last_line_ending_stays_missing() {
        assert_eq!(lines_at("a\n", 2, "b\n", "\n"), ("b\n".into(), 0));
        assert_eq!(lines_at("a\r\nx", 4, "b\r\n", "\r\n"), ("\r\nb".into(), 2));
        assert_eq!((line_ending("a\r\nb\n"), line_ending("a")), ("\r\n", "\n"));
        assert_eq!(line_ending("a\rb"), "\r");
    }
}
