//! A sign-in in a file that its user alone can read: `neokeys/login.json` in the folder of the user's state.
//!
//! Invariant: a refresh token that its issuer replaces is used once: whoever renews holds a lock, and looks
//! first whether somebody else has.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::issuer::{self, Tokens};
use crate::cli::environment;
use crate::cli::failure::Failure;
use crate::cli::web::{self, Trust};
use crate::clock::{Clock as _, SystemClock};

/// How long before its end an access token is renewed, in seconds.
const EARLY: u64 = 30;

/// The file of a sign-in.
pub(super) struct SessionFile {
    folder: PathBuf,
}

/// A sign-in.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) issuer: String,
    pub(super) client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<PathBuf>,
    pub(super) token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation_endpoint: Option<String>,
    #[serde(flatten)]
    pub(super) tokens: KeptTokens,
}

/// The tokens of a sign-in.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptTokens {
    #[serde(serialize_with = "exposed")]
    pub(super) access_token: SecretString,
    /// The second in which it ends, since the Unix epoch, if the issuer said so.
    pub(super) expires_at: Option<u64>,
    #[serde(serialize_with = "exposed_if_any")]
    pub(super) refresh_token: Option<SecretString>,
}

impl KeptTokens {
    /// Tokens that were issued just now. Where there is no new refresh token, the one before stays.
    pub(super) fn of(issued: Tokens, before: Option<SecretString>) -> Self {
        let now = SystemClock.since_epoch().as_secs();
        Self {
            access_token: issued.access_token,
            expires_at: issued.expires_in.map(|seconds| now.saturating_add(seconds)),
            refresh_token: issued.refresh_token.or(before),
        }
    }
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "serde hands it so")]
fn exposed_if_any<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|it| it.expose_secret()).serialize(serializer)
}

impl SessionFile {
    /// The file of whoever runs this command, in their folder of state (XDG Base Directory Specification).
    pub(super) fn of_user() -> Result<Self, Failure> {
        let state = environment::find("XDG_STATE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(environment::find("HOME")?).join(".local/state"));
        let base = state.filter(|path| path.is_absolute()).or_else(home);
        let base = base.ok_or_else(|| {
            Failure::because("there is no folder for a sign-in")
                .hint("set HOME or XDG_STATE_HOME, or set NEOKEYS_TOKEN to a token")
        })?;
        Ok(Self { folder: base.join("neokeys") })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("login.json")
    }

    fn failed(&self, action: &str, error: &std::io::Error) -> Failure {
        Failure::because(format!("{} cannot be {action}: {error}", self.path().display()))
    }

    /// The sign-in, if there is one.
    pub(super) fn read(&self) -> Result<Option<Session>, Failure> {
        let path = self.path();
        let text = match fs::read(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let mode = fs::metadata(&path).map_err(|error| self.failed("read", &error))?.mode();
        if mode & 0o077 != 0 {
            return Err(Failure::because(format!("{} can be read by others", path.display()))
                .hint("run `neokeys logout`, then `neokeys login` again"));
        }
        // The parser's error could repeat a token.
        let session: Option<Session> = serde_json::from_slice(&text).ok();
        session.map(Some).ok_or_else(|| {
            Failure::because(format!("{} holds no sign-in", path.display()))
                .hint("run `neokeys logout`, then `neokeys login` again")
        })
    }

    /// Puts a sign-in in the place of the one that there is.
    pub(super) fn write(&self, session: &Session) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| self.failed("written", error);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| failed(&error))?;
        let text = serde_json::to_vec(session).map_err(|error| Failure::refused(&error))?;
        let text = Zeroizing::new(text);
        let aside = self.folder.join(format!("login.json.{}", std::process::id()));
        // What a process of the same number left would keep its mode.
        let _ = fs::remove_file(&aside);
        let options = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside);
        let written = options.and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&aside, self.path())
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&aside);
            failed(&error)
        })
    }

    /// Takes the sign-in away.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        fs::remove_file(self.path()).map_err(|error| self.failed("removed", &error))
    }

    /// The access token of the sign-in, renewed unless somebody else did that meanwhile.
    pub(super) async fn renew(&self) -> Result<SecretString, Failure> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.folder.join("login.lock"));
        let lock: File = lock.map_err(|error| self.failed("locked", &error))?;
        let waiting = tokio::task::spawn_blocking(move || {
            flock(&lock, FlockOperation::LockExclusive).map(|()| lock)
        });
        let _lock = waiting
            .await
            .map_err(|error| Failure::refused(&error))?
            .map_err(|error| self.failed("locked", &error.into()))?;
        let again = |told: &str| Failure::because(told).hint("run `neokeys login` again");
        let session = self.read()?.ok_or_else(|| again("somebody signed out meanwhile"))?;
        if session.is_fresh() {
            return Ok(session.tokens.access_token);
        }
        let Some(refresh_token) = session.tokens.refresh_token.clone() else {
            return Err(again("the sign-in has expired, and its issuer gave no refresh token"));
        };
        let mut request = vec![
            ("grant_type", "refresh_token"),
            ("client_id", session.client_id.as_str()),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        request.extend(session.resource.as_deref().map(|resource| ("resource", resource)));
        let url = web::parse_address("the token endpoint", &session.token_endpoint)?;
        let client = Trust::of(session.ca.clone()).client(&url)?;
        let renewed: Tokens = issuer::post(&client, &url, &request).await?.map_err(|refused| {
            again(&format!("the sign-in cannot be renewed: {}", Failure::from(refused).message()))
        })?;
        let tokens = KeptTokens::of(renewed, Some(refresh_token));
        let session = Session { tokens, ..session };
        self.write(&session)?;
        Ok(session.tokens.access_token)
    }
}

impl Session {
    /// Whether the access token is good for a while yet.
    pub(super) fn is_fresh(&self) -> bool {
        let now = SystemClock.since_epoch().as_secs();
        self.tokens.expires_at.is_none_or(|end| now.saturating_add(EARLY) < end)
    }

    /// Tells the issuer that the sign-in is over (RFC 7009), if it wants to know.
    pub(super) async fn revoke(&self) -> Result<(), Failure> {
        let Some(endpoint) = &self.revocation_endpoint else { return Ok(()) };
        let url = web::parse_address("the revocation endpoint", endpoint)?;
        let token = self.tokens.refresh_token.as_ref().unwrap_or(&self.tokens.access_token);
        let form = [("client_id", self.client_id.as_str()), ("token", token.expose_secret())];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Trust::of(self.ca.clone()).client(&url)?.post(url).body(body);
        let request =
            request.header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let status = web::send(request).await?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::because(format!("it answered with status {status}")))
    }
}
