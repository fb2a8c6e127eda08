//! The addresses that a deployment puts into the served documents.

use super::public_url::PublicUrl;

/// The settings of the served documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractConfig {
    /// Where the service is, in place of the contract's servers; empty keeps those.
    pub servers: Vec<String>,
    /// Where a user signs in, in place of the contract's address.
    pub authorization_url: Option<String>,
    /// Where callers reach the service, if a proxy gives it an address of its own.
    pub public_url: Option<PublicUrl>,
}

impl ContractConfig {
    /// The servers that take the place of the contract's; none keeps those.
    pub(crate) fn own_servers(&self) -> Vec<&str> {
        match &self.public_url {
            Some(url) if self.servers.is_empty() => vec![url.as_str()],
            _ => self.servers.iter().map(String::as_str).collect(),
        }
    }
}
