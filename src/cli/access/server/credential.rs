//! The credential that a server is asked with: never an argument, since those are seen by others.

use std::ffi::OsString;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use http::HeaderValue;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::environment;
use crate::cli::failure::Failure;
use crate::cli::files::read_file;

/// Where the credential is, if it is in a file.
#[derive(Debug, Args)]
pub(in crate::cli::access) struct CredentialArguments {
    /// A file with the bearer token or API key for the server, in place of NEOKEYS_TOKEN and
    /// NEOKEYS_API_KEY.
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
}

/// A credential as the header that it is sent in.
pub(in crate::cli::access) enum Credential {
    /// A bearer token, with the scheme.
    Bearer(HeaderValue),
    /// An API key.
    ApiKey(HeaderValue),
}

impl CredentialArguments {
    /// Finds the credential: in the file that is named, else in the environment.
    pub(in crate::cli::access) fn find(&self) -> Result<Option<Credential>, Failure> {
        if let Some(path) = &self.credential_file {
            let bytes = Zeroizing::new(read_file(path)?);
            let what = path.display().to_string();
            let text = str::from_utf8(&bytes).or(Err(refused(&what)))?.trim();
            return if is_jwt(text) {
                Credential::bearer(&what, text)
            } else {
                Credential::api_key(&what, text)
            }
            .map(Some);
        }
        let text = |name: &str, value: OsString| {
            value.into_string().map(Zeroizing::new).or(Err(refused(name)))
        };
        let (token, key) = (environment::TOKEN, environment::API_KEY);
        match (environment::find(token), environment::find(key)) {
            (Some(_), Some(_)) => Err(Failure::misused(format!("both {token} and {key} are set"))
                .hint("unset one of them")),
            (Some(value), None) => Credential::bearer(token, &text(token, value)?).map(Some),
            (None, Some(value)) => Credential::api_key(key, &text(key, value)?).map(Some),
            (None, None) => Ok(None),
        }
    }
}

impl Credential {
    /// A bearer token that was found there.
    pub(in crate::cli::access) fn bearer(what: &str, token: &str) -> Result<Self, Failure> {
        let token = Some(token.trim()).filter(|it| !it.is_empty()).ok_or_else(|| refused(what))?;
        header(what, &Zeroizing::new(format!("Bearer {token}"))).map(Self::Bearer)
    }

    fn api_key(what: &str, key: &str) -> Result<Self, Failure> {
        header(what, key.trim()).map(Self::ApiKey)
    }
}

fn header(what: &str, text: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(text).ok().filter(|value| !value.is_empty());
    let mut value = value.ok_or_else(|| refused(what))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The text is not repeated: it may be a secret with a mistake in it.
fn refused(what: &str) -> Failure {
    Failure::misused(format!("{what} holds no credential"))
        .hint("write the bearer token or the API key alone into it, on one line")
}

/// Whether a text is a JSON Web Token: three parts, of which the first is a JSON object in Base64url.
fn is_jwt(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    let header = URL_SAFE_NO_PAD.decode(parts[0]).unwrap_or_default();
    parts.len() == 3 && serde_json::from_slice::<Value>(&header).is_ok_and(|it| it.is_object())
}

#[cfg(test)]
mod tests {
    use super::is_jwt;

    #[test]
    fn a_token_is_told_from_an_api_key() {
        assert!(is_jwt("eyJhbGciOiJFUzI1NiJ9.e30.c2ln"));
        for key in ["nsk_3rzXqVYbR9mWfK2dT8hJ5n", "a.b.c", "", "eyJhbGciOiJFUzI1NiJ9", "e30.e30"] {
            assert!(!is_jwt(key), "{key}");
        }
    }
}
