//! What a deployment puts into the served documents in the contract's place.

/// The settings of the served documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractConfig {
    /// Where the service is, in place of the contract's servers; empty keeps those.
    pub servers: Vec<String>,
    /// Where a user signs in, in place of the contract's address.
    pub authorization_url: Option<String>,
}
