//! Requests to an issuer: its addresses (`OpenID` Connect Discovery 1.0), codes and tokens (RFC 8628, RFC
//! 6749 §6).

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::auth::bearer::is_loopback;
use crate::cli::failure::Failure;
use crate::cli::web;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An issuer that has the device grant.
pub(super) struct Issuer {
    client: Client,
    device_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) revocation_endpoint: Option<Url>,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

/// The codes of a sign-in: one is shown to a person, the other gets the tokens.
#[derive(Deserialize)]
pub(super) struct DeviceCodes {
    device_code: SecretString,
    pub(super) user_code: String,
    pub(super) verification_uri: String,
    pub(super) verification_uri_complete: Option<String>,
    pub(super) expires_in: u64,
    #[serde(default = "five")]
    pub(super) interval: u64,
}

const fn five() -> u64 {
    5
}

/// Tokens as they are issued.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: SecretString,
    pub(super) expires_in: Option<u64>,
    pub(super) refresh_token: Option<SecretString>,
}

/// An answer to who waits for tokens.
pub(super) enum Asked {
    Granted(Tokens),
    Pending,
    SlowDown,
    Denied,
    Expired,
}

/// An error as RFC 6749 §5.2 has it.
#[derive(Debug, Deserialize)]
pub(super) struct OauthError {
    pub(super) error: String,
    #[serde(default)]
    error_description: String,
}

impl From<OauthError> for Failure {
    fn from(OauthError { error, error_description }: OauthError) -> Self {
        let told = if error_description.is_empty() { error } else { error_description };
        Self::because(format!("the issuer refused: {told}"))
    }
}

impl Issuer {
    /// Reads where the issuer is asked.
    pub(super) async fn discover(client: Client, name: &str, url: &Url) -> Result<Self, Failure> {
        let address = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        let answer = web::send(client.get(address)).await?;
        let status = answer.status().as_u16();
        let body = web::read(answer).await?;
        let metadata: Metadata = serde_json::from_slice(&body).ok().filter(|_| status == 200).ok_or_else(|| {
            Failure::because(format!("there is no issuer at this address: its discovery document is answered with status {status}"))
                .hint("--issuer is the name that the server's setting auth.bearer.issuers has")
        })?;
        if metadata.issuer != name {
            return Err(Failure::because("the discovery document is of another issuer")
                .hint("--issuer is the name exactly as that document has it"));
        }
        // An issuer elsewhere has no business with what listens on this machine.
        let endpoint = |text: &str| {
            let endpoint = web::parse_address("an address in the discovery document", text)?;
            if endpoint.scheme() == "http" && !is_loopback(url) {
                return Err(Failure::because("an address in the discovery document is not https"));
            }
            Ok(endpoint)
        };
        let device_endpoint = metadata.device_authorization_endpoint.as_deref().ok_or_else(|| {
            Failure::because("the issuer does not offer the device grant")
                .hint("have it turned on there, or set NEOKEYS_TOKEN to a token that you got otherwise")
        })?;
        Ok(Self {
            device_endpoint: endpoint(device_endpoint)?,
            token_endpoint: endpoint(&metadata.token_endpoint)?,
            revocation_endpoint: metadata
                .revocation_endpoint
                .as_deref()
                .map(endpoint)
                .transpose()?,
            client,
        })
    }

    /// Asks for codes.
    pub(super) async fn ask_for_codes(
        &self,
        request: &[(&str, &str)],
    ) -> Result<DeviceCodes, Failure> {
        Ok(post(&self.client, &self.device_endpoint, request).await??)
    }

    /// Asks whether somebody has answered.
    pub(super) async fn ask_for_tokens(
        &self,
        client_id: &str,
        codes: &DeviceCodes,
    ) -> Result<Asked, Failure> {
        let device_code = codes.device_code.expose_secret();
        let request =
            [("grant_type", DEVICE_CODE), ("client_id", client_id), ("device_code", device_code)];
        match post(&self.client, &self.token_endpoint, &request).await? {
            Ok(tokens) => Ok(Asked::Granted(tokens)),
            Err(refused) => match refused.error.as_str() {
                "authorization_pending" => Ok(Asked::Pending),
                "slow_down" => Ok(Asked::SlowDown),
                "access_denied" => Ok(Asked::Denied),
                "expired_token" => Ok(Asked::Expired),
                _ => Err(refused.into()),
            },
        }
    }
}

/// Sends a form; the inner error is what the issuer refuses.
pub(super) async fn post<T: DeserializeOwned>(
    client: &Client,
    url: &Url,
    form: &[(&str, &str)],
) -> Result<Result<T, OauthError>, Failure> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client.post(url.clone()).body(body);
    let answer =
        web::send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded")).await?;
    let status = answer.status();
    let body = web::read(answer).await?;
    // What it holds may be a secret, so it is not repeated.
    let foreign = |_: serde_json::Error| {
        Failure::because(format!("the answer is none of an issuer: its status is {status}"))
            .hint("a proxy may have answered; check the address of the issuer")
    };
    if status.is_success() {
        serde_json::from_slice(&body).map(Ok).map_err(foreign)
    } else {
        serde_json::from_slice(&body).map(Err).map_err(foreign)
    }
}
