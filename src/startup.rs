//! The one place where the layers meet.
//!
//! [`Application::start`] is how the program and the tests both come up: settings in, a bound
//! service out. It binds before it returns, so whoever prints the address tells the truth, and port
//! 0 works.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use rustix::net::sockopt;
use secrecy::SecretString;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::auth::bearer::{BearerConfigError, BearerVerifier};
use crate::auth::client_address::ClientAddresses;
use crate::auth::{AuthenticationTally, Clock as _, SystemClock, Throttle};
use crate::contract::SCOPES;
use crate::dev_issuer::{DevIssuer, DevIssuerConfig, SigningError, TokenRequest};
use crate::domain::{KeyRepository, Scopes, TenantId, TenantIdError};
use crate::http::{
    self, Documents, DocumentsError, HttpParts, RequestObserver, RequestTally, SwaggerUi,
};
use crate::metrics::{self, Metrics};
use crate::settings::Settings;
use crate::storage::{CreateTenantError, OpenError, Store, StoreConfig};
use crate::tls::{self, TlsError};
use crate::traces::{Traces, TracesError};

/// The tenant that `serve --dev` makes.
const DEV_TENANT: &str = "demo";

/// How long the token that `serve --dev` prints is good for.
const DEV_TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// A service that is bound and ready to run.
pub struct Application {
    server: Server,
    signals: Signals,
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

/// What a developer needs to begin: all of it good for this run alone.
pub struct Development {
    /// A bearer token that may do everything in the tenant.
    pub token: SecretString,
    /// The tenant that is there.
    pub tenant: TenantId,
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
    #[error("SIGTERM and SIGINT cannot be caught")]
    Signals(#[source] io::Error),
    /// The certificate cannot be used.
    #[error("TLS cannot be spoken")]
    Tls(#[from] TlsError),
    /// The settings of traces are not usable.
    #[error("traces cannot be sent")]
    Traces(#[from] TracesError),
    /// The settings of bearer tokens are not usable.
    #[error("the bearer settings are not usable")]
    Bearer(#[from] BearerConfigError),
    /// The documents cannot be written.
    #[error("the OpenAPI documents cannot be written")]
    Documents(#[from] DocumentsError),
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
        let store = Arc::new(Store::open(&settings.store, &config)?);
        store.examine();
        // Before anybody can know that it is there, so that no signal finds it unprepared.
        let signals = Signals::catch().map_err(StartError::Signals)?;
        let address = settings.listen;
        let bind = |source| StartError::Bind { setting: "listen", address, source };
        let listener = TcpListener::bind(address).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        // Accepted connections have it from the one that listens (tcp(7)).
        let stall = u32::try_from(settings.limits.stall_time.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(&listener, stall).map_err(|error| bind(error.into()))?;

        let tls = tls::server_config(&settings.tls)?;
        let origin = origin(address, tls.is_some());

        let issuer = if dev { Some(develop(&mut settings, &origin, &store).await?) } else { None };
        let fixed = issuer.iter().map(|issuer| issuer.trust()).collect();
        let bearer =
            BearerVerifier::open_with(settings.auth.bearer, fixed, Arc::new(SystemClock)).await?;
        let development = match &issuer {
            Some(issuer) => Some(Development::new(issuer)?),
            None => None,
        };
        let (requests, authentications) = tallies(settings.metrics.listen.is_some());
        let metrics = match settings.metrics.listen {
            None => None,
            Some(address) => Some(MetricsServer::bind(
                address,
                Metrics {
                    requests: Arc::clone(&requests),
                    authentications: Arc::clone(&authentications),
                    store: Arc::clone(&store),
                    bearer: Arc::clone(&bearer),
                    clock: Arc::new(SystemClock),
                    started: SystemClock.since_epoch(),
                },
            )?),
        };
        let traces = match &settings.traces.endpoint {
            None => None,
            Some(endpoint) => {
                Some(Traces::start(endpoint, settings.traces.one_in, Arc::new(SystemClock))?)
            }
        };
        let parts = HttpParts {
            observer: traces.clone().map(|traces| traces as Arc<dyn RequestObserver>),
            keys: store as Arc<dyn KeyRepository>,
            bearer,
            requests,
            authentications,
            refused_clients: settings
                .log
                .client_address
                .then(|| ClientAddresses::new(&settings.auth.throttle.trusted_proxies)),
            throttle: Arc::new(Throttle::new(&settings.auth.throttle)),
            grants: settings.auth.grants,
            token_prefix: settings.auth.token_prefix,
            documents: Documents::render(&settings.contract)?,
            swagger_ui: SwaggerUi::new(
                &settings.swagger_ui,
                &settings.contract,
                dev.then(|| origin.clone()),
            ),
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
        let connections = settings.limits.connections.get();
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(connections);
        let server = HttpServer::new(app)
            .workers(workers)
            .max_connections(connections / workers)
            .client_request_timeout(settings.limits.head_time)
            .keep_alive(settings.limits.idle_time)
            .shutdown_timeout(settings.limits.shutdown.as_secs())
            .disable_signals();
        let server = match tls {
            None => server.listen(listener),
            Some(tls) => server.listen_rustls_0_23(listener, tls),
        };
        let server = server.map_err(bind)?.run();
        Ok(Self { server, signals, origin, development, metrics, traces })
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

    /// Serves until SIGTERM, SIGINT or a [`Stop`]: then nothing new is accepted, and what is in
    /// flight is finished within `limits.shutdown`.
    ///
    /// # Errors
    /// What the operating system says of connections.
    pub async fn run(mut self) -> io::Result<()> {
        // Metrics are there until the last request has ended.
        let scrapers = self.metrics.take().map(|MetricsServer { server, .. }| {
            let handle = server.handle();
            (handle, actix_web::rt::spawn(server))
        });
        let traces = self.traces.take();
        let ended = self.serve().await;
        if let Some(traces) = traces {
            traces.finish().await;
        }
        if let Some((handle, server)) = scrapers {
            handle.stop(false).await;
            // Its end is awaited so that its address is free again.
            drop(server.await);
        }
        ended
    }

    async fn serve(mut self) -> io::Result<()> {
        let handle = self.server.handle();
        let mut server = std::pin::pin!(self.server);
        tokio::select! {
            ended = &mut server => return ended,
            name = self.signals.next() => tracing::info!("{name}: finishing what is in flight"),
        }
        let mut graceful = std::pin::pin!(handle.stop(true));
        loop {
            tokio::select! {
                ended = &mut server => return ended,
                () = &mut graceful => return server.await,
                name = self.signals.next() => {
                    tracing::warn!("{name} again: ending what is in flight");
                    handle.stop(false).await;
                }
            }
        }
    }
}

impl MetricsServer {
    fn bind(address: SocketAddr, metrics: Metrics) -> Result<Self, StartError> {
        let bound = metrics::listen(address, Arc::new(metrics));
        let (server, address) = bound.map_err(|source| StartError::Bind {
            setting: "metrics.listen",
            address,
            source,
        })?;
        Ok(Self { server, address: format!("http://{address}{}", metrics::PATH) })
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

/// The signals that end the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one and gives its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

impl Stop {
    /// Stops at once, without waiting for what is in flight.
    pub fn now(&self) {
        // The command is on its way when the call returns; its end is `run`'s to await.
        drop(self.0.stop(false));
    }
}

impl Development {
    fn new(issuer: &DevIssuer) -> Result<Self, StartError> {
        let token = issuer.sign(&TokenRequest {
            subject: "developer".to_owned(),
            tenants: vec![DEV_TENANT.to_owned()],
            permissions: vec![Scopes::ALL.to_owned()],
            lifetime: DEV_TOKEN_LIFETIME,
        })?;
        Ok(Self { token, tenant: TenantId::parse(DEV_TENANT)? })
    }
}

/// Makes the development tenant and issuer, and points the documents at this server.
async fn develop(
    settings: &mut Settings,
    origin: &str,
    store: &Store,
) -> Result<Arc<DevIssuer>, StartError> {
    match store.create_tenant(&TenantId::parse(DEV_TENANT)?).await {
        Ok(()) | Err(CreateTenantError::Exists) => {}
        Err(error) => return Err(error.into()),
    }
    let config = DevIssuerConfig {
        origins: vec![origin.to_owned(), origin.replace("127.0.0.1", "localhost")],
        audience: format!("{origin}/api/"),
        tenants_claim: settings.auth.bearer.tenants_claim.clone(),
        tenants: vec![DEV_TENANT.to_owned()],
        scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let issuer = DevIssuer::generate(config, Arc::new(SystemClock))?;
    if settings.contract.servers.is_empty() {
        settings.contract.servers.push(origin.to_owned());
    }
    settings.contract.authorization_url.get_or_insert_with(|| issuer.authorization_url());
    Ok(Arc::new(issuer))
}

/// What a browser calls a server on this address.
fn origin(address: SocketAddr, tls: bool) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}
