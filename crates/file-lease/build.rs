//! Says in one sentence where this cannot be built, before the compiler says it in fifty errors.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var_os("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if system != "linux" {
        let system = system.display();
        println!(
            "cargo::error=neokeys runs on Linux, not on {system}: run its container image there, as \
             docs/deployment.md says"
        );
    }
}
