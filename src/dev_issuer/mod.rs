//! The issuer of `serve --dev`: a sign-in page, tokens and a key set, for one developer on one
//! machine.
//!
//! The page speaks the implicit flow (RFC 6749 §4.2) with Swagger UI and the code flow with PKCE (RFC 7636)
//! with the console, the device grant (RFC 8628) with programs, or just shows the token. It asks for no password: whoever reaches it may be anybody.
//! That is why it exists on loopback addresses alone, answers under its own host names alone (so that no
//! site can reach it by pointing its name here), and answers to this server's own pages alone.
//!
//! Invariants: the private key lives in this process's memory and ends with it. A token is in one
//! answer and nowhere else; a [`SecretString`](secrecy::SecretString) carries it there.

mod answers;
mod authorize;
mod device;
mod device_codes;
mod page;
mod routes;
mod sign_ins;
mod signing;
mod token_endpoint;

use std::sync::Arc;

use actix_web::web;
use serde_json::{Value, json};

use crate::auth::bearer::{FixedIssuer, IssuerConfig, SigningAlgorithm};
use crate::clock::Clock;
use authorize::PROTOCOL_SCOPES;
use device_codes::{DEVICE_CODE, DeviceCodes};
use sign_ins::SignIns;
use signing::SigningKey;

pub(crate) use signing::{SigningError, TokenRequest};

/// Where every address of the issuer begins.
const ROOT: &str = "/dev-issuer";

/// The configuration of the issuer.
#[derive(Debug, Clone)]
pub(crate) struct DevIssuerConfig {
    /// This server's addresses, such as `http://127.0.0.1:8080`, or `https://example.com/neokeys`
    /// behind a proxy, without a slash at the end. The first is in the issuer's name; the others are
    /// further names that a browser may use.
    pub addresses: Vec<String>,
    /// `aud` of its tokens.
    pub audience: String,
    /// The claim that names tenants.
    pub tenants_claim: String,
    /// The tenants that the page offers; others can be typed.
    pub tenants: Vec<String>,
    /// The scopes that the page offers; others can be typed.
    pub scopes: Vec<String>,
}

impl DevIssuerConfig {
    /// Scheme, host and port of the addresses, as browsers say them in `Origin`.
    fn origins(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(|address| {
            let path = address.match_indices('/').nth(2).map_or(address.len(), |(at, _)| at);
            &address[..path]
        })
    }
}

/// An issuer with a key of its own.
pub(crate) struct DevIssuer {
    config: DevIssuerConfig,
    key: SigningKey,
    /// The sign-ins of the code flow.
    sign_ins: SignIns,
    /// The codes of the device grant that wait for an answer.
    device_codes: DeviceCodes,
    /// The Content-Security-Policy of its pages.
    policy: String,
    clock: Arc<dyn Clock>,
}

impl DevIssuer {
    /// Draws the signing key.
    ///
    /// # Errors
    /// [`SigningError`] when the operating system provides no random bytes.
    pub(crate) fn generate(
        config: DevIssuerConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SigningError> {
        let policy = page::policy(&config);
        Ok(Self {
            config,
            key: SigningKey::generate()?,
            sign_ins: SignIns::default(),
            device_codes: DeviceCodes::default(),
            policy,
            clock,
        })
    }

    /// The issuer for a verifier, which then needs no request over the network.
    pub(crate) fn trust(&self) -> FixedIssuer {
        let config = IssuerConfig {
            issuer: self.issuer(),
            audience: self.config.audience.clone(),
            jwks: None,
            ca: None,
            http_host: None,
            algorithms: vec![SigningAlgorithm::Es256],
            access_tokens_only: true,
        };
        FixedIssuer { config, keys: self.jwks() }
    }

    /// The public key as a key set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.key.jwk()] })
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`SigningError`] when the operating system provides no random bytes.
    pub(crate) fn sign(
        &self,
        request: &TokenRequest,
    ) -> Result<secrecy::SecretString, SigningError> {
        self.key.sign(&self.config, &self.issuer(), self.clock.since_epoch(), request)
    }

    /// The issuer's name, `iss` of its tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}{ROOT}", self.address())
    }

    /// The sign-in page's address, for the OAuth flow of the served documents.
    pub(crate) fn authorization_url(&self) -> String {
        format!("{}{ROOT}/authorize", self.address())
    }

    /// Adds its routes, all under `/dev-issuer/`.
    pub(crate) fn configure(self: &Arc<Self>, app: &mut web::ServiceConfig) {
        routes::configure(self, app);
    }

    /// The document of `OpenID` Connect Discovery 1.0 §3, as far as there is something to tell.
    fn discovery(&self) -> Value {
        let scopes =
            PROTOCOL_SCOPES.into_iter().chain(self.config.scopes.iter().map(String::as_str));
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": self.authorization_url(),
            "device_authorization_endpoint": format!("{}{ROOT}/device_authorization", self.address()),
            "token_endpoint": format!("{}{ROOT}/token", self.address()),
            "jwks_uri": format!("{}{ROOT}/.well-known/jwks.json", self.address()),
            "scopes_supported": scopes.collect::<Vec<_>>(),
            "response_types_supported": ["code", "token"],
            "grant_types_supported": ["authorization_code", "refresh_token", "implicit", DEVICE_CODE],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": true,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    }

    fn address(&self) -> &str {
        self.config.addresses.first().map_or("", String::as_str)
    }
}
