//! Access tokens in the shapes of the identity providers that `docs/identity-providers.md` names,
//! with the settings that stand there.

use serde_json::{Value, json};

use neokeys::auth::bearer::{
    BearerConfig, BearerError, BearerVerifier, FixedIssuer, IssuerConfig, SigningAlgorithm,
};
use neokeys::auth::{Principal, Tenants};
use neokeys::domain::Scope;
use neokeys_testkit::clock::{NOW, TestClock};
use neokeys_testkit::signer::{Signer, signer};

use crate::verifier_of;

fn rs256() -> &'static Signer {
    signer(SigningAlgorithm::Rs256)
}

/// A provider's issuer and audience.
fn provider(issuer: &str, audience: &str) -> IssuerConfig {
    let mut config = IssuerConfig::new(issuer, audience);
    config.algorithms = vec![SigningAlgorithm::Rs256];
    config
}

/// The verdict of a service with that provider and tenants claim. `jwk` are members that the
/// provider writes into its keys beside the numbers.
async fn judge(
    config: IssuerConfig,
    tenants_claim: &str,
    jwk: &Value,
    token: &str,
) -> Result<Principal, BearerError> {
    let numbers = rs256().jwk();
    let mut key = json!({ "kty": "RSA", "kid": numbers["kid"], "n": numbers["n"], "e": "AQAB" });
    for (name, value) in jwk.as_object().unwrap() {
        key[name] = value.clone();
    }
    // Keycloak publishes a key for encryption beside the one for signatures.
    let encryption = json!({ "kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP",
        "n": numbers["n"], "e": "AQAB" });
    let keys = json!({ "keys": [encryption, key] });
    let config = FixedIssuer { config, keys };
    let mut settings = BearerConfig::default();
    tenants_claim.clone_into(&mut settings.tenants_claim);
    let verifier = BearerVerifier::open_with(settings, vec![config], TestClock::new());
    verifier.await.unwrap().verify(token).await
}

fn scopes(principal: &Principal) -> Vec<&str> {
    principal.scopes.iter().map(Scope::as_str).collect()
}

fn tenants(principal: &Principal) -> Vec<String> {
    match &principal.tenants {
        Tenants::All => vec!["every tenant".to_owned()],
        Tenants::One(_) | Tenants::These(_) => {
            principal.tenants.named().iter().map(ToString::to_string).collect()
        }
    }
}

fn key(typ: Option<&str>) -> Value {
    let mut header = json!({ "alg": "RS256", "kid": "k-RS256" });
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    header
}

#[tokio::test]
async fn auth0_grants_in_permissions_and_scope_for_two_audiences() {
    let claims = json!({
        "https://neostore.cloud/tenants": ["demo"],
        "iss": "https://neostore.eu.auth0.com/", "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": ["https://app.neostore.cloud/api/", "https://neostore.eu.auth0.com/userinfo"],
        "iat": NOW, "exp": NOW + 86_400, "azp": "client-1", "gty": "password",
        "scope": "openid profile tenant.apiKey:read",
        "permissions": ["tenant.apiKey:read", "tenant.apiKey:write"],
    });
    let published = json!({ "use": "sig", "alg": "RS256", "x5t": "AAAA", "x5c": ["AAAA"] });
    let config = provider("https://neostore.eu.auth0.com/", "https://app.neostore.cloud/api/");
    let claim = "https://neostore.cloud/tenants";
    let token = rs256().sign(&key(Some("JWT")), &claims);
    let principal = judge(config.clone(), claim, &published, &token).await.unwrap();
    assert_eq!(
        scopes(&principal),
        ["tenant.apiKey:read", "tenant.apiKey:write", "openid", "profile"]
    );
    assert_eq!(tenants(&principal), ["demo"]);
    // The profile of RFC 9068 writes another type and a client_id.
    let mut strict = config;
    strict.access_tokens_only = true;
    assert_eq!(judge(strict.clone(), claim, &published, &token).await, Err(BearerError::WrongType));
    let token = rs256().sign(&key(Some("at+jwt")), &claims);
    assert!(judge(strict, claim, &published, &token).await.is_ok());
}

#[tokio::test]
async fn okta_grants_in_an_array_scp_and_writes_no_typ() {
    let claims = json!({
        "ver": 1, "jti": "AT.0", "iss": "https://neostore.okta.com/oauth2/default",
        "aud": "api://default", "iat": NOW, "exp": NOW + 3600, "cid": "0oa1", "uid": "00u1",
        "scp": ["openid", "tenant.apiKey:read"], "sub": "ada@neostore.cloud", "tenants": ["demo"],
    });
    let published = json!({ "use": "sig", "alg": "RS256" });
    let config = provider("https://neostore.okta.com/oauth2/default", "api://default");
    let token = rs256().sign(&key(None), &claims);
    let principal = judge(config, "tenants", &published, &token).await.unwrap();
    assert_eq!(scopes(&principal), ["openid", "tenant.apiKey:read"]);
    assert_eq!(
        (principal.subject.as_str(), tenants(&principal)),
        ("ada@neostore.cloud", vec!["demo".to_owned()])
    );
}

#[tokio::test]
async fn entra_grants_in_a_text_scp_with_keys_without_alg() {
    let issuer = "https://login.microsoftonline.com/8f3c1c1e-0000-4000-8000-000000000001/v2.0";
    let audience = "2b1f6f0a-0000-4000-8000-000000000002";
    let claims = json!({
        "aud": audience, "iss": issuer, "iat": NOW, "nbf": NOW, "exp": NOW + 4000, "ver": "2.0",
        "azp": "c0ffee00-0000-4000-8000-000000000003", "azpacr": "0", "name": "Ada",
        "oid": "0b1ec700-0000-4000-8000-000000000004", "scp": "tenant.apiKey:read other",
        "sub": "pairwise", "tid": "8f3c1c1e-0000-4000-8000-000000000001",
        "extn.tenants": ["demo", "acme"], "roles": ["Admin"],
    });
    let published = json!({ "use": "sig", "x5t": "AAAA", "x5c": ["AAAA"], "issuer": issuer });
    let config = provider(issuer, audience);
    let token = rs256().sign(&key(Some("JWT")), &claims);
    let principal = judge(config.clone(), "extn.tenants", &published, &token).await.unwrap();
    // `roles` are no scopes.
    assert_eq!(scopes(&principal), ["tenant.apiKey:read", "other"]);
    assert_eq!(tenants(&principal), ["demo", "acme"]);
    // A token of version 1 is of another issuer.
    let mut old = claims;
    old["iss"] = "https://sts.windows.net/8f3c1c1e-0000-4000-8000-000000000001/".into();
    let token = rs256().sign(&key(Some("JWT")), &old);
    let refused = judge(config, "extn.tenants", &published, &token).await;
    assert_eq!(refused, Err(BearerError::UnknownIssuer));
}

#[tokio::test]
async fn keycloak_grants_in_a_text_scope_beside_roles_and_another_audience() {
    let claims = json!({
        "exp": NOW + 300, "iat": NOW, "auth_time": NOW, "jti": "onrtac:1", "typ": "Bearer",
        "iss": "https://sso.neostore.cloud/realms/platform", "aud": ["neokeys", "account"],
        "sub": "f0000000-0000-4000-8000-000000000005", "azp": "console", "sid": "s1", "acr": "1",
        "realm_access": { "roles": ["offline_access", "admin"] },
        "resource_access": { "account": { "roles": ["view-profile"] } },
        "scope": "openid email tenant.apiKey:write", "organization": ["demo"],
    });
    let published = json!({ "use": "sig", "alg": "RS256", "x5t": "AAAA", "x5t#S256": "AAAA" });
    let config = provider("https://sso.neostore.cloud/realms/platform", "neokeys");
    let token = rs256().sign(&key(Some("JWT")), &claims);
    let principal = judge(config.clone(), "organization", &published, &token).await.unwrap();
    assert_eq!(scopes(&principal), ["openid", "email", "tenant.apiKey:write"]);
    assert_eq!(tenants(&principal), ["demo"]);
    // Without an audience mapper, only `account` is there.
    let mut unmapped = claims.clone();
    unmapped["aud"] = "account".into();
    let token = rs256().sign(&key(Some("JWT")), &unmapped);
    let refused = judge(config.clone(), "organization", &published, &token).await;
    assert_eq!(refused, Err(BearerError::WrongAudience));
    // With organization attributes added, the claim is an object: no list of tenants.
    let mut detailed = claims;
    detailed["organization"] = json!({ "demo": { "id": "1" } });
    let token = rs256().sign(&key(Some("JWT")), &detailed);
    let refused = judge(config, "organization", &published, &token).await;
    assert_eq!(refused, Err(BearerError::InvalidClaim("of tenants")));
}

#[tokio::test]
async fn an_id_token_is_for_the_client_and_not_for_this_service() {
    let config = provider("https://neostore.eu.auth0.com/", "https://app.neostore.cloud/api/");
    let claims = json!({
        "iss": "https://neostore.eu.auth0.com/", "sub": "auth0|1", "aud": "client-1", "iat": NOW,
        "exp": NOW + 36_000, "nonce": "n", "at_hash": "h", "scope": "*", "tenants": "*",
    });
    let token = rs256().sign(&key(Some("JWT")), &claims);
    let refused = judge(config, "tenants", &json!({ "use": "sig" }), &token).await;
    assert_eq!(refused, Err(BearerError::WrongAudience));
}

#[tokio::test]
async fn a_client_that_acts_for_itself_is_named_by_its_id() {
    let claims = json!({
        "iss": "https://login.example/", "aud": "api", "client_id": "worker", "iat": NOW,
        "exp": NOW + 60, "scope": "tenant.apiKey:read", "tenants": "*",
    });
    let mut config = provider("https://login.example/", "api");
    config.access_tokens_only = true;
    let keys = json!({ "keys": [rs256().jwk()] });
    let verifier = verifier_of(config, keys, TestClock::new()).await;
    let token = rs256().sign(&key(Some("application/at+jwt")), &claims);
    let principal = verifier.verify(&token).await.unwrap();
    assert_eq!((principal.subject.as_str(), principal.tenants), ("worker", Tenants::All));
}
