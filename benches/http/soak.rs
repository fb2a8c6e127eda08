//! Minutes of mixed load, while tenants come and go: memory, open files and latency must stay what
//! they were.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::bare::Answer;
use crate::load::Load;
use crate::population::{self, Population, document, token};
use crate::report::Pages;
use crate::server::Server;

const TENANTS: usize = 20;
const KEYS: usize = 100;
/// Seconds between two looks at the server.
const SEGMENT: u64 = 30;
/// How long a tenant that comes stays, and how long until the next one comes.
const STAY: Duration = Duration::from_millis(50);

/// The observations after a segment.
struct Look {
    requests: f64,
    p50_us: f64,
    p99_us: f64,
    resident_mib: f64,
    open_files: usize,
}

pub fn run(pages: &Pages, minutes: u64) {
    let population = Population::of(TENANTS, KEYS);
    let settings = population.settings("soak.yml", "log: { format: json, level: info }\n");
    let server = Server::neokeys(&settings, Some(&population.folder().join("log")));
    let (over, passed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let looks = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                come_and_go(&population, &server, TENANTS + passed.fetch_add(1, Ordering::Relaxed));
            }
        });
        let looks: Vec<_> =
            (0..minutes * 60 / SEGMENT).map(|it| look(&population, &server, it)).collect();
        over.store(true, Ordering::Relaxed);
        looks
    });
    report(pages, minutes, passed.load(Ordering::Relaxed), &looks);
}

fn look(population: &Population, server: &Server, segment: u64) -> Look {
    let outcome = Load::mixed(TENANTS, KEYS, segment).run(server.port(), SEGMENT);
    // What the segment made is taken away, so that the stores are what they were.
    (0..TENANTS).for_each(|tenant| population.restore(tenant, KEYS));
    Look {
        requests: outcome.requests,
        p50_us: outcome.p50_us,
        p99_us: outcome.p99_us,
        resident_mib: server.resident_mib(),
        open_files: server.open_files(),
    }
}

/// A tenant that appears, is asked for, and goes.
fn come_and_go(population: &Population, server: &Server, tenant: usize) {
    let folder = population.store().join(format!("t{tenant:06}"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("security.yml"), document(tenant, KEYS)).unwrap();
    let (path, own) = (population::key(tenant, 3), token(tenant, 3));
    let status = || Answer::parse(&server.get(&path, &[("X-API-KEY", own.as_str())])).status;
    assert_eq!(status(), 200, "a tenant that came is not served");
    thread::sleep(STAY);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(status(), 401, "a tenant that went is served");
    thread::sleep(STAY);
}

fn report(pages: &Pages, minutes: u64, passed: usize, looks: &[Look]) {
    // The first minute is the warm-up: caches fill, the allocator takes what it needs.
    let (first, last) = (&looks[2.min(looks.len() - 1)], &looks[looks.len() - 1]);
    let requests: f64 = looks.iter().map(|look| look.requests).sum();
    let mut text = format!(
        "# {minutes} minutes of mixed load\n\n{requests:.0} requests, nine reads for each write, on \
         {TENANTS} tenants of {KEYS} keys, while {passed} further tenants were created, used \
         and deleted; JSON log to a file. Every answer was as expected.\n\n\
         | | after the first minute | at the end |\n|---|---|---|\n\
         | resident memory, MiB | {:.1} | {:.1} |\n| open files | {} | {} |\n\
         | p50, µs | {:.0} | {:.0} |\n| p99, µs | {:.0} | {:.0} |\n\n\
         | minute | requests | p50, µs | p99, µs | memory, MiB | open files |\n|---|---|---|---|---|---|\n",
        first.resident_mib,
        last.resident_mib,
        first.open_files,
        last.open_files,
        first.p50_us,
        last.p50_us,
        first.p99_us,
        last.p99_us,
    );
    for (look, segment) in looks.iter().zip(1_u32..) {
        let minute = f64::from(segment) / 2.0;
        writeln!(
            text,
            "| {minute} | {:.0} | {:.0} | {:.0} | {:.1} | {} |",
            look.requests, look.p50_us, look.p99_us, look.resident_mib, look.open_files
        )
        .unwrap();
    }
    pages.page("soak", &text);
}
