//! The one place where the layers meet.
//!
//! [`Application::start`] is how the program and the tests both come up: settings in, a bound
//! service out. It binds before it returns, so whoever prints the address tells the truth, and port
//! 0 works.

mod connection_limits;
mod development;
#[cfg(feature = "ext-authz")]
mod ext_authz;
mod http_parts;
mod running;
mod signals;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::auth::AuthenticationTally;
use crate::auth::bearer::{BearerConfigError, BearerVerifier};
use crate::clock::{Clock as _, SystemClock};
use crate::connections::{self, Beyond, ConnectionTally, Listening};
use crate::dev_issuer::SigningError;
use crate::http::{self, HttpParts, RequestTally};
use crate::metrics::{self, Metrics};
use crate::settings::Settings;
use crate::storage::{CreateTenantError, DocumentRepository, OpenError, StoreConfig};
use crate::telemetry;
use crate::tls::{Certificate, Spoken, TlsError};
use crate::traces::{Traces, TracesError};
use actix_web::App;
use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;

use connection_limits::{connections_that_fit, patience, workers};
use development::{DEV_TENANT, develop};
use http_parts::http_parts;
use signals::{Signals, Told};

pub(crate) use development::DEV_TOKEN_LIFETIME;
pub use development::Development;

/// A service that is bound and ready to run.
pub struct Application {
    server: Server,
    signals: Signals,
    certificate: Option<Certificate>,
    origin: String,
    development: Option<Development>,
    metrics: Option<MetricsServer>,
    #[cfg(feature = "ext-authz")]
    gateways: Option<ext_authz::Gateways>,
    traces: Option<Arc<Traces>>,
    store: Arc<DocumentRepository>,
}

/// Where scrapers ask, bound and ready to run.
struct MetricsServer {
    server: Server,
    address: String,
}

/// Stops a service from elsewhere.
#[derive(Debug, Clone)]
pub struct Stop(ServerHandle);

/// Why a service does not start. Each says which setting to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "serve --dev signs anybody in, so it listens only on loopback, not on {0}; \
         set listen to 127.0.0.1 or [::1], or leave out --dev"
    )]
    NotLoopback(SocketAddr),
    #[error("cannot open the store (setting store)")]
    Store(#[from] OpenError),
    #[error("cannot listen on {address} (setting {setting})")]
    Bind { setting: &'static str, address: SocketAddr, source: io::Error },
    #[error(
        "this neokeys is built without ext_authz; build one that has it: \
         cargo install --profile dist --path . --features ext-authz, or leave out the setting ext_authz.listen"
    )]
    NoExtAuthz,
    #[error("ext_authz.client_ca needs TLS; set tls.certificate and tls.key too, or leave it out")]
    ClientCaWithoutTls,
    #[error("cannot handle SIGTERM, SIGINT and SIGHUP")]
    Signals(#[source] io::Error),
    #[error("{0} came before the service had started")]
    ToldToEnd(&'static str),
    #[error("TLS is not usable (settings tls.certificate and tls.key)")]
    Tls(#[from] TlsError),
    #[error("traces cannot be sent")]
    Traces(#[from] TracesError),
    #[error("the bearer settings are not usable")]
    Bearer(#[from] BearerConfigError),
    #[error("cannot create the tenant {DEV_TENANT}")]
    DevTenant(#[from] CreateTenantError),
    #[error("cannot create the development issuer")]
    DevIssuer(#[from] SigningError),
}

impl Application {
    /// Opens the store, binds the address and puts the service together. With `dev`, the tenant
    /// `demo`, an issuer, and documents that point at this server come on top.
    ///
    /// # Errors
    /// [`StartError`] says which setting to change.
    pub async fn start(mut settings: Settings, dev: bool) -> Result<Self, StartError> {
        if dev && !settings.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(settings.listen));
        }
        // First of all, so that no signal finds it unprepared.
        let mut signals = Signals::catch().map_err(StartError::Signals)?;
        if settings.ext_authz.listen.is_some() && !cfg!(feature = "ext-authz") {
            return Err(StartError::NoExtAuthz);
        }
        let connection_limits = connections_that_fit(&settings);
        let most_connections = connection_limits.http;
        let config = StoreConfig { create_folder: dev, ..settings.storage.clone() };
        let store = Arc::new(DocumentRepository::open(&settings.store, &config)?);
        store.probe();
        let (listener, address) = bind("listen", settings.listen)?;
        let certificate = Certificate::open(&settings.tls)?;
        let tls =
            certificate.as_ref().map(|it| it.server_config(Spoken::Http1, None)).transpose()?;
        let origin = origin(address, tls.is_some());

        let issuer = if dev { Some(develop(&mut settings, &origin, &store).await?) } else { None };
        let development = issuer.as_deref().map(Development::new).transpose()?;
        let fixed = issuer.iter().map(|issuer| issuer.trust()).collect();
        let bearer = settings.auth.bearer.clone();
        let bearer = BearerVerifier::open_with(bearer, fixed, Arc::new(SystemClock));
        // Issuers may take their time to answer.
        let bearer = unless_told_to_end(&mut signals, bearer).await??;

        let counts = Counts::new(settings.metrics.listen.is_some());
        let metrics = counts.metrics(most_connections, Arc::clone(&store), Arc::clone(&bearer));
        let metrics = MetricsServer::bind(metrics, &settings)?;
        let traces = Traces::start(&settings.traces, Arc::new(SystemClock))?;
        let leaks = http::Leaks::new(&settings.leaks).map_err(BearerConfigError::Client)?;
        let own_page = dev.then_some(origin.as_str());
        let parts =
            http_parts(&settings, &counts, Arc::clone(&store), bearer, traces.clone(), own_page);
        let parts = HttpParts { leaks, ..parts };
        #[cfg(feature = "ext-authz")]
        let gateways = ext_authz::Gateways::bind(
            &settings,
            connection_limits.gateways,
            certificate.as_ref(),
            &parts,
            &counts,
        )?;
        let listening = Listening {
            listener,
            tls,
            patience: patience(&settings.limits),
            stall_time: settings.limits.stall_time,
            connections: most_connections,
            beyond: Beyond::Waits,
            workers: workers(most_connections),
            shutdown: settings.limits.shutdown,
            tally: counts.connections,
            introduce: |departure, extensions| {
                extensions.insert(http::Client::new(move || Box::pin(departure.gone())));
            },
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
        let server = connections::serve(listening, app).map_err(|source| StartError::Bind {
            setting: "listen",
            address,
            source,
        })?;
        Ok(Self {
            server,
            signals,
            certificate,
            origin,
            development,
            metrics,
            #[cfg(feature = "ext-authz")]
            gateways,
            traces,
            store,
        })
    }

    /// Where it listens, as a browser calls it: `http://127.0.0.1:8080`. The port is the real one.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The development issuer and its neighbours, under `--dev`.
    pub fn development(&self) -> Option<&Development> {
        self.development.as_ref()
    }

    /// Where the metrics are, if they are anywhere: `http://127.0.0.1:9464/metrics`.
    pub fn metrics(&self) -> Option<&str> {
        self.metrics.as_ref().map(|metrics| metrics.address.as_str())
    }

    /// Where Envoy asks over gRPC, if it may anywhere: `http://127.0.0.1:9191`.
    pub fn ext_authz(&self) -> Option<&str> {
        #[cfg(feature = "ext-authz")]
        return self.gateways.as_ref().map(|gateways| gateways.address.as_str());
        #[cfg(not(feature = "ext-authz"))]
        None
    }

    /// The handle that stops it from elsewhere.
    pub fn stop(&self) -> Stop {
        Stop(self.server.handle())
    }
}

/// The counters that layers share with the metrics.
struct Counts {
    requests: Arc<RequestTally>,
    authentications: Arc<AuthenticationTally>,
    connections: Arc<ConnectionTally>,
}

impl Counts {
    /// Counters, which count requests and authentications only if anybody will ask for them.
    fn new(asked: bool) -> Self {
        let (requests, authentications) = if asked {
            (Arc::new(RequestTally::new()), Arc::new(AuthenticationTally::new()))
        } else {
            Default::default()
        };
        Self { requests, authentications, connections: Arc::default() }
    }

    fn metrics(
        &self,
        most_connections: usize,
        store: Arc<DocumentRepository>,
        bearer: Arc<BearerVerifier>,
    ) -> Metrics {
        Metrics {
            requests: Arc::clone(&self.requests),
            authentications: Arc::clone(&self.authentications),
            connections: Arc::clone(&self.connections),
            most_connections,
            store,
            bearer,
            dropped_log_lines: telemetry::dropped_lines,
            clock: Arc::new(SystemClock),
            started: SystemClock.since_epoch(),
        }
    }
}

impl MetricsServer {
    fn bind(metrics: Metrics, settings: &Settings) -> Result<Option<Self>, StartError> {
        let Some(address) = settings.metrics.listen else { return Ok(None) };
        let setting = "metrics.listen";
        let (listener, address) = bind(setting, address)?;
        let limits = &settings.limits;
        let server =
            metrics::serve(listener, Arc::new(metrics), patience(limits), limits.stall_time)
                .map_err(|source| StartError::Bind { setting, address, source })?;
        Ok(Some(Self { server, address: format!("http://{address}{}", metrics::PATH) }))
    }
}

/// A listener on the address that a setting names, and the address with its real port.
fn bind(
    setting: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| StartError::Bind { setting, address, source })
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

impl Stop {
    /// Stops at once, without waiting for what is in flight.
    pub fn now(&self) {
        // The command is on its way when the call returns; its end is `run`'s to await.
        drop(self.0.stop(false));
    }
}

/// The origin of a server on this address, as a browser has it.
fn origin(address: SocketAddr, tls: bool) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}
