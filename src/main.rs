//! The `neokeys` program.

use std::env;
use std::process::ExitCode;

/// The system's own keeps what a crowd of connections took until the process ends.
#[cfg(target_arch = "x86_64")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    neokeys::cli::run(env::args_os())
}
