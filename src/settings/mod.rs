//! Settings: flags over environment over file over defaults.
//!
//! Each setting is a row of one `table`, which gives its name, its place in [`Settings`], its form
//! and its help; the name of its environment variable follows from its own. The types are owned by
//! the modules that they set. Flags are the command line's: it changes what [`Settings::load`]
//! gives.
//!
//! Invariant: a setting that is unknown, malformed or given twice in one file is never passed over;
//! what Kubernetes and Docker make of services' names is no setting, and is told by name.

mod addresses;
mod amounts;
mod error;
mod file;
mod form;
mod list;
mod opentelemetry;
mod service_links;
mod sources;
mod syntax;
mod table;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::auth::bearer::BearerConfig;
use crate::auth::{Grants, ThrottleConfig};
use crate::contract::ContractConfig;
use crate::domain::TokenPrefix;
use crate::http::{CorsConfig, LimitsConfig, SwaggerUiConfig};
use crate::metrics::MetricsConfig;
use crate::storage::{StoreConfig, StoreUrl};
use crate::telemetry::LogConfig;
use crate::tls::TlsConfig;
use crate::traces::TracesConfig;

pub use error::SettingsError;
pub use table::help;

/// All that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the keys are.
    pub store: StoreUrl,
    /// How old knowledge may be that is served from a store which several nodes share.
    pub max_staleness: Option<Duration>,
    /// Who may.
    pub auth: AuthConfig,
    /// What the served documents say.
    pub contract: ContractConfig,
    /// What the documentation's sign-in starts with.
    pub swagger_ui: SwaggerUiConfig,
    /// Who may call from a browser.
    pub cors: CorsConfig,
    /// Bounds on requests.
    pub limits: LimitsConfig,
    /// The largest document of a tenant, in bytes.
    pub document_limit: u64,
    /// How long a change waits for somebody who goes on writing to a document.
    pub edit_time: Duration,
    /// How many bytes of documents are kept in memory.
    pub loaded_limit: u64,
    /// Whether to speak TLS.
    pub tls: TlsConfig,
    /// Who may ask how things stand.
    pub metrics: MetricsConfig,
    /// Where traces go.
    pub traces: TracesConfig,
    /// The log.
    pub log: LogConfig,
    /// Variables of the environment that begin as settings do and that a platform makes of the names
    /// of services: nobody's settings.
    pub passed_over: Vec<String>,
}

/// Who may: the settings below `auth`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthConfig {
    /// Whose tokens are taken.
    pub bearer: BearerConfig,
    /// When an address is slowed down.
    pub throttle: ThrottleConfig,
    /// What a caller may pass on.
    pub grants: Grants,
    /// What new tokens start with.
    pub token_prefix: TokenPrefix,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            store: StoreUrl::default(),
            max_staleness: None,
            auth: AuthConfig::default(),
            contract: ContractConfig::default(),
            swagger_ui: SwaggerUiConfig::default(),
            cors: CorsConfig::default(),
            limits: LimitsConfig::default(),
            document_limit: StoreConfig::default().document_limit,
            edit_time: StoreConfig::default().edit_time,
            loaded_limit: StoreConfig::default().loaded_limit,
            tls: TlsConfig::default(),
            metrics: MetricsConfig::default(),
            traces: TracesConfig::default(),
            log: LogConfig::default(),
            passed_over: Vec::new(),
        }
    }
}

impl Settings {
    /// The settings in a file and the environment. Without a file's name, `neokeys.yml` in the
    /// current folder is read if it is there.
    ///
    /// # Errors
    /// [`SettingsError`] names the first setting that is unknown or malformed, and where it stands.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some((path, text)) = sources::read_file(file)? {
            file::apply(&mut settings, &path, &text)?;
        }
        sources::apply_environment(&mut settings, environment)?;
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
