//! The cost of requests, over HTTP: `cargo bench --bench http -- targets`.
//!
//! The release binary and, in the same run, a bare actix-web handler of the same crate versions that
//! answers the same bytes with the same headers, loaded by wrk (Debian: wrk) on loopback. `growth`
//! shows that the cost stays what it is as stores and connections grow. With `--record` the tables
//! and plots in `docs/speed/` and the table of `README.md` are made anew.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a benchmark ends at its first fault and prints what it measured"
)]

#[cfg(all(feature = "ext-authz", feature = "tower"))]
mod askers;
mod audit;
mod bare;
mod callgrind;
mod capabilities;
mod compare;
mod console;
mod growth;
mod instructions;
mod issuer;
mod load;
mod machine;
mod plot;
mod population;
mod questions;
mod report;
mod rounds;
mod server;
mod soak;
mod targets;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::report::Pages;

/// Measures what requests cost.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Make the pages of the repository anew.
    #[arg(long, global = true)]
    record: bool,
    /// The arguments that cargo passes on.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Part {
    /// The table of targets; this is what is measured unless something else is named.
    Targets,
    /// The audit log: changes with and without it, and a million events.
    Audit,
    /// The questions of other services.
    Questions,
    /// Envoy over gRPC, the guard on axum, and a report of leaked tokens.
    #[cfg(all(feature = "ext-authz", feature = "tower"))]
    Askers,
    /// The console in Chromium, by the scripts of `tests/browser`.
    Console,
    /// Requests in instructions, which are the same on every machine; needs valgrind.
    Instructions {
        /// Fail where they are not those that the repository has.
        #[arg(long)]
        check: bool,
    },
    /// The same request with each capability off and on; needs valgrind.
    Capabilities,
    /// Requests as stores and connections grow.
    Growth,
    /// The same work by better-auth (npm) and djangorestframework-api-key (PyPI), which this
    /// installs under `target/tools`.
    Compare,
    /// Mixed load for a while.
    Soak {
        /// How long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// The bare handler itself.
    #[command(hide = true)]
    Bare {
        /// The answer to give.
        answer: PathBuf,
    },
    /// A handler on axum, guarded if there is a store.
    #[cfg(all(feature = "ext-authz", feature = "tower"))]
    #[command(hide = true)]
    Axum {
        /// The store.
        store: Option<PathBuf>,
    },
}

fn main() {
    let arguments = Arguments::parse();
    let pages = || Pages::new(arguments.record);
    match arguments.part {
        None | Some(Part::Targets) => targets::run(&pages()),
        Some(Part::Audit) => audit::run(&pages()),
        Some(Part::Questions) => questions::run(&pages()),
        Some(Part::Console) => console::run(&pages()),
        Some(Part::Instructions { check: true }) => instructions::check(&pages()),
        Some(Part::Instructions { check: false }) => instructions::record(&pages()),
        Some(Part::Capabilities) => capabilities::run(&pages()),
        Some(Part::Growth) => growth::run(&pages()),
        Some(Part::Compare) => compare::run(&pages()),
        Some(Part::Soak { minutes }) => soak::run(&pages(), minutes),
        Some(Part::Bare { answer }) => bare::serve(&answer),
        #[cfg(all(feature = "ext-authz", feature = "tower"))]
        Some(Part::Askers) => askers::run(&pages()),
        #[cfg(all(feature = "ext-authz", feature = "tower"))]
        Some(Part::Axum { store }) => askers::serve(store.as_deref()),
    }
}
