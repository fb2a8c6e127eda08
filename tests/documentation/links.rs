//! The links of the pages, as a forge shows them: to files that are there, and to headings of theirs.

use std::collections::BTreeSet;
use std::fs;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::pages::pages;
use neokeys_testkit::programs::folder;

/// The address of files that are in the repository and not in the book.
const REPOSITORY: &str = "https://github.com/neostore/neokeys/blob/main/";

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The targets of the links and pictures of a page.
pub(crate) fn links_of(page: &str) -> Vec<String> {
    let text = fs::read_to_string(folder(page)).unwrap();
    let targets = events(&text).filter_map(|event| {
        let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
            return None;
        };
        Some(dest_url.into_string())
    });
    targets.collect()
}

/// The anchors of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for event in events(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            (Event::End(TagEnd::Heading(_)), Some(text)) => {
                let kept = text.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
                let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
                let free =
                    (0..).map(|it| if it == 0 { anchor.clone() } else { format!("{anchor}-{it}") });
                let anchor = free.into_iter().find(|it| !anchors.contains(it)).unwrap();
                anchors.insert(anchor);
                heading = None;
            }
            _ => {}
        }
    }
    anchors
}

/// The fault of a link of a page, if it has one.
fn fault(page: &str, target: &str) -> Option<&'static str> {
    let (place, target) = match target.strip_prefix(REPOSITORY) {
        Some(inside) => ("", inside),
        None if target.contains("://") || target.starts_with("mailto:") => return None,
        None => (page.rsplit_once('/').map_or("", |(place, _)| place), target),
    };
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => folder(page),
        file => folder(place).join(file),
    };
    if !path.exists() {
        return Some("there is no such file");
    }
    if place.starts_with("docs")
        && !path.canonicalize().unwrap().starts_with(folder("docs").canonicalize().unwrap())
    {
        return Some("it leads out of the book; link to it in the repository");
    }
    let is_page = path.extension().is_some_and(|it| it == "md");
    if !anchor.is_empty()
        && (!is_page || !anchors(&fs::read_to_string(&path).unwrap()).contains(anchor))
    {
        return Some("there is no such heading");
    }
    None
}

#[test]
fn every_link_of_every_page_leads_to_something_that_is_there() {
    let (mut followed, mut broken) = (0, Vec::new());
    for page in pages().into_iter().chain(["CHANGELOG.md".to_owned()]) {
        for target in links_of(&page) {
            followed += 1;
            broken.extend(fault(&page, &target).map(|fault| format!("{page}: {target}: {fault}")));
        }
    }
    assert!(followed > 200, "{followed}");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = "docs/gateways/nginx.md";
    for good in [
        "../gateways.md",
        "../gateways.md#cors-preflights",
        "#preflights",
        "https://example.com/x#y",
    ] {
        assert_eq!(fault(page, good), None, "{good}");
    }
    let repository = format!("{REPOSITORY}ops/alerts.yml");
    assert_eq!(fault(page, &repository), None);
    for bad in ["gateways.md", "../gateways.md#preflight", "../../ops/alerts.yml", "#caddy"] {
        assert!(fault(page, bad).is_some(), "{bad}");
    }
    assert!(fault(page, &format!("{REPOSITORY}ops/alert.yml")).is_some());
    assert!(fault("README.md", "docs/gateways.md#nginx").is_some());
}
