//! The keys of a platform's tenants: the rules on them, and where they are kept.
//!
//! [`domain`] has the rules on one tenant's keys, as plain values and pure functions. [`storage`] keeps
//! one `security.yml` a tenant, in a folder, in etcd or in a bucket, and hands out keyrings that are as
//! fresh as it. [`audit`] is what is recorded of each change. [`tally`] counts what happens, and [`clock`] has the time of day.
//! [`transparency`] proves that nothing was taken out of a log. Nothing in here knows HTTP, or who asks.
//!
//! It is a part of neokeys, a crate of its own so that the compiler keeps it apart from what is built on
//! it; what it has changes without notice.

pub mod audit;
pub mod causes;
pub mod clock;
pub mod domain;
pub mod storage;
pub mod tally;
pub mod transparency;
