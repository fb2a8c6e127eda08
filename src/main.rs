//! The `neokeys` program.

fn main() {}
