//! The book, built by mdBook: without a warning, with every page, and with links that lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::links::links_of;
use crate::pages::pages;
use neokeys_testkit::programs::{folder, tool};

const SUMMARY: &str = "docs/SUMMARY.md";

fn built() -> TempDir {
    let place = TempDir::new().unwrap();
    let mut mdbook = Command::new(tool("book/bin/mdbook"));
    mdbook.arg("build").arg(folder("")).arg("--dest-dir").arg(place.path()).env_clear();
    let output = mdbook.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let remarks: Vec<_> = said.lines().filter(|line| !line.starts_with(" INFO ")).collect();
    assert!(remarks.is_empty(), "mdBook is not content: {remarks:#?}");
    place
}

/// The values of an attribute, in the tags of a page.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let tags = page.split('<').skip(1).filter_map(|it| it.split_once('>')).map(|(tag, _)| tag);
    let begin = format!(" {attribute}=\"");
    tags.filter_map(|tag| tag.split_once(&begin)?.1.split('"').next()).collect()
}

/// Every page of HTML below a folder, with its text, but the one for printers, which repeats the others.
fn html(place: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            html(&path, found);
        } else if path.extension().is_some_and(|it| it == "html") && !path.ends_with("print.html") {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
}

#[test]
fn the_book_is_built_and_each_of_its_links_leads_somewhere() {
    let place = built();
    let mut pages = BTreeMap::new();
    html(place.path(), &mut pages);
    assert!(pages.len() > 30, "{:?}", pages.keys());
    let (mut followed, mut broken) = (0, Vec::new());
    for (path, text) in &pages {
        let targets = ["href", "src", "srcset"].map(|name| values(text, name)).concat();
        for target in
            targets.into_iter().filter(|it| !it.contains("://") && !it.starts_with("data:"))
        {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let at = match file {
                "" => path.clone(),
                "/" => place.path().to_owned(),
                file => path.parent().unwrap().join(file),
            };
            followed += 1;
            let named = || {
                fs::canonicalize(&at)
                    .ok()
                    .and_then(|it| pages.get(&it))
                    .is_some_and(|page| values(page, "id").contains(&anchor))
            };
            if !at.exists() || !anchor.is_empty() && !named() {
                broken.push(format!(
                    "{}: {target}",
                    path.strip_prefix(place.path()).unwrap().display()
                ));
            }
        }
    }
    assert!(followed > 500, "{followed}");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_summary_has_every_page_once() {
    let listed: Vec<_> = links_of(SUMMARY).into_iter().map(|it| format!("docs/{it}")).collect();
    let all: BTreeSet<_> =
        pages().into_iter().filter(|it| it.starts_with("docs/") && it != SUMMARY).collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), all);
    assert_eq!(listed.len(), all.len(), "one is there twice: {listed:?}");
}
