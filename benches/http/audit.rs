//! The cost of the audit log: changes with and without it, and what is done with a million events.

use std::io::{Read as _, copy};
use std::process::Stdio;
use std::time::Instant;

use neokeys::domain::TenantId;
use neokeys_testkit::long_log;
use neokeys_testkit::server::neokeys;

use crate::bare::Answer;
use crate::load::Load;
use crate::machine::Cores;
use crate::population::{self, Population, token};
use crate::report::{self, Pages, Row};
use crate::rounds::{Case, Figure, Sample, alternate};
use crate::server::Server;

const ROUNDS: usize = 7;
/// Keys of the tenant that is changed.
const KEYS: usize = 100;
/// Events of the long log.
const EVENTS: u64 = 1_000_000;
/// Rounds of what is asked of the long log.
const ASKED: usize = 9;

pub fn run(pages: &Pages) {
    let (mut rows, loads) = changes();
    rows.extend(a_million_events());
    let text = format!(
        "# What the audit log costs\n\n{}\n{loads}\n{REMARKS}\n{MISSED}",
        report::rows(&rows)
    );
    pages.page("audit", &text);
}

const REMARKS: &str = "\
A tenant with 100 keys is changed by PUT, over one connection and over 64 of them, by a service with the audit log and \
by one without it, each on a folder of its own on the same disk; wrk loads them in seven alternating rounds of two seconds. \
Ratios are of medians of times: 1.18 times the time is 0.85 of the rate. The log of a million events is of one tenant; \
its pages are asked for over HTTP, a connection each, and `neokeys audit verify` is a process each time, reading from the \
page cache. An export is read as fast as it comes, and its memory is what the service held at its peak beyond what it held \
before.
";

/// The targets that the last recorded run missed, and why.
const MISSED: &str = "\
## What was missed, and by what

- **64 writers** took 1.36 times as long with the log; 1.18 was wanted. A change costs 19 µs of the processor more (51 to \
70: its line, its place in the tree, its share of the batch's signature and of the log's writing), and the server uses \
four fifths of its one core. Possible change: lines made and hashed by a thread of their own while the document is \
made, where there is a core to spare.
";

/// Changes with and without the log, and the reads beside them.
fn changes() -> (Vec<Row>, String) {
    let (bare, logged) = (Population::of(1, KEYS), Population::of(1, KEYS));
    let settings = "log: { level: off }\n";
    let without = format!("{settings}audit: {{ enabled: false }}\n");
    let without = Server::neokeys(&bare.settings("without.yml", &without), None);
    let with = Server::neokeys(&logged.settings("with.yml", settings), None);
    let own = token(0, 3);
    let get = Load::same(&population::key(0, 3), &[("X-API-KEY", &own)]);
    let (one, many) = (Load::changes(KEYS).over(1), Load::changes(KEYS));
    let mut cases = Vec::new();
    for (what, load) in [("one writer", one), ("64 writers", many), ("GET of one key", get)] {
        cases.push(Case::new(format!("{what}, without the log"), &without, load.clone()));
        cases.push(Case::new(format!("{what}, with it"), &with, load));
    }
    for case in &cases {
        case.warm_up();
    }
    alternate(&mut cases, ROUNDS);
    let row = |number: usize, of: fn(&Sample) -> f64, at_most: f64| {
        let (without, with) = (&cases[number], &cases[number + 1]);
        let figure = with.ratio(without, of);
        Row::ratio(&with.name.replace("with it", "with the log"), "without it", figure, at_most)
    };
    let time = |it: &Sample| 1.0 / it.rate;
    let rows = vec![row(0, time, 1.6), row(2, time, 1.18), row(4, |it| it.cpu_us, 1.1)];
    (rows, report::cases(&cases))
}

fn a_million_events() -> Vec<Row> {
    let document = population::document(0, 10).replace("tenant.apiKey:write", "'*'");
    let [short, long] = [1, EVENTS].map(|events| {
        let population = Population::empty().and_document(&document);
        let tenant = TenantId::parse("t000000").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(long_log::write(&population.store(), &tenant, events));
        population
    });
    let mut rows = pages_and_export(&long);
    rows.push(verify(&long));
    rows.push(starts(&short, &long));
    rows
}

fn start(population: &Population) -> Server {
    Server::neokeys(&population.settings("long.yml", "log: { level: off }\n"), None)
}

fn pages_and_export(long: &Population) -> Vec<Row> {
    let (server, own) = (start(long), token(0, 0));
    let headers = [("X-API-KEY", own.as_str())];
    let page = |filter: &str, events: usize| {
        let path = format!("/api/t000000/admin/audit/events?{filter}");
        let began = Instant::now();
        let answer = Answer::parse(&server.get(&path, &headers));
        let taken = began.elapsed().as_secs_f64() * 1e3;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["items"].as_array().unwrap().len(), events, "{filter}");
        taken
    };
    let row = |what: &str, figure: Figure, at_most: f64, unit: &'static str| {
        let (what, against) = (what.to_owned(), String::new());
        Row { what, against, figure, at_most, unit }
    };
    let milliseconds =
        |filter: &str, events: usize| Figure::of((0..ASKED).map(|_| page(filter, events)));
    let rare = format!("key={}&limit=100", long_log::RARE_KEY);
    let all = "a page of 100 of a million events";
    let mut rows = vec![
        row(all, milliseconds("limit=100", 100), 50.0, "ms"),
        // As many lines as a page looks at have three of them.
        row(&format!("{all}, filtered by a key that is rare"), milliseconds(&rare, 3), 50.0, "ms"),
        row(
            &format!("{all}, filtered by action and time"),
            milliseconds("action=Rotate&from=2026-01-01T00:00:00Z&limit=100", 100),
            50.0,
            "ms",
        ),
    ];
    let before = server.resident_mib();
    let mut answer = server.ask("GET", "/api/t000000/admin/audit/export", &headers, "");
    let mut head = [0; 15];
    answer.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    assert!(copy(&mut answer, &mut std::io::sink()).unwrap() > EVENTS * 100);
    let took = Figure::of([server.peak_mib() - before]);
    rows.push(row("memory that an export of a million events takes", took, 8.0, "MiB"));
    rows
}

/// Whole runs of the command, in microseconds a line.
fn verify(long: &Population) -> Row {
    let store = format!("file:{}", long.store().display());
    let run = || {
        let mut command = Cores::of_servers().command(neokeys().to_str().unwrap());
        command.args(["audit", "verify", "--tenant", "t000000", "--store", &store]);
        let began = Instant::now();
        let run = command.stdin(Stdio::null()).output().unwrap();
        let taken = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.starts_with("1000000 lines"), "{run:?}");
        #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
        let lines = EVENTS as f64;
        taken * 1e6 / lines
    };
    Row {
        what: "`neokeys audit verify` of a million events, a line".into(),
        against: "200,000 lines a second".into(),
        figure: Figure::of((0..ASKED).map(|_| run())),
        at_most: 5.0,
        unit: "µs",
    }
}

/// From the start of the process to its first answer.
fn starts(short: &Population, long: &Population) -> Row {
    let own = token(0, 0);
    let taken = |population: &Population| {
        let began = Instant::now();
        let server = start(population);
        let answer = server.get(&population::key(0, 0), &[("X-API-KEY", &own)]);
        let taken = began.elapsed().as_secs_f64();
        assert_eq!(Answer::parse(&answer).status, 200);
        taken
    };
    let (mut with_one, mut with_many) = (Vec::new(), Vec::new());
    for _ in 0..ASKED {
        with_one.push(taken(short));
        with_many.push(taken(long));
    }
    let rounds = Figure::of(with_many.iter().zip(&with_one).map(|(many, one)| many / one));
    let (many, one) = (Figure::of(with_many), Figure::of(with_one));
    let figure = Figure { median: many.median / one.median, ..rounds };
    let against = format!("with one event ({:.1} ms)", one.median * 1000.0);
    Row::ratio("start to first answer, a million events", &against, figure, 1.25)
}
