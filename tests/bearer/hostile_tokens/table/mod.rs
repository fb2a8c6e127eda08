//! The table of hostile tokens: each made with a good key where that is possible, so that nothing
//! but the rule in question stands in its way, and each with the rule that must refuse it.
//!
//! The verifier is held to it, and over a socket the program.

mod claims;
mod keys;
mod shapes;

use std::sync::LazyLock;

use serde_json::Value;

use neokeys::auth::bearer::{BearerError, SigningAlgorithm};
use neokeys_testkit::signer::{Signer, changed, claims_at, signer};

/// A second issuer, whose one key has the id that one of the first issuer's has.
pub(crate) const OTHER_ISSUER: &str = "https://other.example/";
/// Its key.
pub(crate) static OTHER_SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::generate(SigningAlgorithm::Es256, "k-ES256"));

/// When and where the tokens are tried.
pub(crate) struct Table<'a> {
    /// In seconds since the epoch.
    pub(crate) now: u64,
    /// An address that tokens name and that must see no request.
    pub(crate) canary: &'a str,
}

/// A token, and the rule that must refuse it.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) rule: BearerError,
}

/// The rows of one part of the table.
type Rows = Vec<Row>;

impl Table<'_> {
    /// Every row.
    pub(crate) fn rows(&self) -> Vec<Row> {
        [keys::rows(self), shapes::rows(self), claims::rows(self)].into_iter().flatten().collect()
    }

    fn claims(&self) -> Value {
        claims_at(self.now)
    }

    fn claims_with(&self, changes: &Value) -> Value {
        changed(self.claims(), changes)
    }
}

fn row(name: impl Into<String>, token: String, rule: BearerError) -> Row {
    Row { name: name.into(), token, rule }
}

fn es256() -> &'static Signer {
    signer(SigningAlgorithm::Es256)
}

/// The ES256 header with some members replaced.
fn header_with(changes: &Value) -> Value {
    changed(es256().header(), changes)
}

/// Malformed in whatever way.
const MALFORMED: BearerError = BearerError::Malformed("");
