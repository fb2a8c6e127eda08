//! The settings of the console: `console.…`.

use crate::contract::{Operation as _, SCOPES};
use crate::http::operations::ListAuditEvents;

/// The console and its sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// Whether there is a console.
    pub enabled: bool,
    /// The client id that the identity provider knows it by.
    pub client_id: String,
    /// The scopes that it asks the identity provider for.
    pub scopes: Vec<String>,
    /// The issuer that it signs in at; none: the first of those that are trusted.
    pub issuer: Option<String>,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        let of_provider = ["openid", "offline_access"];
        let own = SCOPES.iter().copied().chain([ListAuditEvents::SCOPE]);
        Self {
            enabled: true,
            client_id: "neokeys-console".to_owned(),
            scopes: of_provider.into_iter().chain(own).map(str::to_owned).collect(),
            issuer: None,
        }
    }
}
