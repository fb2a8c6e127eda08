//! The cost of a request as stores and connections grow, which it should not do.

use std::fmt::Write as _;

use crate::load::Load;
use crate::plot::{self, Line};
use crate::population::{self, Population, token};
use crate::report::{self, Pages};
use crate::rounds::{Case, Figure, alternate};
use crate::server::Server;

const ROUNDS: usize = 5;
/// One tenant has at most so many keys; more keys are more tenants.
const MOST_OF_ONE: usize = 10_000;
/// Seconds in which every tenant is asked for once.
const LOADING: u64 = 5;

pub fn run(pages: &Pages) {
    let keys = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].map(|keys: usize| {
        let tenants = keys.div_ceil(MOST_OF_ONE);
        (keys, Store::new(tenants, keys / tenants))
    });
    let tenants = [1, 10, 100, 1_000, 10_000, 100_000].map(|it: usize| (it, Store::new(it, 1)));
    let one = Store::new(1, 10);
    let connections = [1, 4, 16, 64, 256, 1_024];

    let (path, own) = (population::key(0, 3), token(0, 3));
    let same = Load::same(&path, &[("X-API-KEY", own.as_str())]);
    let mut cases: Vec<_> = keys.iter().map(|(size, store)| store.case("keys", *size)).collect();
    cases.extend(tenants.iter().map(|(size, store)| store.case("tenants", *size)));
    cases.extend(connections.map(|count| {
        Case::new(format!("connections: {count}"), &one.server, same.clone().over(count))
    }));
    alternate(&mut cases, ROUNDS);

    let sizes = keys.iter().map(|(size, _)| *size).chain(tenants.iter().map(|(size, _)| *size));
    let sizes: Vec<_> = sizes.chain(connections).collect();
    let mut lines = Vec::new();
    for (name, kind) in [
        ("keys in the store", "keys"),
        ("tenants, of one key each", "tenants"),
        ("connections", "connections"),
    ] {
        let of_kind = cases.iter().zip(&sizes).filter(|(case, _)| case.name.starts_with(kind));
        let points = of_kind.map(|(case, size)| (precise(*size), case.figure(|it| it.cpu_us)));
        lines.push(Line { name: name.to_owned(), points: points.collect() });
    }
    let title = "Server CPU per GET of one key, chosen at random";
    let mut text = format!("# What a request costs as things grow\n\n![{title}](growth.svg)\n\n");
    for line in &lines {
        let smallest = line.points[0].1.median;
        let Figure { median, .. } = line.points[line.points.len() - 1].1;
        let most = line.points[line.points.len() - 1].0;
        writeln!(text, "- {} {}: {:.2} × of one.", most, line.name, median / smallest).unwrap();
    }
    writeln!(text, "\n{}\n{REMARKS}", report::cases(&cases)).unwrap();
    pages.page("growth", &text);
    pages.plot("growth", &plot::lines(title, "µs", &lines));
}

const REMARKS: &str = "\
GET of one key with X-API-KEY, log off, all tenants loaded; keys and tenants are chosen at random \
for every request, over 64 connections. One tenant has at most 10,000 keys; more keys are more \
tenants. More tenants cost accesses to memory that is in no cache of the processor: the kernel's, which \
looks for another file at each request, and the table of tenants. More keys cost such accesses to the \
tenants' indexes. With a single connection, every request costs a wait.
";

/// A store and the server that serves it, every tenant of it loaded.
struct Store {
    tenants: usize,
    keys: usize,
    server: Server,
    _population: Population,
}

impl Store {
    fn new(tenants: usize, keys: usize) -> Self {
        let population = Population::of(tenants, keys);
        let settings = population.settings("growth.yml", "log: { level: off }\n");
        let server = Server::neokeys(&settings, None);
        let mut asked = 0.0;
        while asked < precise(tenants) {
            asked += Load::in_turn(tenants).run(server.port(), LOADING).requests;
        }
        Self { tenants, keys, server, _population: population }
    }

    fn case(&self, kind: &str, size: usize) -> Case<'_> {
        let load = Load::spread(self.tenants, self.keys);
        Case::new(format!("{kind}: {size}"), &self.server, load)
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn precise(number: usize) -> f64 {
    number as f64
}
