//! The settings of reports of leaked tokens: `leaks.…`.

use serde::{Deserialize, Serialize};

use crate::auth::ReporterKeys;

/// Reports of leaked tokens, and what becomes of the tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaksConfig {
    /// The type under which GitHub reports this deployment's tokens; none: no report is taken.
    pub token_type: Option<String>,
    /// Where GitHub's public keys are.
    pub keys: ReporterKeys,
    /// The action on a token that leaked.
    pub action: LeakAction,
}

/// The action on a token that leaked: the setting `leaks.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeakAction {
    /// It ends: of a current one, the key is disabled.
    #[default]
    Disable,
    /// A line in the log says that it leaked.
    Report,
}
