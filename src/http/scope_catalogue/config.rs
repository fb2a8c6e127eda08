//! The settings of the scope catalogue: `scopes` and `scopes.check`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::domain::Scope;

/// The known scopes, and what becomes of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopesConfig {
    /// The scopes, in the order in which people are shown them.
    pub known: KnownScopes,
    /// The check of a scope that is not among them.
    pub check: ScopeCheck,
}

/// The check of a scope that is not known and that a key is to hold: the setting `scopes.check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeCheck {
    /// Nothing.
    #[default]
    Off,
    /// A line in the log.
    Warn,
    /// The request is refused.
    Refuse,
}

/// A scope that a deployment knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownScope {
    /// Its name, as keys hold it.
    pub name: String,
    /// The access that it permits, for people.
    pub description: String,
    /// The heading that it is shown under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether keys should not be given it any more.
    #[serde(default)]
    pub deprecated: bool,
}

/// Known scopes: valid names, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<KnownScope>")]
pub struct KnownScopes(Vec<KnownScope>);

impl KnownScopes {
    /// The scopes in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[KnownScope] {
        &self.0
    }
}

impl TryFrom<Vec<KnownScope>> for KnownScopes {
    type Error = String;

    fn try_from(scopes: Vec<KnownScope>) -> Result<Self, String> {
        let mut names = HashSet::new();
        for KnownScope { name, .. } in &scopes {
            Scope::validate(name)
                .map_err(|error| format!("{name:?} is refused: a scope {error}"))?;
            if !names.insert(name) {
                return Err(format!("{name:?} is listed twice; remove one of them"));
            }
        }
        Ok(Self(scopes))
    }
}
