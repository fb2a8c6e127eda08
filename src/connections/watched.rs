//! A connection that is given up when its client keeps it waiting.
//!
//! Every head has to arrive within `head_time` of its first byte, on a connection's first request
//! and on each that follows, whether it comes alone or in the wake of another. Without a byte, a
//! connection that was used is kept for `idle_time`; what is left of a body that nobody reads has
//! `body_time`. A request that is being served sets its own bounds, and an answer that is not taken
//! is the network's to end (`limits.stall_time`).
//!
//! After the last request of a connection (`Connection: close`, RFC 9112 §9.6) nothing is handed on:
//! what a client sends behind it is no request.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::exchange::Exchange;
use super::framing::{Framing, Place};
use super::tally::{ConnectionTally, Refusal};

/// How long a client may keep a connection waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a head, from its first byte; for the first one, from the connection's beginning.
    pub head_time: Duration,
    /// For what is left of a body after its answer.
    pub body_time: Duration,
    /// For the next request.
    pub idle_time: Duration,
}

impl Patience {
    fn shortest(&self) -> Duration {
        self.head_time.min(self.body_time).min(self.idle_time)
    }
}

/// How much is taken off a connection after its last request, so that what arrived does not reset
/// it before the answer was read.
const DISCARDED: usize = 64 * 1024;

/// A stream of requests and answers, watched.
pub(super) struct Watched<S> {
    stream: S,
    patience: Patience,
    tally: Arc<ConnectionTally>,
    exchange: Rc<Exchange>,
    framing: Framing,
    /// When the head that has not arrived whole began.
    head_began: Option<Instant>,
    /// Never set later than the moment at which the connection is given up.
    alarm: Pin<Box<Sleep>>,
    is_alarm_set: bool,
    /// Whether there may be a part of an answer that is not sent.
    is_sending: bool,
    end: Option<End>,
}

/// Why nothing more is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The last request is in; so much of what came after was thrown away.
    LastRequest { discarded: usize },
    /// The client kept it waiting.
    GivenUp,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, patience: Patience, tally: Arc<ConnectionTally>) -> Self {
        let alarm = Box::pin(tokio::time::sleep(patience.head_time));
        Self {
            stream,
            patience,
            tally,
            exchange: Exchange::new(),
            framing: Framing::default(),
            head_began: None,
            alarm,
            is_alarm_set: false,
            is_sending: false,
            end: None,
        }
    }

    /// The state that it shares with the requests on it.
    pub(super) fn exchange(&self) -> &Rc<Exchange> {
        &self.exchange
    }

    /// When it is given up, unless something comes before; none while a request is served.
    fn deadline(&self) -> Option<Instant> {
        let quiet = self.exchange.quiet_since()?;
        let Patience { head_time, body_time, idle_time } = self.patience;
        Some(match (self.end, self.framing.place()) {
            (Some(_), _) | (None, Place::Body) => quiet + body_time,
            (None, Place::Head) => self.head_began.map_or(quiet, |it| it.max(quiet)) + head_time,
            (None, Place::Between) if self.exchange.was_used() => quiet + idle_time,
            (None, Place::Between) => quiet + head_time,
        })
    }

    /// Sees to it that the alarm rings no later than the deadline.
    fn set_alarm(&mut self, context: &mut Context<'_>) {
        let deadline = self.deadline();
        if let Some(deadline) = deadline.filter(|deadline| *deadline < self.alarm.deadline()) {
            self.alarm.as_mut().reset(deadline);
            self.is_alarm_set = false;
        }
        self.hear_alarm(context);
    }

    /// Has the alarm wake this task.
    fn hear_alarm(&mut self, context: &mut Context<'_>) {
        if !self.is_alarm_set {
            self.is_alarm_set = true;
            if self.alarm.as_mut().poll(context).is_ready() {
                // It rang already: it is looked at in the next round.
                context.waker().wake_by_ref();
            }
        }
    }

    /// Reads along what has arrived; gives how much of it is handed on.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let before = (self.framing.place(), self.framing.ended());
        let last = self.framing.follow(bytes);
        if self.framing.place() != Place::Head {
            self.head_began = None;
        } else if before != (Place::Head, self.framing.ended()) {
            self.head_began = Some(Instant::now());
        }
        if last.is_some() {
            self.end = Some(End::LastRequest { discarded: 0 });
        }
        last.unwrap_or(bytes.len())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    /// Whether the client kept the connection waiting for too long. The alarm is set anew if not.
    fn is_given_up(&mut self, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let deadline = self.deadline();
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.give_up(context);
            return true;
        }
        // While a request is served there is no deadline; the next one is no nearer than this.
        let alarm = deadline.unwrap_or_else(|| now + self.patience.shortest());
        self.alarm.as_mut().reset(alarm);
        self.is_alarm_set = false;
        self.hear_alarm(context);
        false
    }

    fn give_up(&mut self, context: &mut Context<'_>) {
        let is_in_head = self.end.is_none() && self.framing.place() == Place::Head;
        self.end = Some(End::GivenUp);
        if is_in_head || !self.exchange.was_used() {
            self.tally.refuse(Refusal::HeadTimeout);
        }
        if is_in_head && !self.is_sending {
            // Whether it reaches anybody is the client's affair.
            let _ = Pin::new(&mut self.stream).poll_write(context, request_timeout().as_bytes());
        }
    }

    /// Takes off what arrives after the last request.
    fn discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(End::LastRequest { discarded }) = &mut self.end else { return Poll::Pending };
        while *discarded < DISCARDED {
            let mut bytes = [0; 2048];
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                self.exchange.client().end();
            }
            read?;
            // A client that has said all is told the same.
            *discarded +=
                if buffer.filled().is_empty() { DISCARDED } else { buffer.filled().len() };
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.end == Some(End::GivenUp) || this.alarm.is_elapsed() && this.is_given_up(context) {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = match this.end {
            None => Pin::new(&mut this.stream).poll_read(context, buffer),
            Some(_) => this.discard(context),
        };
        // What is being answered comes to its end, as after an end: it may have been begun.
        let is_broken = matches!(read, Poll::Ready(Err(_)));
        let read = if is_broken && this.exchange.quiet_since().is_none() {
            Poll::Ready(Ok(()))
        } else {
            read
        };
        if matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() > before {
            let taken = this.follow(&buffer.filled()[before..]);
            buffer.set_filled(before + taken);
        } else if read.is_ready() && buffer.remaining() > 0 {
            this.exchange.client().end();
        }
        if this.framing.place() == Place::Between {
            this.hear_alarm(context);
        } else {
            this.set_alarm(context);
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.is_sending = true;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The answer may have been the last before a head that began behind its request.
        if this.framing.place() != Place::Between {
            this.set_alarm(context);
        }
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        this.is_sending = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.is_sending = true;
        Pin::new(&mut this.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The answer to a head that did not arrive in time (RFC 9110 §15.5.9).
#[expect(clippy::disallowed_methods, reason = "nothing is judged by the Date of an answer")]
fn request_timeout() -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    format!(
        "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\nDate: {date}\r\n\r\n"
    )
}
