//! Parts of the book that are made from the program's own tables.

use std::fs;

use crate::programs::folder;

/// Compares a part of a page with what was made now.
///
/// The part begins after the line `<!-- made from the program: NAME -->` and ends before `<!-- end -->`. With
/// `MAKE_PAGES=1` in the environment it is written.
#[expect(clippy::disallowed_methods, reason = "a page is in git, and need not survive a power cut")]
pub fn hold(page: &str, name: &str, made: &str) {
    let path = folder(page);
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- made from the program: {name} -->\n"), "<!-- end -->");
    let (before, rest) =
        text.split_once(&begin).unwrap_or_else(|| panic!("{page} lacks the line {begin}"));
    let (part, after) = rest.split_once(end).unwrap_or_else(|| panic!("{page} lacks {end}"));
    let made = format!("\n{}\n\n", made.trim());
    if part == made {
        return;
    }
    if std::env::var_os("MAKE_PAGES").is_some_and(|it| it == "1") {
        return fs::write(path, format!("{before}{begin}{made}{end}{after}")).unwrap();
    }
    let differing = made.lines().find(|line| !part.lines().any(|it| it == *line));
    panic!(
        "{page} is not what the program says now ({name}); it lacks {differing:?}, or has lines too many: run \
         this test with MAKE_PAGES=1, and look at the difference"
    );
}

/// A row of a table in Markdown.
#[must_use]
pub fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|it| it.trim().replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
