//! The `neokeys` program.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    neokeys::cli::run(env::args_os())
}
