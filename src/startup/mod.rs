//! The one place where the layers meet.
//!
//! [`Application::start`] is how the program and the tests both come up: settings in, a bound
//! service out. It binds before it returns, so whoever prints the address tells the truth, and port
//! 0 works.

mod development;
mod running;
mod signals;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;

use crate::auth::bearer::{BearerConfigError, BearerVerifier};
use crate::auth::client_address::ClientAddresses;
use crate::auth::{AuthenticationTally, Clock as _, SystemClock, Throttle};
use crate::connections::{self, Beyond, ConnectionTally, Descriptors, Listening, Patience};
use crate::dev_issuer::SigningError;
use crate::domain::{KeyRepository, TenantIdError};
use crate::http::{
    self, Documents, HttpParts, KeyService, LimitsConfig, RequestObserver, RequestTally, SwaggerUi,
};
use crate::metrics::{self, Metrics};
use crate::settings::Settings;
use crate::storage::{CreateTenantError, DocumentRepository, OpenError, StoreConfig};
use crate::telemetry;
use crate::tls::{self, Certificate, TlsError};
use crate::traces::{Traces, TracesError};
use actix_web::App;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;

use development::{DEV_TENANT, develop};
use signals::{Signals, Told};

pub use development::Development;

/// A service that is bound and ready to run.
pub struct Application {
    server: Server,
    signals: Signals,
    certificate: Option<Certificate>,
    origin: String,
    development: Option<Development>,
    metrics: Option<MetricsServer>,
    traces: Option<Arc<Traces>>,
}

/// Where scrapers ask, bound and ready to run.
struct MetricsServer {
    server: Server,
    address: String,
}

/// Stops a service from elsewhere.
#[derive(Debug, Clone)]
pub struct Stop(ServerHandle);

/// Why a service does not come up. Each says which setting to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `--dev` on an address that others can reach.
    #[error(
        "serve --dev signs anybody in, so it listens on loopback alone and not on {0}; \
         set listen to 127.0.0.1 or [::1], or leave out --dev"
    )]
    NotLoopback(SocketAddr),
    /// The store cannot be opened.
    #[error("the store (setting store) cannot be opened")]
    Store(#[from] OpenError),
    /// The address cannot be had.
    #[error("cannot listen on {address} (setting {setting})")]
    Bind {
        /// The setting that asked for it.
        setting: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Signals cannot be caught.
    #[error("SIGTERM, SIGINT and SIGHUP cannot be caught")]
    Signals(#[source] io::Error),
    /// A signal asked for the end before there was anything to end.
    #[error("{0} came before the service was up")]
    ToldToEnd(&'static str),
    /// The certificate cannot be used.
    #[error("TLS cannot be spoken")]
    Tls(#[from] TlsError),
    /// The settings of traces are not usable.
    #[error("traces cannot be sent")]
    Traces(#[from] TracesError),
    /// The settings of bearer tokens are not usable.
    #[error("the bearer settings are not usable")]
    Bearer(#[from] BearerConfigError),
    /// The development tenant's name is no tenant id.
    #[error("{DEV_TENANT} is no tenant id")]
    DevTenantId(#[from] TenantIdError),
    /// The development tenant cannot be made.
    #[error("the tenant {DEV_TENANT} cannot be made")]
    DevTenant(#[from] CreateTenantError),
    /// The development issuer has no key.
    #[error("serve --dev has no issuer")]
    DevIssuer(#[from] SigningError),
}

impl Application {
    /// Opens the store, binds the address and puts the service together. With `dev`, the tenant
    /// `demo`, an issuer, and documents that point at this server come on top.
    ///
    /// # Errors
    /// [`StartError`] says which setting to mend.
    pub async fn start(mut settings: Settings, dev: bool) -> Result<Self, StartError> {
        if dev && !settings.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(settings.listen));
        }
        let config = StoreConfig {
            document_limit: settings.document_limit,
            edit_time: settings.edit_time,
            create_folder: dev,
            loaded_limit: settings.loaded_limit,
            max_staleness: settings.max_staleness,
        };
        // First of all, so that no signal finds it unprepared.
        let mut signals = Signals::catch().map_err(StartError::Signals)?;
        let descriptors = Descriptors::raise(settings.limits.connections.get());
        let most = connections_that_fit(descriptors, &settings.limits);
        let store = Arc::new(DocumentRepository::open(&settings.store, &config)?);
        store.probe();
        let address = settings.listen;
        let bind = |source| StartError::Bind { setting: "listen", address, source };
        let listener = TcpListener::bind(address).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;

        let (tls, certificate) = tls::server_config(&settings.tls)?.unzip();
        let origin = origin(address, tls.is_some());

        let issuer = if dev { Some(develop(&mut settings, &origin, &store).await?) } else { None };
        let fixed = issuer.iter().map(|issuer| issuer.trust()).collect();
        let bearer = BearerVerifier::open_with(settings.auth.bearer, fixed, Arc::new(SystemClock));
        // Issuers may take their time to answer.
        let bearer = unless_told_to_end(&mut signals, bearer).await??;
        let development = match &issuer {
            Some(issuer) => Some(Development::new(issuer)?),
            None => None,
        };
        let (requests, authentications) = tallies(settings.metrics.listen.is_some());
        let connections = Arc::new(ConnectionTally::default());
        let metrics = match settings.metrics.listen {
            None => None,
            Some(address) => Some(MetricsServer::bind(
                address,
                Metrics {
                    requests: Arc::clone(&requests),
                    authentications: Arc::clone(&authentications),
                    connections: Arc::clone(&connections),
                    most_connections: most,
                    store: Arc::clone(&store),
                    bearer: Arc::clone(&bearer),
                    dropped_log_lines: telemetry::dropped_lines,
                    clock: Arc::new(SystemClock),
                    started: SystemClock.since_epoch(),
                },
                &settings.limits,
            )?),
        };
        let traces = Traces::start(&settings.traces, Arc::new(SystemClock))?;
        let parts = HttpParts {
            observer: traces.clone().map(|traces| traces as Arc<dyn RequestObserver>),
            keys: Data::new(KeyService {
                repository: store as Arc<dyn KeyRepository>,
                bearer,
                grants: settings.auth.grants,
                token_prefix: settings.auth.token_prefix,
            }),
            requests,
            authentications,
            refused_clients: settings
                .log
                .client_address
                .then(|| ClientAddresses::new(&settings.auth.throttle.trusted_proxies)),
            throttle: Arc::new(Throttle::new(&settings.auth.throttle)),
            public_url: settings.contract.public_url.clone(),
            documents: Documents::render(&settings.contract),
            swagger_ui: settings.swagger_ui.enabled.then(|| {
                // Behind a proxy, the browser's name for this server may be in no header.
                let alone = dev && settings.contract.public_url.is_none();
                let origin = alone.then(|| origin.clone());
                SwaggerUi::new(&settings.swagger_ui, &settings.contract, origin)
            }),
            limits: settings.limits.clone(),
        };
        let cors = settings.cors;
        let app = move || {
            App::new().wrap(http::cors(&cors)).wrap(from_fn(http::edge)).configure(|config| {
                if let Some(issuer) = &issuer {
                    issuer.configure(config);
                }
                http::configure(config, &parts);
            })
        };
        // Each worker counts its own connections, so there are no more workers than connections.
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(most);
        let limits = &settings.limits;
        let listening = Listening {
            listener,
            tls,
            patience: patience(limits),
            stall_time: limits.stall_time,
            connections: most,
            beyond: Beyond::Waits,
            workers,
            shutdown: limits.shutdown,
            tally: connections,
            introduce: |departure, extensions| {
                extensions.insert(http::Client::new(move || Box::pin(departure.gone())));
            },
        };
        let server = connections::serve(listening, app).map_err(bind)?;
        Ok(Self { server, signals, certificate, origin, development, metrics, traces })
    }

    /// Where it listens, as a browser calls it: `http://127.0.0.1:8080`. The port is the real one.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What a developer needs, under `--dev`.
    #[must_use]
    pub fn development(&self) -> Option<&Development> {
        self.development.as_ref()
    }

    /// Where the metrics are, if they are anywhere: `http://127.0.0.1:9464/metrics`.
    #[must_use]
    pub fn metrics(&self) -> Option<&str> {
        self.metrics.as_ref().map(|metrics| metrics.address.as_str())
    }

    /// What stops it from elsewhere.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop(self.server.handle())
    }
}

impl MetricsServer {
    fn bind(
        address: SocketAddr,
        metrics: Metrics,
        limits: &LimitsConfig,
    ) -> Result<Self, StartError> {
        let patience = patience(limits);
        let bound = metrics::listen(address, Arc::new(metrics), patience, limits.stall_time);
        let (server, address) = bound.map_err(|source| StartError::Bind {
            setting: "metrics.listen",
            address,
            source,
        })?;
        Ok(Self { server, address: format!("http://{address}{}", metrics::PATH) })
    }
}

/// How many connections there may be, so that descriptors are left for documents.
fn connections_that_fit(descriptors: Descriptors, limits: &LimitsConfig) -> usize {
    let wanted = limits.connections.get();
    let most = descriptors.connections(wanted);
    if most < wanted {
        tracing::warn!(
            limits.connections = wanted,
            held_to = most,
            open_files = descriptors.most,
            "the system lets this process have fewer files open than limits.connections needs; \
             raise its hard limit (LimitNOFILE, ulimit -Hn), or lower limits.connections"
        );
    }
    most
}

/// How long clients may keep a connection waiting.
fn patience(limits: &LimitsConfig) -> Patience {
    let LimitsConfig { head_time, body_time, idle_time, .. } = *limits;
    Patience { head_time, body_time, idle_time }
}

/// Waits for a part of the start, unless a signal asks for the end meanwhile.
async fn unless_told_to_end<T>(
    signals: &mut Signals,
    part: impl Future<Output = T>,
) -> Result<T, StartError> {
    let mut part = std::pin::pin!(part);
    loop {
        tokio::select! {
            done = &mut part => return Ok(done),
            told = signals.next() => match told {
                Told::End(name) => return Err(StartError::ToldToEnd(name)),
                // All is about to be read for the first time.
                Told::ReadAnew => {}
            },
        }
    }
}

/// What counts requests and authentications, if anybody will ask for the counts.
fn tallies(asked: bool) -> (Arc<RequestTally>, Arc<AuthenticationTally>) {
    if asked {
        (Arc::new(RequestTally::new()), Arc::new(AuthenticationTally::new()))
    } else {
        Default::default()
    }
}

impl Stop {
    /// Stops at once, without waiting for what is in flight.
    pub fn now(&self) {
        // The command is on its way when the call returns; its end is `run`'s to await.
        drop(self.0.stop(false));
    }
}

/// What a browser calls a server on this address.
fn origin(address: SocketAddr, tls: bool) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}
