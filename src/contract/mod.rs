//! The documented contract, as code that `build.rs` generates from `openapi/`.
