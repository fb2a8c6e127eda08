//! The listener for gateways: HTTP/2, over TLS where there is a certificate.
//!
//! Each thread has a runtime of its own, since a gateway keeps a connection for each of its threads, and a
//! question that stays on one thread costs the least.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use envoy_types::ext_authz::v3::pb::AuthorizationServer;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustix::net::sockopt;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::Status;
use tonic::codegen::Service as _;

use super::check::{Gateway, Judge};
use crate::connections::{ConnectionTally, Refusal};

/// The most questions at once on a connection.
const STREAMS: u32 = 256;
/// The largest question: a gateway sends a request's head.
const LARGEST: usize = 1 << 20;
/// How often a gateway that asks nothing is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
/// How long to wait when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Where and how gateways are listened to.
pub(crate) struct Listening {
    /// The bound address.
    pub listener: TcpListener,
    /// The configuration of TLS, if it is spoken.
    pub tls: Option<ServerConfig>,
    /// How long a handshake and the first question of a connection may take, each.
    pub head_time: Duration,
    /// How long a question may take to arrive and be answered.
    pub question_time: Duration,
    /// How long a gateway may take nothing of what is sent to it.
    pub stall_time: Duration,
    /// How long questions in flight may take to end once the server is told to stop.
    pub shutdown: Duration,
    /// The most connections at once; one more waits until another ends.
    pub connections: usize,
    /// Threads that answer.
    pub workers: usize,
    /// Where refused connections are counted.
    pub tally: Arc<ConnectionTally>,
}

/// A running server; it stops when it is dropped.
pub(crate) struct Server {
    stop: watch::Sender<()>,
    workers: Vec<JoinHandle<()>>,
}

/// The parts that every connection shares.
struct Shared {
    judge: AuthorizationServer<Judge>,
    tls: Option<TlsAcceptor>,
    room: Arc<Semaphore>,
    head_time: Duration,
    question_time: Duration,
    shutdown: Duration,
    tally: Arc<ConnectionTally>,
}

impl Server {
    /// Begins to answer.
    ///
    /// # Errors
    /// What the operating system says of the socket or a thread.
    pub(crate) fn start(listening: Listening, judge: Judge) -> io::Result<Self> {
        let Listening { listener, tls, workers, .. } = listening;
        let stall = u32::try_from(listening.stall_time.as_millis()).unwrap_or(u32::MAX);
        // Accepted connections have both from the one that listens (tcp(7)).
        sockopt::set_tcp_user_timeout(&listener, stall)?;
        sockopt::set_tcp_nodelay(&listener, true)?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            judge: AuthorizationServer::new(judge).max_decoding_message_size(LARGEST),
            tls: tls.map(|tls| TlsAcceptor::from(Arc::new(tls))),
            room: Arc::new(Semaphore::new(listening.connections)),
            head_time: listening.head_time,
            question_time: listening.question_time,
            shutdown: listening.shutdown,
            tally: listening.tally,
        });
        let (stop, stopping) = watch::channel(());
        let workers = (0..workers).map(|_| {
            let (shared, stopping) = (Arc::clone(&shared), stopping.clone());
            let listener = listener.try_clone()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = std::thread::Builder::new().name("ext-authz".to_owned());
            thread.spawn(move || runtime.block_on(accept(listener, shared, stopping)))
        });
        Ok(Self { workers: workers.collect::<io::Result<_>>()?, stop })
    }

    /// Tells it to accept nothing more and to finish the questions in flight.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(());
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(mut self) {
        self.stop();
        let workers = std::mem::take(&mut self.workers);
        let joined = tokio::task::spawn_blocking(move || {
            for worker in workers {
                if worker.join().is_err() {
                    tracing::error!("a thread that answers gateways panicked");
                }
            }
        });
        // That was said already.
        drop(joined.await);
    }
}

/// Accepts connections until the server stops, and waits for the last of them.
async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopping: watch::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(cause = %error, "gateways cannot be listened to");
            return;
        }
    };
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let Ok(room) = Arc::clone(&shared.room).acquire_owned().await else {
                return std::future::pending().await;
            };
            (room, listener.accept().await)
        };
        tokio::select! {
            (room, accepted) = next => match accepted {
                Ok((stream, peer)) => {
                    let (shared, stopping) = (Arc::clone(&shared), stopping.clone());
                    connections.spawn(async move {
                        serve(stream, peer, &shared, stopping).await;
                        drop(room);
                    });
                }
                Err(error) => {
                    tracing::debug!(cause = %error, "a gateway's connection cannot be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopping.changed() => break,
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // What has not ended then is dropped.
    drop(tokio::time::timeout(shared.shutdown, all).await);
}

/// Answers on a connection until it ends.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Shared,
    stopping: watch::Receiver<()>,
) {
    match &shared.tls {
        None => answer(stream, peer, shared, stopping).await,
        Some(tls) => match tokio::time::timeout(shared.head_time, tls.accept(stream)).await {
            Ok(Ok(stream)) => answer(stream, peer, shared, stopping).await,
            Ok(Err(_)) | Err(_) => shared.tally.refuse(Refusal::Handshake),
        },
    }
}

async fn answer<S>(stream: S, peer: SocketAddr, shared: &Shared, mut stopping: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(Gateway(Some(peer.ip())));
        let (answer, most) = (shared.judge.clone().call(request), shared.question_time);
        async move {
            tokio::time::timeout(most, answer).await.unwrap_or_else(|_elapsed| {
                Ok(Status::deadline_exceeded("The question took too long.").into_http())
            })
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut first = pin!(tokio::time::sleep(shared.head_time));
    let (mut is_awaited, mut is_stopping) = (true, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(cause = %error, "a gateway's connection broke");
                }
                return;
            }
            () = first.as_mut(), if is_awaited => {
                if !has_asked.load(Ordering::Relaxed) {
                    return shared.tally.refuse(Refusal::HeadTimeout);
                }
                is_awaited = false;
            }
            _ = stopping.changed(), if !is_stopping => {
                connection.as_mut().graceful_shutdown();
                is_stopping = true;
            }
        }
    }
}
