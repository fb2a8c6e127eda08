//! A key as it is shown: what the documented operations answer, and its row in a table.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};

/// A key as JSON. Members that this version does not know stay in it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(in crate::cli) struct ShownKey {
    json: Value,
    #[serde(skip)]
    row: Row,
}

/// The members that a table has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    status: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    #[serde(default)]
    previous_tokens: Vec<PreviousToken>,
    permissions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PreviousToken {
    last_used_at: Option<String>,
}

impl ShownKey {
    /// Takes a key as an operation answers it.
    ///
    /// # Errors
    /// What a table needs and the key does not have.
    pub(in crate::cli) fn parse(json: Value) -> Result<Self, serde_json::Error> {
        Ok(Self { row: Row::deserialize(&json)?, json })
    }

    /// The name.
    pub(in crate::cli) fn name(&self) -> &str {
        &self.row.name
    }

    /// Writes it as a table or JSON.
    pub(in crate::cli) fn text(&self, json: bool) -> Result<String, Failure> {
        if json {
            crate::cli::output::to_json(self)
        } else {
            Ok(key_table(std::slice::from_ref(self)))
        }
    }

    /// Writes keys as a table or JSON.
    pub(in crate::cli) fn write_all(
        keys: &[Self],
        json: bool,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        if json { output.write_json(&keys) } else { output.write(&key_table(keys)) }
    }
}

fn key_table(keys: &[ShownKey]) -> String {
    let rows: Vec<_> = keys.iter().map(|key| key.row.cells()).collect();
    table(["NAME", "STATUS", "EXPIRES", "LAST USED", "PERMISSIONS"], &rows)
}

impl Row {
    fn cells(&self) -> [String; 5] {
        let previous = self.previous_tokens.iter().filter_map(|it| it.last_used_at.as_ref());
        // All of them are in UTC and in the same form, so the greatest text is the latest time.
        let last = self.last_used_at.iter().chain(previous).max();
        [
            self.name.clone(),
            self.status.clone(),
            self.expires_at.clone().unwrap_or_else(|| "never".to_owned()),
            last.cloned().unwrap_or_else(|| "-".to_owned()),
            self.permissions.join(" "),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ShownKey;

    #[test]
    fn a_key_of_a_later_version_is_shown_with_all_that_it_has() {
        let key = json!({
            "name": "a", "status": "paused", "permissions": ["x", "y"], "novelty": {"b": 1},
            "lastUsedAt": "2026-11-26T21:04:00Z",
            "previousTokens": [{"expiresAt": "2026-11-27T21:00:00Z", "lastUsedAt": "2026-11-26T22:00:00Z"}],
        });
        let shown = ShownKey::parse(key.clone()).unwrap();
        assert_eq!(serde_json::to_value(&shown).unwrap(), key);
        let table = shown.text(false).unwrap();
        assert!(table.ends_with("a     paused  never    2026-11-26T22:00:00Z  x y\n"), "{table}");
        assert!(ShownKey::parse(json!({"name": "a"})).is_err());
    }
}
