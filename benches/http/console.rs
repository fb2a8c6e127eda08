//! The waits of readers of the console, in a Chromium: its first view, and the longest task that keeps a page of
//! 10,000 keys from answering.

use neokeys_testkit::programs::{node, program};
use serde::Deserialize;

use crate::population::{Population, token};
use crate::report::{self, Pages, Row};
use crate::rounds::Figure;
use crate::server::Server;

const KEYS: usize = 10_000;
const ROUNDS: usize = 15;
/// Milliseconds until the first view is in sight, and of a task that nobody takes for a wait (the limit of the
/// Long Tasks API).
const FIRST_VIEW_MS: f64 = 300.0;
const LONG_TASK_MS: f64 = 50.0;

/// The times of the visits, in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visits {
    version: String,
    first_views: Vec<f64>,
    tasks: Vec<(String, Vec<f64>)>,
}

pub fn run(pages: &Pages) {
    let store = Population::of(1, KEYS);
    let neokeys = Server::neokeys(&store.settings("console.yml", "log: { level: off }\n"), None);
    let visits = visit(&neokeys);

    let row = |what: &str, times: &[f64], at_most| {
        let figure = Figure::of(times.iter().copied());
        Row { what: what.to_owned(), against: String::new(), figure, at_most, unit: "ms" }
    };
    let first = row("The first view is in sight", &visits.first_views, FIRST_VIEW_MS);
    let tasks = visits.tasks.iter().map(|(what, times)| row(what, times, LONG_TASK_MS));
    let rows: Vec<_> = std::iter::once(first).chain(tasks).collect();
    let page = format!(
        "# What readers of the console wait for\n\n{}\nEach of {ROUNDS} visits is in a fresh profile of \
         Chromium {}, without a display or graphics processor. The first view is in sight when the browser has \
         painted the largest part of it (Largest Contentful Paint). Of a tenant with {KEYS} keys, the longest \
         task of the page's main thread is taken for each action, script and layout and all; a task over \
         {LONG_TASK_MS} ms is what the Long Tasks API of the W3C calls one. Its processor time is without what \
         other programs took of the time meanwhile. The browser has all cores.\n",
        report::rows(&rows),
        visits.version,
    );
    pages.page("console", &page);
}

fn visit(neokeys: &Server) -> Visits {
    let mut command = node("tests/browser", "console/speed.mjs");
    command.arg(format!("http://127.0.0.1:{}", neokeys.port()));
    command.args(["t000000", &token(0, 0), &ROUNDS.to_string()]);
    let output =
        command.env("CHROMIUM", program("/usr/bin/chromium", "chromium")).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaint}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
