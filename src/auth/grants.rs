//! The permissions that a caller may pass on.

use serde::{Deserialize, Serialize};

/// Which permissions a caller may give a key: the setting `auth.grants`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grants {
    /// Any: the contract demands only the write scope.
    #[default]
    Any,
    /// Only those that the caller holds itself.
    Subset,
}
