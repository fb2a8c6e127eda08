//! The matches that a report of leaked tokens has.

use serde::Deserialize;

use crate::problem::{Faults, Problem};

/// The most matches of a report.
const MOST: usize = 1_000;

/// A token that was found somewhere. It is a secret: nothing prints it.
#[derive(Deserialize)]
pub(super) struct Match {
    /// The token.
    pub(super) token: String,
    /// The type that the deployment gave the reporter for its tokens.
    #[serde(rename = "type")]
    pub(super) token_type: String,
    /// Where it was found, if that can be said.
    #[serde(default)]
    pub(super) url: Option<String>,
    /// The kind of place, such as `commit`; the case does not count.
    #[serde(default)]
    pub(super) source: Option<String>,
}

impl Match {
    /// Where it was found, for the log, without the token.
    pub(super) fn place(&self) -> String {
        let source = self.source.as_deref().unwrap_or("unknown").to_lowercase();
        let url = self.url.as_deref().unwrap_or_default();
        let place = format!("{source} {url}");
        if self.token.is_empty() { place } else { place.replace(&self.token, "[token]") }
    }
}

/// Reads the matches of a report.
///
/// # Errors
/// A 400 for what is no list of them, or one that is too long.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Match>, Problem> {
    let refused = |sentence: String| {
        let mut faults = Faults::default();
        faults.add(Faults::BODY, sentence);
        Problem::validation(faults)
    };
    // The parser's words may have a token in them.
    let matches: Vec<Match> = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        refused(format!("The body is not an array of matches (line {line}, column {column})."))
    })?;
    if matches.len() > MOST {
        return Err(refused(format!("A report has at most {MOST} matches.")));
    }
    Ok(matches)
}
