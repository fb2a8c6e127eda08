//! The settings under `auth.bearer`.

use std::collections::HashSet;
use std::path::PathBuf;

use reqwest::{Certificate, Url};
use serde::{Deserialize, Serialize};

use super::certificate_authorities;
use super::key_address::{self, HttpHost};
use super::{BearerConfigError, SigningAlgorithm};

/// Whose tokens are taken, and where they say what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BearerConfig {
    /// The claim that names the caller's tenants.
    pub tenants_claim: String,
    /// The issuers; no token is taken when there is none.
    pub issuers: Vec<IssuerConfig>,
}

impl Default for BearerConfig {
    fn default() -> Self {
        Self { tenants_claim: "tenants".to_owned(), issuers: Vec::new() }
    }
}

/// One issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssuerConfig {
    /// The `iss` of its tokens, compared exactly, the trailing slash too (RFC 7519 §4.1.1).
    pub issuer: String,
    /// The `aud` of its tokens, or one of theirs, compared exactly (RFC 7519 §4.1.3).
    pub audience: String,
    /// Where the issuer's key set is: an `https` URL (`http` for loopback hosts), or `file:PATH`.
    /// Absent: `OpenID` Connect Discovery at the issuer.
    #[serde(default)]
    pub jwks: Option<String>,
    /// A PEM file of the certificate authorities that vouch for the addresses its keys are fetched
    /// from. Absent: the operating system's; with it, they do not count.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// A host, with its port if need be, from which its keys may come over `http`. Absent: over
    /// `https` alone, but for loopback hosts.
    #[serde(default)]
    pub http_host: Option<String>,
    /// The algorithms that its tokens may be signed with.
    #[serde(default = "SigningAlgorithm::all")]
    pub algorithms: Vec<SigningAlgorithm>,
    /// Takes tokens of `typ: at+jwt` alone (RFC 9068 §4), which tells an access token from an ID
    /// token even where both have one audience.
    #[serde(default)]
    pub access_tokens_only: bool,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyLocation {
    /// A file on this machine.
    File(PathBuf),
    /// The key set's address.
    Address(Url),
    /// The address of the document that names the key set's.
    Discovery(Url),
}

impl KeyLocation {
    fn is_https(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Address(url) | Self::Discovery(url) => url.scheme() == "https",
        }
    }
}

impl KeyLocation {
    fn may_lead_to_http(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Address(url) => url.scheme() == "http",
            Self::Discovery(_) => true,
        }
    }
}

impl BearerConfig {
    /// Finds what serde cannot: empty texts, repeated issuers, addresses that may not be used.
    /// Gives where each issuer's keys are, in order.
    pub(super) fn validate(&self) -> Result<Vec<KeyLocation>, BearerConfigError> {
        demand(&self.tenants_claim, "tenants_claim")?;
        let mut names = HashSet::new();
        let mut locations = Vec::new();
        for (index, issuer) in self.issuers.iter().enumerate() {
            issuer.validate(&format!("issuers[{index}]"))?;
            if !names.insert(&issuer.issuer) {
                return Err(BearerConfigError::RepeatedIssuer { index });
            }
            let location = issuer.location(index)?;
            if issuer.ca.is_some() && !location.is_https() {
                return Err(BearerConfigError::NeedlessAuthorities { index });
            }
            // What a discovery document names is not known yet.
            if issuer.http_host.is_some() && !location.may_lead_to_http() {
                return Err(BearerConfigError::NeedlessHttpHost { index });
            }
            locations.push(location);
        }
        Ok(locations)
    }
}

impl IssuerConfig {
    /// An issuer whose keys are discovered at it, and whose tokens may be signed with every algorithm
    /// that is known.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            jwks: None,
            ca: None,
            http_host: None,
            algorithms: SigningAlgorithm::all(),
            access_tokens_only: false,
        }
    }

    /// Finds empty settings of the issuer that stands at `path`.
    pub(super) fn validate(&self, path: &str) -> Result<(), BearerConfigError> {
        demand(&self.issuer, &format!("{path}.issuer"))?;
        demand(&self.audience, &format!("{path}.audience"))?;
        if self.algorithms.is_empty() {
            return Err(BearerConfigError::Empty { setting: format!("{path}.algorithms") });
        }
        Ok(())
    }

    /// The certificate authorities that its file names, if it names one.
    pub(super) fn authorities(
        &self,
        index: usize,
    ) -> Result<Option<Vec<Certificate>>, BearerConfigError> {
        let read =
            |path: &PathBuf| {
                certificate_authorities::read(path).map_err(|source| {
                    BearerConfigError::Authorities { index, path: path.clone(), source }
                })
            };
        self.ca.as_ref().map(read).transpose()
    }

    /// From which host its keys may come over `http`, if from any, with a warning in the log.
    pub(super) fn plain_host(&self, index: usize) -> Result<Option<HttpHost>, BearerConfigError> {
        if let Some(host) = &self.http_host {
            tracing::warn!(
                issuer = self.issuer,
                host,
                "the issuer's keys may come over http from this host: whoever can answer in its name, \
                 or change what it answers on its way, can make tokens"
            );
        }
        self.parse_http_host(index)
    }

    /// From which host its keys may come over `http`, if from any.
    fn parse_http_host(&self, index: usize) -> Result<Option<HttpHost>, BearerConfigError> {
        let parse = |text: &String| HttpHost::parse(text);
        let host = self.http_host.as_ref().map(parse);
        host.map(|host| host.ok_or(BearerConfigError::HttpHost { index })).transpose()
    }

    fn location(&self, index: usize) -> Result<KeyLocation, BearerConfigError> {
        let host = self.parse_http_host(index)?;
        let parse = |text: &str| key_address::parse(text, host.as_ref());
        let setting = format!("issuers[{index}].jwks");
        match self.jwks.as_deref() {
            Some(text) => match text.strip_prefix("file:") {
                Some("") => Err(BearerConfigError::Empty { setting }),
                Some(path) => Ok(KeyLocation::File(path.into())),
                None => parse(text)
                    .map(KeyLocation::Address)
                    .map_err(|source| BearerConfigError::Address { setting, source }),
            },
            // OpenID Connect Discovery 1.0 §4: appended after a terminating slash is removed.
            None => parse(&self.issuer)
                .and_then(|_| {
                    let root = self.issuer.strip_suffix('/').unwrap_or(&self.issuer);
                    parse(&format!("{root}/.well-known/openid-configuration"))
                })
                .map(KeyLocation::Discovery)
                .map_err(|source| BearerConfigError::Undiscoverable { index, source }),
        }
    }
}

fn demand(text: &str, setting: &str) -> Result<(), BearerConfigError> {
    if text.is_empty() {
        return Err(BearerConfigError::Empty { setting: setting.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BearerConfig, KeyLocation, SigningAlgorithm};

    fn config(yaml: &str) -> BearerConfig {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn the_documented_settings_are_read() {
        let config = config(
            "tenants_claim: https://neostore.cloud/tenants
issuers:
  - issuer: https://auth.neostore.cloud/
    audience: https://app.neostore.cloud/api/
    jwks: https://auth.neostore.cloud/.well-known/jwks.json
    algorithms: [RS256, EdDSA]
  - { issuer: https://login.example/realms/a, audience: api, access_tokens_only: true }
  - { issuer: here, audience: api, jwks: 'file:keys/jwks.json' }
",
        );
        let [first, second, third] = &config.validate().unwrap()[..] else {
            panic!("three issuers")
        };
        assert!(
            matches!(first, KeyLocation::Address(url) if url.path() == "/.well-known/jwks.json")
        );
        assert!(matches!(second, KeyLocation::Discovery(url)
            if url.as_str() == "https://login.example/realms/a/.well-known/openid-configuration"));
        assert_eq!(third, &KeyLocation::File("keys/jwks.json".into()));
        let algorithms: Vec<_> =
            config.issuers.iter().map(|issuer| issuer.algorithms.clone()).collect();
        assert_eq!(algorithms[0], [SigningAlgorithm::Rs256, SigningAlgorithm::EdDsa]);
        assert_eq!(algorithms[1], SigningAlgorithm::ALL);
        assert!(!config.issuers[0].access_tokens_only && config.issuers[1].access_tokens_only);
    }

    #[test]
    fn by_default_there_is_no_issuer() {
        let config = config("{}");
        assert_eq!(config, BearerConfig::default());
        assert_eq!((config.tenants_claim.as_str(), config.issuers.len()), ("tenants", 0));
        assert!(config.validate().unwrap().is_empty());
    }

    #[test]
    fn unknown_settings_and_algorithms_are_refused() {
        for yaml in [
            "tenant_claim: tenants",
            "issuers: [{ issuer: a, audience: b, keys: c }]",
            "issuers: [{ issuer: a, audience: b, algorithms: [HS256] }]",
            "issuers: [{ issuer: a, audience: b, algorithms: [none] }]",
            "issuers: [{ issuer: a }]",
        ] {
            assert!(serde_yaml::from_str::<BearerConfig>(yaml).is_err(), "{yaml}");
        }
    }

    #[test]
    fn a_fault_names_its_setting() {
        for (yaml, text) in [
            ("tenants_claim: ''", "auth.bearer.tenants_claim must not be empty"),
            (
                "issuers: [{ issuer: '', audience: b }]",
                "auth.bearer.issuers[0].issuer must not be empty",
            ),
            (
                "issuers: [{ issuer: 'https://a/', audience: '' }]",
                "auth.bearer.issuers[0].audience must not be empty",
            ),
            (
                "issuers: [{ issuer: 'https://a/', audience: b, algorithms: [] }]",
                "auth.bearer.issuers[0].algorithms must not be empty",
            ),
            (
                "issuers: [{ issuer: 'https://a/', audience: b, jwks: 'file:' }]",
                "auth.bearer.issuers[0].jwks must not be empty",
            ),
            (
                "issuers: [{ issuer: a, audience: b, jwks: 'http://a.example/' }]",
                "auth.bearer.issuers[0].jwks must be an https URL (http is taken for localhost, \
                 127.0.0.0/8 and [::1], and for the host that the issuer's http_host names)",
            ),
            (
                "issuers: [{ issuer: a, audience: b, jwks: 'http://a:80/', http_host: 'http://a' }]",
                "auth.bearer.issuers[0].http_host must be a host, or a host and its port, such as \
                 keycloak:8080",
            ),
            (
                "issuers: [{ issuer: a, audience: b, jwks: 'https://a/', http_host: a }]",
                "auth.bearer.issuers[0].http_host is for keys that come over http from it; remove it",
            ),
            (
                "issuers: [{ issuer: a, audience: b }]",
                "auth.bearer.issuers[0].jwks is needed, because issuers[0].issuer is not a URL, so \
                 its keys cannot be discovered",
            ),
            (
                "issuers: [{ issuer: 'https://a/', audience: b, jwks: 'file:k', ca: c }]",
                "auth.bearer.issuers[0].ca is for keys from an https address; remove it",
            ),
            (
                "issuers: [{ issuer: 'https://a/', audience: b }, { issuer: 'https://a/', audience: c }]",
                "auth.bearer.issuers[1].issuer names an issuer that an earlier entry names too",
            ),
        ] {
            assert_eq!(config(yaml).validate().unwrap_err().to_string(), text, "{yaml}");
        }
    }

    #[test]
    fn the_settings_in_the_documentation_are_settings() {
        let page = include_str!("../../../docs/identity-providers.md");
        let blocks: Vec<_> = page.split("```yaml\n").skip(1).collect();
        assert_eq!(blocks.len(), 5);
        for block in blocks {
            let yaml = block.split("```").next().unwrap();
            let value: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
            // One block shows the whole way down from the top of the file.
            let bearer = match value.get("auth") {
                Some(auth) => auth["bearer"].clone(),
                None => value,
            };
            let config: BearerConfig = serde_yaml::from_value(bearer).unwrap();
            assert_eq!(config.validate().unwrap().len(), 1, "{yaml}");
        }
    }
}
