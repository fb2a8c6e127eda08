//! The issuer of `serve --dev`: a sign-in page, tokens and a key set, for one developer on one
//! machine.
//!
//! Whoever reaches the page may sign in as anybody, so the service has it on loopback alone. Its key
//! is made at start and dies with the process: no token of it is good anywhere else.
//!
//! Invariant: a token leaves only to the page that the developer looks at, or by a redirect to this
//! server's own Swagger UI.

mod page;
mod sign_in;
mod token;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig, ThinData};
use serde_json::{Value, json};

use crate::auth::Clock;
use crate::auth::bearer::{FixedIssuer, IssuerConfig, SigningAlgorithm};

pub use token::{DevIssuerError, SigningKey, TokenRequest};

/// Where the issuer is, below the server's origin. Its name ends so.
const ROOT: &str = "/dev-issuer/";

/// An issuer with a key of its own.
pub struct DevIssuer {
    key: SigningKey,
    clock: Arc<dyn Clock>,
    origin: String,
    tenants_claim: String,
    tenants: Vec<String>,
    scopes: Vec<String>,
}

impl DevIssuer {
    /// An issuer on a server with this origin (`http://127.0.0.1:8080`), which offers these tenants
    /// and scopes on its page and names a token's tenants in this claim.
    ///
    /// # Errors
    /// [`DevIssuerError`] when the operating system gives no randomness for a key.
    pub fn generate(
        origin: String,
        tenants_claim: String,
        tenants: Vec<String>,
        scopes: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DevIssuerError> {
        Ok(Self { key: SigningKey::generate()?, clock, origin, tenants_claim, tenants, scopes })
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}{ROOT}", self.origin)
    }

    /// The `aud` of its tokens.
    #[must_use]
    pub fn audience(&self) -> String {
        format!("{}/api/", self.origin)
    }

    /// Where a user signs in.
    #[must_use]
    pub fn authorization_url(&self) -> String {
        format!("{}authorize", self.name())
    }

    /// Its public key, as a JSON Web Key Set (RFC 7517 §5).
    #[must_use]
    pub fn key_set(&self) -> Value {
        json!({ "keys": [self.key.public_jwk()] })
    }

    /// The server's own origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What a verifier has to know to take its tokens.
    #[must_use]
    pub fn trust(&self) -> FixedIssuer {
        FixedIssuer {
            config: IssuerConfig {
                issuer: self.name(),
                audience: self.audience(),
                jwks: None,
                algorithms: vec![SigningAlgorithm::Es256],
                access_tokens_only: true,
            },
            keys: self.key_set(),
        }
    }

    /// A token. A secret.
    ///
    /// # Errors
    /// [`DevIssuerError`] when the operating system gives no randomness for a signature.
    pub fn sign(&self, request: &TokenRequest) -> Result<String, DevIssuerError> {
        let now = self.clock.since_epoch();
        let mut claims = json!({
            "iss": self.name(),
            "aud": self.audience(),
            "sub": request.subject,
            "iat": now.as_secs(),
            "exp": (now + request.lifetime).as_secs(),
            "permissions": request.permissions,
        });
        claims[&self.tenants_claim] = request.tenants.clone().into();
        self.key.sign(&claims)
    }

    /// The one address that tokens are sent to.
    fn redirect_target(&self) -> String {
        format!("{}/swagger-ui/oauth2-redirect.html", self.origin)
    }

    /// Adds its addresses.
    pub fn configure(self: &Arc<Self>, config: &mut ServiceConfig) {
        config.app_data(ThinData(Arc::clone(self))).service(
            web::scope(ROOT.trim_end_matches('/'))
                .route("/authorize", web::get().to(sign_in::show))
                .route("/authorize", web::post().to(sign_in::grant))
                .route("/.well-known/jwks.json", web::get().to(key_set))
                .route("/.well-known/openid-configuration", web::get().to(discovery)),
        );
    }
}

/// The issuer, as handlers take it.
type Issuer = ThinData<Arc<DevIssuer>>;

async fn key_set(issuer: Issuer) -> HttpResponse {
    HttpResponse::Ok().json(issuer.key_set())
}

/// OpenID Connect Discovery 1.0 §3, as far as the issuer goes.
async fn discovery(issuer: Issuer) -> HttpResponse {
    let name = issuer.name();
    HttpResponse::Ok().json(json!({
        "issuer": name,
        "authorization_endpoint": issuer.authorization_url(),
        "jwks_uri": format!("{name}.well-known/jwks.json"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": issuer.scopes,
    }))
}
