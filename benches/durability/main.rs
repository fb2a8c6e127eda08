//! The cost of durability: `cargo bench --bench durability`.
//!
//! Durable updates (PUT over HTTP) against a bare loop of stage, write, fsync, rename and
//! fsync(folder) of the same bytes on the same disk, in the same process, in alternating rounds; the
//! check that a tenant's file is unchanged; and the memory and loading time of a million keys. All of it
//! without the audit log, whose cost `--bench http -- audit` measures. The folder is made under
//! `$NEOKEYS_BENCH_DIR`, or the target folder.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark ends at its first fault and prints what it measured"
)]

mod load;
mod population;
mod replace;

use std::time::Duration;

use population::Population;

/// Rounds of each measurement; they alternate with the baseline's.
const ROUNDS: usize = 5;
/// How long a round takes.
const ROUND: Duration = Duration::from_secs(3);

fn main() {
    println!("| durable updates of one tenant | baseline, 1/s | updates, 1/s | ratio | target |");
    println!("|---|---|---|---|---|");
    for (keys, clients, target) in
        [(100, 1, 0.75), (100, 64, 8.0), (10_000, 1, 0.6), (10_000, 64, 10.0)]
    {
        let population = Population::one_tenant(keys);
        let mut rates: [Vec<f64>; 2] = Default::default();
        let service = load::Service::start(&population);
        for _ in 0..ROUNDS {
            rates[0].push(replace::rate(&population, ROUND));
            rates[1].push(service.update_rate(clients, ROUND));
        }
        let [baseline, updates] = rates.map(median);
        let size = population.bytes_of_first() / 1000;
        println!(
            "| {keys} keys ({size} kB), {clients} clients | {baseline:.0} | {updates:.0} | {:.2} | ≥ {target} |",
            updates / baseline
        );
    }
    println!("\n| reading | measured | target |\n|---|---|---|");
    println!(
        "| check that a loaded tenant is unchanged | {:.2} µs | ≤ 3 µs |",
        population::freshness_check()
    );
    let loaded = population::load_a_million_keys();
    println!(
        "| memory a key, 1,000,000 keys over 10,000 tenants, beyond the files | {:.0} B | ≤ 400 B |",
        loaded.bytes_a_key
    );
    println!("| cold load of them | {:.0} MB/s | ≥ 60 MB/s |", loaded.megabytes_a_second);
}

/// The middle of the rounds.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
