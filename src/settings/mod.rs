//! Settings: flags over environment over file over defaults.
//!
//! Each setting is a row of one `table`, which gives its name, its place in [`Settings`], its form
//! and its help; the name of its environment variable follows from its own. The types are owned by
//! the modules that they set. Flags are the command line's: it changes what [`Settings::load`]
//! gives.
//!
//! Invariant: a setting that is unknown, malformed or given twice in one file is an error. Only the
//! variables that Kubernetes and Docker make from service names are ignored, and listed.

mod addresses;
mod amounts;
mod error;
mod file;
mod note_key;
mod opentelemetry;
mod service_links;
mod sources;
mod spans;
mod syntax;
mod table;
mod value_form;
mod variable_text;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::auth::bearer::BearerConfig;
use crate::auth::{Grants, ThrottleConfig};
use crate::contract::ContractConfig;
use crate::domain::{KeyPolicy, TokenPrefix};
use crate::ext_authz::ExtAuthzConfig;
use crate::http::{
    ConsoleConfig, CorsConfig, LeaksConfig, LimitsConfig, ScopesConfig, SecurityConfig,
    SwaggerUiConfig,
};
use crate::metrics::MetricsConfig;
use crate::storage::{StoreConfig, StoreUrl};
use crate::telemetry::LogConfig;
use crate::tls::TlsConfig;
use crate::traces::TracesConfig;

pub(crate) use addresses::parse_socket_address;
pub use error::SettingsError;
pub(crate) use sources::{API_KEY, SERVER, TOKEN};
pub use table::help;

/// The values of all settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the keys are.
    pub store: StoreUrl,
    /// How the store is used.
    pub storage: StoreConfig,
    /// Authentication and authorization.
    pub auth: AuthConfig,
    /// How long keys last.
    pub keys: KeyPolicy,
    /// The scopes that keys may be given.
    pub scopes: ScopesConfig,
    /// Reports of leaked tokens.
    pub leaks: LeaksConfig,
    /// Whom to tell of a vulnerability.
    pub security: SecurityConfig,
    /// Envoy's questions over gRPC.
    pub ext_authz: ExtAuthzConfig,
    /// Addresses in the served documents.
    pub contract: ContractConfig,
    /// Swagger UI and its sign-in.
    pub swagger_ui: SwaggerUiConfig,
    /// The console and its sign-in.
    pub console: ConsoleConfig,
    /// Origins that may call from a browser.
    pub cors: CorsConfig,
    /// Bounds on requests.
    pub limits: LimitsConfig,
    /// The certificate.
    pub tls: TlsConfig,
    /// Where metrics are served.
    pub metrics: MetricsConfig,
    /// Where traces go.
    pub traces: TracesConfig,
    /// The log.
    pub log: LogConfig,
    /// Environment variables that a platform made from service names, and that set nothing.
    pub ignored_variables: Vec<String>,
}

/// Authentication and authorization: the settings below `auth`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthConfig {
    /// Issuers of bearer tokens.
    pub bearer: BearerConfig,
    /// When a client address is turned away.
    pub throttle: ThrottleConfig,
    /// Which permissions a caller may grant.
    pub grants: Grants,
    /// The prefix of new tokens.
    pub token_prefix: TokenPrefix,
    /// Whether gateways may pass on API keys as bearer tokens.
    pub keys_as_bearers: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            store: StoreUrl::default(),
            storage: StoreConfig::default(),
            auth: AuthConfig::default(),
            scopes: ScopesConfig::default(),
            leaks: LeaksConfig::default(),
            ext_authz: ExtAuthzConfig::default(),
            security: SecurityConfig::default(),
            keys: KeyPolicy::default(),
            contract: ContractConfig::default(),
            swagger_ui: SwaggerUiConfig::default(),
            console: ConsoleConfig::default(),
            cors: CorsConfig::default(),
            limits: LimitsConfig::default(),
            tls: TlsConfig::default(),
            metrics: MetricsConfig::default(),
            traces: TracesConfig::default(),
            log: LogConfig::default(),
            ignored_variables: Vec::new(),
        }
    }
}

impl Settings {
    /// The settings in a file and the environment. Without a file's name, `neokeys.yml` in the
    /// current folder is read if it is there.
    ///
    /// # Errors
    /// [`SettingsError`] names the first setting that is unknown or malformed, and where it stands, or
    /// those that contradict each other.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some((path, text)) = sources::read_file(file)? {
            file::apply(&mut settings, &path, &text)?;
        }
        sources::apply_environment(&mut settings, environment)?;
        settings.keys.demand_agreement()?;
        Ok(settings)
    }

    /// The settings in the text of a file alone.
    ///
    /// # Errors
    /// [`SettingsError`] names the first setting that is unknown or malformed, and its line.
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        file::apply(&mut settings, Path::new(sources::DEFAULT_FILE), text)?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests;
