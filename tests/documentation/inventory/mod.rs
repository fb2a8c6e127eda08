//! Every block of every page, and what runs it.

mod blocks;
mod gateways;
mod guides;
mod sentences;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use self::blocks::BLOCKS;
use self::gateways::GATEWAYS;
use self::guides::GUIDES;
use self::sentences::COMMANDS;
use crate::pages::{blocks, pages};
use neokeys_testkit::programs::folder;

/// The treatment of a block.
enum Fate {
    /// These tests (`binary::module::name`) read it from the page and run it.
    Run(&'static [&'static str]),
    /// No program runs it here, for this reason.
    Shown(&'static str),
}
use Fate::{Run, Shown};

const CONTAINERS: &str = "it needs a container engine, which the machine of the tests has not; \
                          deployment::image judges the file that it builds";
const CLUSTER: &str = "it needs a cluster, which the machine of the tests has not; deployment::chart renders what it \
                       would install, and deployment::pods runs that";
const RELEASE: &str = "a release build takes minutes: releases are made by hand";

/// Pages that a test of their own follows from top to bottom.
const FOLLOWED: &[(&str, &str)] = &[
    ("docs/keys-in-git.md", "documentation::keys_in_git"),
    ("docs/reference/command-line.md", "documentation::command_line"),
    ("openapi/sdk/README.md", "clients::readme"),
];

/// The page that a benchmark writes, which counts anew at the end of `tests/run`.
const RECORDED: &str = "docs/speed/instructions.md";

/// The beginnings of spans of a sentence that are commands.
const PROGRAMS: [&str; 16] = [
    "mdbook ",
    "neokeys ",
    "cargo ",
    "promtool ",
    "curl ",
    "docker ",
    "kubectl ",
    "helm ",
    "systemd-analyze ",
    "systemctl ",
    "etcdctl ",
    "printf ",
    "sudo ",
    "examples/cluster/run",
    "tests/run ",
    "git tag ",
];

fn all_blocks() -> impl Iterator<Item = &'static (&'static str, &'static str, Fate)> {
    BLOCKS.iter().chain(GATEWAYS).chain(GUIDES)
}

/// The items of one that are not in the other, as often as they are there.
fn missing<'b>(
    mut from: Vec<(&'b str, &'b str)>,
    of: &[(&'b str, &'b str)],
) -> Vec<(&'b str, &'b str)> {
    for one in of {
        if let Some(place) = from.iter().position(|it| it == one) {
            from.swap_remove(place);
        }
    }
    from
}

#[test]
fn every_block_of_every_page_is_run_or_has_a_reason_not_to_be() {
    let followed = |page: &str| page == RECORDED || FOLLOWED.iter().any(|(it, _)| *it == page);
    let shown: Vec<_> = blocks().into_iter().filter(|it| !followed(&it.page)).collect();
    let here: Vec<_> = shown.iter().map(|it| (it.page.as_str(), it.first_line())).collect();
    let listed: Vec<_> = all_blocks().map(|(page, line, _)| (*page, *line)).collect();
    let unknown = missing(here.clone(), &listed);
    assert!(unknown.is_empty(), "in no list, so that nobody knows whether they work: {unknown:#?}");
    let gone = missing(listed, &here);
    assert!(gone.is_empty(), "in the list and on no page: {gone:#?}");
}

#[test]
fn every_command_in_a_sentence_is_run_or_has_a_reason_not_to_be() {
    let followed = |page: &str| page == RECORDED || FOLLOWED.iter().any(|(it, _)| *it == page);
    let mut here = BTreeSet::new();
    for page in pages().into_iter().filter(|page| !followed(page)) {
        here.extend(spans_of(&page).into_iter().map(|span| (page.clone(), span)));
    }
    let listed: BTreeSet<_> =
        COMMANDS.iter().map(|(page, span, _)| ((*page).to_owned(), (*span).to_owned())).collect();
    let unknown: Vec<_> = here.difference(&listed).collect();
    assert!(unknown.is_empty(), "in no list, so that nobody knows whether they work: {unknown:#?}");
    let gone: Vec<_> = listed.difference(&here).collect();
    assert!(gone.is_empty(), "in the list and on no page: {gone:#?}");
}

/// The commands within sentences of a page.
fn spans_of(page: &str) -> Vec<String> {
    let text = fs::read_to_string(folder(page)).unwrap();
    let sentences = text.split("```").step_by(2).collect::<String>();
    let spans = sentences.split('`').skip(1).step_by(2);
    let spans = spans.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    spans.filter(|span| PROGRAMS.iter().any(|it| span.starts_with(it))).collect()
}

/// The text of all files of a suite.
fn suite(name: &str) -> String {
    fn gather(place: &Path, text: &mut String) {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|it| it != "node_modules") {
                gather(&path, text);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    gather(&folder("tests").join(name), &mut text);
    text
}

#[test]
fn every_test_that_the_inventory_names_is_there() {
    let fates = all_blocks().chain(COMMANDS).map(|(_, _, fate)| fate);
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for fate in fates {
        match fate {
            Run(tests) => named.extend(tests.iter()),
            Shown(reason) => assert!(reason.len() > 10, "{reason:?} is no reason"),
        }
    }
    assert!(named.len() > 15, "{named:?}");
    for test in named {
        let (binary, rest) = test.split_once("::").unwrap();
        let function = rest.rsplit("::").next().unwrap();
        assert!(suite(binary).contains(&format!("fn {function}(")), "there is no {test}");
    }
    for (page, module) in FOLLOWED {
        assert!(blocks().iter().any(|it| it.page == *page), "{page}");
        let (binary, module) = module.split_once("::").unwrap();
        assert!(folder("tests").join(binary).join(module).with_extension("rs").is_file());
    }
}
