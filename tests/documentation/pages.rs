//! The blocks of the pages.

use std::fs;
use std::path::Path;

use neokeys_testkit::programs::folder;

/// A fenced or indented block.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where it is, from the folder of the repository.
    pub(crate) page: String,
    /// The word at its fence; `indented` if it has none.
    pub(crate) language: String,
    /// Without what all its lines are indented by.
    pub(crate) text: String,
}

impl Block {
    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

/// The folders of pages.
const PLACES: [&str; 8] = [
    "",
    "docs",
    "docs/concepts",
    "docs/gateways",
    "docs/reference",
    "docs/speed",
    "openapi/sdk",
    "ops/chart",
];

/// Every page of the repository but the list of changes.
pub(crate) fn pages() -> Vec<String> {
    let mut pages: Vec<String> = PLACES
        .into_iter()
        .flat_map(|place| fs::read_dir(folder(place)).unwrap().map(move |it| (place, it.unwrap())))
        .filter(|(_, entry)| entry.path().extension().is_some_and(|it| it == "md"))
        .map(|(place, entry)| {
            let name = entry.file_name().into_string().unwrap();
            Path::new(place).join(name).to_str().unwrap().to_owned()
        })
        .filter(|page| page != "CHANGELOG.md")
        .collect();
    pages.sort();
    pages
}

pub(crate) fn blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks_of(page)).collect()
}

/// The blocks of a page, in order.
pub(crate) fn blocks_of(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(folder(page)).unwrap();
    let (mut blocks, mut lines, mut before) = (Vec::new(), text.lines(), "");
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let inside = lines.by_ref().take_while(|it| it.trim_start() != "```");
            let text = inside.map(|it| format!("{}\n", it.get(indent..).unwrap_or_default()));
            let (page, language) = (page.to_owned(), language.to_owned());
            blocks.push(Block { page, language, text: text.collect() });
        } else if before.is_empty() && indent >= 4 {
            let (page, language) = (page.to_owned(), "indented".to_owned());
            blocks.push(Block { page, language, text: format!("{}\n", line.trim_start()) });
        }
        before = line;
    }
    blocks
}

/// The one block of a page that begins with a line.
pub(crate) fn block(page: &str, first_line: &str) -> String {
    let mut found = blocks_of(page).into_iter().filter(|it| it.first_line() == first_line);
    let block = found.next().unwrap_or_else(|| panic!("{page} has no block {first_line:?}"));
    assert!(found.next().is_none(), "{page} has two blocks {first_line:?}");
    block.text
}

/// The lines of a console that somebody types, without what is said about them.
pub(crate) fn typed(console: &str) -> Vec<String> {
    let lines = console.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(|line| line.split("  #").next().unwrap().trim().to_owned()).collect()
}

/// Replaces what must be there.
pub(crate) fn put(text: &str, place: &str, new: &str) -> String {
    assert!(text.contains(place), "{place} in {text}");
    text.replace(place, new)
}
