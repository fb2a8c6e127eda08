//! `neokeys --version`: the version, the commit that the program is made of, and the features that it has.

use std::sync::LazyLock;

/// The commit, as the build script found it; empty if there was no git and nobody set it.
const COMMIT: &str = env!("COMMIT_OF_NEOKEYS");

static WHOLE: LazyLock<String> = LazyLock::new(|| {
    let commit = if COMMIT.is_empty() { "unknown (built without git)" } else { COMMIT };
    let features = [
        ("etcd", cfg!(feature = "etcd")),
        ("object-storage", cfg!(feature = "object-storage")),
        ("ext-authz", cfg!(feature = "ext-authz")),
        ("tower", cfg!(feature = "tower")),
    ];
    let built_in: Vec<_> = features.iter().filter(|(_, is_in)| *is_in).map(|(it, _)| *it).collect();
    let features = if built_in.is_empty() { "none".to_owned() } else { built_in.join(", ") };
    format!("{}\ncommit: {commit}\nfeatures: {features}", env!("CARGO_PKG_VERSION"))
});

/// All of it, behind the program's name.
pub(super) fn whole() -> &'static str {
    &WHOLE
}
