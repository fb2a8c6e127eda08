//! A server: accepted connections, watched, spoken HTTP/1 on, and handed to a service.

use std::fmt::Debug;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::error::{DispatchError, ParseError};
use actix_http::{Extensions, HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory,
    fn_factory, fn_service, map_config,
};
use actix_web::Error;
use actix_web::dev::AppConfig;
use futures_util::future::{Either, select};
use rustix::net::sockopt;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::departure::Departure;
use super::exchange::{Exchange, SLICE, Sliced};
use super::idle_eviction::Room;
use super::tally::{ConnectionTally, Refusal};
use super::watched::{Patience, Watched};

/// How long the end of a connection may take once it is decided.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where and how connections are accepted.
#[derive(Debug)]
pub struct Listening {
    /// The bound address.
    pub listener: TcpListener,
    /// The configuration of TLS, if it is spoken.
    pub tls: Option<ServerConfig>,
    /// How long a client may keep a connection waiting.
    pub patience: Patience,
    /// How long a client may take nothing of what is sent to it.
    pub stall_time: Duration,
    /// The most connections at once, over all workers.
    pub connections: usize,
    /// The treatment of one more.
    pub beyond: Beyond,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long requests in flight may take to end once the server is told to stop.
    pub shutdown: Duration,
    /// Where connections are counted.
    pub tally: Arc<ConnectionTally>,
    /// Leaves with each connection's requests how they learn that their client has gone.
    pub introduce: fn(Departure, &mut Extensions),
}

/// The treatment of a connection beyond the most that there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// It waits until another one ends.
    Waits,
    /// The one that has been idle longest makes room.
    MakesRoom,
}

/// Serves what `app` makes at an address, once what this gives is polled.
///
/// # Errors
/// What the operating system says of the socket.
pub fn serve<F, I, S>(listening: Listening, app: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<BoxBody>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
{
    let Listening { listener, tls, patience, stall_time, connections, beyond, workers, .. } =
        listening;
    // Accepted connections have both from the one that listens (tcp(7)). An answer is written as a
    // whole or in large slices, so nothing is gained by waiting for more of it.
    let stall = u32::try_from(stall_time.as_millis()).unwrap_or(u32::MAX);
    sockopt::set_tcp_user_timeout(&listener, stall)?;
    sockopt::set_tcp_nodelay(&listener, true)?;
    let each = connections.div_ceil(workers);
    let (accepted, most) = match beyond {
        Beyond::Waits => ((connections / workers).max(1), None),
        // One more is accepted, and in its place another one leaves.
        Beyond::MakesRoom => (each + workers, Some(each)),
    };
    let builder = ServerBuilder::new()
        .workers(workers)
        .max_concurrent_connections(accepted)
        .shutdown_timeout(listening.shutdown.as_secs())
        .disable_signals();
    let app = move || {
        let app = app().into_factory().map_err(|error| error.into().error_response());
        map_config(app, |()| AppConfig::default())
    };
    // With an idle time of zero, a connection has one request.
    let keep_alive = if patience.idle_time.is_zero() { KeepAlive::Disabled } else { KeepAlive::Os };
    let patience = match keep_alive {
        KeepAlive::Disabled => Patience { idle_time: patience.head_time, ..patience },
        KeepAlive::Os | KeepAlive::Timeout(_) => patience,
    };
    let worker = Worker {
        app,
        keep_alive,
        patience,
        most,
        stopping: builder.graceful_shutdown_signal(),
        tally: listening.tally,
        introduce: listening.introduce,
    };
    let builder = match tls {
        None => builder.listen("http", listener, move || worker.plain())?,
        Some(tls) => {
            let acceptor = TlsAcceptor::from(Arc::new(tls));
            builder.listen("https", listener, move || worker.secure(acceptor.clone()))?
        }
    };
    Ok(builder.run())
}

/// The parts of each worker.
#[derive(Clone)]
struct Worker<F> {
    app: F,
    keep_alive: KeepAlive,
    patience: Patience,
    most: Option<usize>,
    stopping: GracefulShutdownSignal,
    tally: Arc<ConnectionTally>,
    introduce: fn(Departure, &mut Extensions),
}

impl<F, S> Worker<F>
where
    F: Fn() -> S + Clone + 'static,
    S: ServiceFactory<Request, Config = ()> + 'static,
    S::Error: Into<Response<BoxBody>> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<BoxBody>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
{
    fn plain(
        &self,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> + use<F, S>
    {
        let Self { patience, most, tally, .. } = self.clone();
        let http = self.http::<TcpStream>();
        let room = most.map(Room::new);
        fn_factory(move || {
            let (http, tally, room) = (http.new_service(()), Arc::clone(&tally), room.clone());
            async move {
                let http = Rc::new(http.await?);
                Ok(fn_service(move |stream: TcpStream| {
                    let (http, tally, room) = (Rc::clone(&http), Arc::clone(&tally), room.clone());
                    async move {
                        let _open = tally.open();
                        let peer = stream.peer_addr().ok();
                        let stream = Watched::new(stream, patience, Arc::clone(&tally));
                        let leave = room.map(|room| room.take(stream.exchange()));
                        let ended = http.call((stream, Protocol::Http1, peer));
                        let Some(leave) = leave else {
                            tally.end(ended.await);
                            return Ok(());
                        };
                        if let Either::Left((ended, _)) = select(Box::pin(ended), leave).await {
                            tally.end(ended);
                        }
                        Ok(())
                    }
                }))
            }
        })
    }

    fn secure(
        &self,
        acceptor: TlsAcceptor,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> + use<F, S>
    {
        let Self { patience, tally, .. } = self.clone();
        let http = self.http::<tokio_rustls::server::TlsStream<TcpStream>>();
        fn_factory(move || {
            let (http, tally, acceptor) =
                (http.new_service(()), Arc::clone(&tally), acceptor.clone());
            async move {
                let http = Rc::new(http.await?);
                Ok(fn_service(move |stream: TcpStream| {
                    let (http, tally, acceptor) =
                        (Rc::clone(&http), Arc::clone(&tally), acceptor.clone());
                    async move {
                        let _open = tally.open();
                        let peer = stream.peer_addr().ok();
                        let accepted = acceptor.accept(stream);
                        let accepted = tokio::time::timeout(patience.head_time, accepted).await;
                        let Ok(Ok(mut stream)) = accepted else {
                            tally.refuse(Refusal::Handshake);
                            return Ok(());
                        };
                        // What is encrypted and not sent is memory too.
                        stream.get_mut().1.set_buffer_limit(Some(SLICE));
                        let stream = Watched::new(stream, patience, Arc::clone(&tally));
                        tally.end(http.call((stream, Protocol::Http1, peer)).await);
                        Ok(())
                    }
                }))
            }
        })
    }

    /// HTTP/1 on a watched stream.
    fn http<T: AsyncRead + AsyncWrite + Unpin + 'static>(
        &self,
    ) -> impl ServiceFactory<
        (Watched<T>, Protocol, Option<std::net::SocketAddr>),
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
    > + use<F, S, T> {
        let (stopping, introduce) = (self.stopping.clone(), self.introduce);
        let app = apply_fn_factory((self.app)(), |request: Request, app: &_| {
            let served = request.conn_data::<Rc<Exchange>>().map(Exchange::begin);
            let answer = Service::call(app, request);
            async move {
                let answer: Response<BoxBody> = answer.await?.into();
                Ok(answer.map_body(|_, body| Sliced::new(body, served)))
            }
        });
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            // Heads, and the time between requests, are watched below.
            .keep_alive(self.keep_alive)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(FAREWELL)
            .h1_write_buffer_size(SLICE)
            .on_connect_ext(move |stream: &Watched<T>, extensions: &mut Extensions| {
                introduce(stream.exchange().client().departure(), extensions);
                extensions.insert(Rc::clone(stream.exchange()));
            })
            .finish(app)
    }
}

impl ConnectionTally {
    /// Counts what the parser would not take.
    fn end(&self, ended: Result<(), DispatchError>) {
        match ended {
            Err(DispatchError::Parse(ParseError::TooLarge)) => self.refuse(Refusal::HeadTooLarge),
            Err(DispatchError::Parse(_)) => self.refuse(Refusal::BadRequest),
            Err(error @ (DispatchError::Body(_) | DispatchError::InternalError)) => {
                tracing::error!(cause = %error, "an answer broke off");
            }
            // The client went away, or was sent away.
            _ => {}
        }
    }
}
