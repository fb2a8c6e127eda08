//! Block collections of plain and simply quoted scalars, read line by line: what neokeys writes, and
//! nearly every document with it.
//!
//! The library's parser looks at each character several times. Here a line is a key, a value or an item
//! at a column, or the text is left to that parser: where there is anything else in it, such as an
//! anchor, a bracket, an escape, a text of several lines, a tab, a character beyond ASCII or a fault.
//!
//! Invariant: a tree from here is the one that the library's parser gives. Builds with debug assertions
//! parse every text by both.

use granit_parser::ScalarStyle;
use memchr::{memchr, memchr2_iter};

use super::scalar::resolve;
use super::tree_builder::{Place, TreeBuilder};
use super::{Content, TagUse, Tree};

/// Collections within collections; deeper ones are left to the library.
const DEEPEST: usize = 16;
/// The longest key: a fraction of what YAML allows (§7.4.2).
const LONGEST_KEY: usize = 128;

/// The tree of a text that has nothing but block collections of simple scalars.
pub(super) fn parse(text: &str) -> Option<Tree<'_>> {
    let mut reader =
        Reader { builder: TreeBuilder::new(text), open: Vec::new(), line: 0, start: 0 };
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        reader.line += 1;
        reader.start = text.len() - rest.len();
        reader.read(line)?;
        rest = after.get(1..).unwrap_or_default();
    }
    reader.finish()
}

/// A collection whose end is not reached.
struct Open {
    column: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sequence,
    Mapping,
    /// A mapping whose last key has no value yet.
    Expecting,
}

struct Reader<'t> {
    builder: TreeBuilder<'t>,
    open: Vec<Open>,
    /// The line that is read, counted from 1.
    line: usize,
    /// Where it starts.
    start: usize,
}

/// A scalar on one line, with where it starts and ends there.
struct Scalar<'t> {
    text: &'t str,
    style: ScalarStyle,
    start: usize,
    end: usize,
}

impl<'t> Reader<'t> {
    /// Reads a line without its end; none where it has something else than this knows.
    fn read(&mut self, line: &'t str) -> Option<()> {
        // Without a branch for each byte, so that the compiler takes many at a time.
        let is_plain = line.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
        let column = line.bytes().position(|byte| byte != b' ');
        let Some(column) = column.filter(|_| is_plain) else {
            return is_plain.then_some(());
        };
        match &line.as_bytes()[column..] {
            [b'#', ..] => Some(()),
            [b'-', b' ', ..] => self.item(line, column),
            _ => self.member(line, column),
        }
    }

    /// A line that starts with a dash.
    fn item(&mut self, line: &'t str, column: usize) -> Option<()> {
        self.close(column, true)?;
        let content = line.len() - line[column + 1..].trim_start_matches(' ').len();
        match self.open.last() {
            Some(Open { kind: Kind::Sequence, column: its }) if *its == column => {}
            // At the column of its key, a list begins with its first item to the library.
            Some(Open { kind: Kind::Expecting, column: its }) if *its == column => {
                self.start(Kind::Sequence, column, content)?;
            }
            None | Some(Open { kind: Kind::Expecting, .. }) => {
                self.start(Kind::Sequence, column, column)?;
            }
            Some(_) => return None,
        }
        match key_at(line, content) {
            Some(end) => {
                self.start(Kind::Mapping, content, content)?;
                self.pair(line, content, end)
            }
            None => self.scalar(scalar_at(line, content)?),
        }
    }

    /// A line that starts with a key.
    fn member(&mut self, line: &'t str, column: usize) -> Option<()> {
        self.close(column, false)?;
        match self.open.last() {
            Some(Open { kind: Kind::Mapping, column: its }) if *its == column => {}
            None | Some(Open { kind: Kind::Expecting, .. }) => {
                self.start(Kind::Mapping, column, column)?
            }
            Some(_) => return None,
        }
        self.pair(line, column, key_at(line, column)?)
    }

    /// A key that ends at a place of the line, and its value if that stands there too.
    fn pair(&mut self, line: &'t str, start: usize, end: usize) -> Option<()> {
        self.scalar(Scalar { text: &line[start..end], style: ScalarStyle::Plain, start, end })?;
        let rest = line[end + 1..].trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            self.open.last_mut()?.kind = Kind::Expecting;
            return Some(());
        }
        self.scalar(scalar_at(line, line.len() - rest.len())?)
    }

    /// Ends the collections that a line at this column is not in.
    fn close(&mut self, column: usize, is_item: bool) -> Option<()> {
        while let Some(Open { column: its, kind }) = self.open.last() {
            let is_outside = match kind {
                Kind::Expecting if *its < column || is_item && *its == column => return Some(()),
                // A key without a value.
                Kind::Expecting => return None,
                Kind::Sequence => *its > column || *its == column && !is_item,
                Kind::Mapping => *its > column,
            };
            if !is_outside {
                return Some(());
            }
            self.end();
        }
        // The root is one collection, which starts at the margin.
        (self.builder.is_empty() && column == 0).then_some(())
    }

    /// Opens a collection of this column, whose node stands at a place of the line.
    fn start(&mut self, kind: Kind, column: usize, place: usize) -> Option<()> {
        if self.open.len() >= DEEPEST {
            return None;
        }
        if let Some(outer) = self.open.last_mut().filter(|outer| outer.kind == Kind::Expecting) {
            outer.kind = Kind::Mapping;
        }
        let content = match kind {
            Kind::Sequence => Content::Sequence { flow: false, items: 0..0 },
            Kind::Mapping | Kind::Expecting => Content::Mapping { flow: false, members: 0..0 },
        };
        self.builder.start(content, &self.place(place, place), 0, TagUse::None).ok()?;
        self.open.push(Open { column, kind });
        Some(())
    }

    fn scalar(&mut self, Scalar { text, style, start, end }: Scalar<'t>) -> Option<()> {
        let content =
            Content::Scalar { text: text.into(), value: resolve(text, style, None), style };
        self.builder.add(content, &self.place(start, end), 0, TagUse::None).ok()?;
        Some(())
    }

    fn place(&self, start: usize, end: usize) -> Place {
        let range = self.start + start..self.start + end;
        Place { range, line: self.line, column: start }
    }

    fn end(&mut self) {
        self.open.pop();
        self.builder.end(0);
    }

    fn finish(mut self) -> Option<Tree<'t>> {
        if self.open.last().is_none_or(|open| open.kind == Kind::Expecting) {
            return None;
        }
        while !self.open.is_empty() {
            self.end();
        }
        Some(self.builder.into_tree())
    }
}

/// Where the key ends that starts at a place of a line; none if there is none, or none that is simple.
fn key_at(line: &str, start: usize) -> Option<usize> {
    let bytes = &line.as_bytes()[start..];
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = bytes.iter().position(|byte| !is_part(byte))?;
    let is_key = (1..=LONGEST_KEY).contains(&length)
        && (bytes[0].is_ascii_alphabetic() || bytes[0] == b'_')
        && bytes[length] == b':'
        && matches!(bytes.get(length + 1), None | Some(b' '));
    is_key.then_some(start + length)
}

/// The scalar from a place of a line to its end or to a comment; none if it is not a simple one.
fn scalar_at(line: &str, start: usize) -> Option<Scalar<'_>> {
    let bytes = &line.as_bytes()[start..];
    match bytes.first()? {
        b'\'' => quoted(line, start, b'\'', ScalarStyle::SingleQuoted),
        b'"' => quoted(line, start, b'"', ScalarStyle::DoubleQuoted),
        first if first.is_ascii_alphanumeric() || matches!(first, b'_' | b'/' | b'.') => {
            let mut end = bytes.len();
            for place in memchr2_iter(b':', b'#', bytes) {
                if bytes[place] == b'#' && bytes[place - 1] == b' ' {
                    end = place;
                    break;
                }
                // The key of a mapping, which has no place here.
                if bytes[place] == b':' && matches!(bytes.get(place + 1), None | Some(b' ')) {
                    return None;
                }
            }
            let text = line[start..start + end].trim_end_matches(' ');
            let end = start + text.len();
            Some(Scalar { text, style: ScalarStyle::Plain, start, end })
        }
        _ => None,
    }
}

/// A scalar in quotes without anything that is escaped, and nothing but a comment behind it.
fn quoted(line: &str, start: usize, quote: u8, style: ScalarStyle) -> Option<Scalar<'_>> {
    let length = memchr(quote, &line.as_bytes()[start + 1..])?;
    let text = &line[start + 1..start + 1 + length];
    let end = start + length + 2;
    let rest = &line[end..];
    let behind = rest.trim_start_matches(' ');
    let is_alone = behind.is_empty() || behind.starts_with('#') && behind.len() < rest.len();
    let is_simple = is_alone && !(quote == b'"' && text.contains('\\'));
    is_simple.then_some(Scalar { text, style, start, end })
}

#[cfg(test)]
mod tests;
