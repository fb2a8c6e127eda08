//! What a deployment puts into the served documents in the contract's place.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

/// The settings of the served documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContractConfig {
    /// Where the service is, in place of the contract's servers; empty keeps those.
    #[serde(deserialize_with = "addresses")]
    pub servers: Vec<String>,
    /// Where a user signs in, in place of the contract's address.
    #[serde(deserialize_with = "optional_address")]
    pub authorization_url: Option<String>,
}

fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.into_iter().map(demand_address).collect()
}

fn optional_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(demand_address).transpose()
}

/// A served document with an address that no client can use would be found out late.
fn demand_address<E: Error>(text: String) -> Result<String, E> {
    let address = text.parse::<http::Uri>().ok();
    let usable = address.is_some_and(|address| {
        matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some()
    });
    if usable {
        Ok(text)
    } else {
        Err(E::invalid_value(Unexpected::Str(&text), &"an address that starts with http(s)://"))
    }
}
