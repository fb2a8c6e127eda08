//! Failover between the members of the cluster: they are asked one after the other until one answers.
//!
//! Members have a connection each, so that one that is down, stopped or cut off costs one wait and
//! is passed over from then on. A request that was not answered may have been done: whoever sends
//! one that changes something learns of that doubt with the answer.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error, KvClient, WatchClient};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout};

use crate::causes::chain;

/// How long a member may take to answer.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long to wait before all members are asked once more.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a connection is tried, and how long it may stay without an answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(2));

/// The fault of a change that nobody answered and that the history no longer shows.
const LOST: &str = "the answer was lost, and etcd's history does not show what was done";

/// All members.
pub(super) struct Members {
    all: Vec<Member>,
    options: ConnectOptions,
    /// The one that answered last.
    preferred: AtomicUsize,
}

struct Member {
    endpoint: String,
    /// Made when it is first asked, since that may need an answer to who we are.
    clients: OnceCell<Clients>,
}

#[derive(Clone)]
struct Clients {
    keys: KvClient,
    watch: WatchClient,
}

/// An answer, and what may have been done besides.
pub(super) struct Reply<T> {
    /// The answer.
    pub(super) answer: T,
    /// Whether an earlier request, which nobody answered, may have been done too.
    pub(super) in_doubt: bool,
}

/// Nobody answered what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{}", told(.cause, .members))]
pub(super) struct Failure {
    cause: Option<Error>,
    members: usize,
    /// Whether what was asked may have been done.
    pub(super) in_doubt: bool,
}

fn told(cause: &Option<Error>, members: &usize) -> String {
    match cause {
        Some(Error::GRpcStatus(status)) => {
            let causes = chain(status).skip(1);
            causes.fold(status.message().to_owned(), |text, cause| format!("{text}: {cause}"))
        }
        Some(error) => error.to_string(),
        None if *members == 1 => "the one member that is named does not answer in time".to_owned(),
        None => format!("none of the {members} members that are named answers in time"),
    }
}

impl Failure {
    /// The fault of a change whose outcome cannot be found out any more.
    pub(super) fn lost() -> Self {
        Self { cause: Some(Error::Internal(LOST.to_owned())), members: 1, in_doubt: true }
    }

    /// The same, of a question about something that may have been done.
    pub(super) fn in_doubt(self) -> Self {
        Self { in_doubt: true, ..self }
    }

    /// etcd holds as much as it may, and takes no more.
    pub(super) fn is_out_of_space(&self) -> bool {
        self.says("database space exceeded")
    }

    /// etcd takes no request as large as this.
    pub(super) fn is_too_large(&self) -> bool {
        self.says("request is too large")
    }

    fn says(&self, words: &str) -> bool {
        matches!(&self.cause, Some(Error::GRpcStatus(status)) if status.message().contains(words))
    }
}

impl Members {
    pub(super) fn new(endpoints: Vec<String>, options: ConnectOptions) -> Self {
        let (interval, silence) = KEEP_ALIVE;
        let options = options
            .with_connect_timeout(ATTEMPT)
            .with_keep_alive(interval, silence)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        let all = endpoints
            .into_iter()
            .map(|endpoint| Member { endpoint, clients: OnceCell::new() })
            .collect();
        Self { all, options, preferred: AtomicUsize::new(0) }
    }

    /// Asks members until one answers, a refusal is final, or patience ends.
    pub(super) async fn ask<T, F>(
        &self,
        patience: Duration,
        request: impl Fn(KvClient) -> F,
    ) -> Result<Reply<T>, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let deadline = Instant::now() + patience;
        let mut in_doubt = false;
        let mut asked = 0;
        let mut last = None;
        loop {
            let number = self.preferred();
            let attempt = async { request(self.clients(number).await?.keys).await };
            let time = ATTEMPT.min(deadline.saturating_duration_since(Instant::now()));
            let cause = match timeout(time, attempt).await {
                Ok(Ok(answer)) => return Ok(Reply { answer, in_doubt }),
                Ok(Err(error)) => match Refusal::of(&error) {
                    Refusal::Final => {
                        return Err(Failure { cause: Some(error), members: 1, in_doubt });
                    }
                    Refusal::NotDone => Some(error),
                    Refusal::InDoubt => {
                        in_doubt = true;
                        Some(error)
                    }
                },
                // What was said before tells more than silence.
                Err(_elapsed) => {
                    in_doubt = true;
                    last.take()
                }
            };
            self.pass_over(number);
            asked += 1;
            if Instant::now() + PAUSE >= deadline {
                return Err(Failure { cause, members: self.all.len(), in_doubt });
            }
            last = cause;
            if asked % self.all.len() == 0 {
                sleep(PAUSE).await;
            }
        }
    }

    /// The member to ask first.
    pub(super) fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed) % self.all.len()
    }

    /// This member does not answer; the next one is asked first from now on.
    pub(super) fn pass_over(&self, number: usize) {
        let next = (number + 1) % self.all.len();
        // If another one is asked first already, it stays so.
        let _ = self.preferred.compare_exchange(number, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The watches of a member.
    pub(super) async fn watch(&self, number: usize) -> Result<WatchClient, Error> {
        Ok(self.clients(number).await?.watch)
    }

    async fn clients(&self, number: usize) -> Result<Clients, Error> {
        let member = &self.all[number];
        let connect = async || {
            let options = Some(self.options.clone());
            let client = Client::connect([member.endpoint.as_str()], options).await?;
            // The server bounds what it sends.
            Ok(Clients {
                keys: client.kv_client().max_decoding_message_size(usize::MAX),
                watch: client.watch_client().max_decoding_message_size(usize::MAX),
            })
        };
        member.clients.get_or_try_init(connect).await.cloned()
    }
}

/// The meaning of an error for the request.
enum Refusal {
    /// Not done, and no member will do it.
    Final,
    /// Not done; another member may do it.
    NotDone,
    /// Done or not.
    InDoubt,
}

impl Refusal {
    fn of(error: &Error) -> Self {
        let Error::GRpcStatus(status) = error else {
            return if was_never_sent(error) { Self::NotDone } else { Self::InDoubt };
        };
        let says = |words: &str| status.message().contains(words);
        // The codes of gRPC, as they are numbered.
        match i32::from(status.code()) {
            // Too many requests are a matter of the moment; being out of space is not.
            8 if says("too many requests") => Self::NotDone,
            // Invalid argument, permission denied, resource exhausted, failed precondition, out of
            // range, unimplemented, unauthenticated.
            3 | 7 | 8 | 9 | 11 | 12 | 16 => Self::Final,
            14 if says("etcdserver: no leader") || was_never_sent(status) => Self::NotDone,
            _ => Self::InDoubt,
        }
    }
}

/// Whether no connection was made that could have carried the request.
fn was_never_sent(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let fault = chain(error).find_map(|error| error.downcast_ref::<std::io::Error>());
    let kind = fault.map(std::io::Error::kind);
    matches!(kind, Some(ConnectionRefused | HostUnreachable | NetworkUnreachable))
}
