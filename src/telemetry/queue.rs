//! Lines on their way to a reader that may not read.
//!
//! Whoever has a line to write hands it over and goes on; a thread writes. There is room for so many
//! bytes; what comes while it is full is dropped and counted, and the log says so once there is room
//! again. The thread takes all that is there at once, so a line costs the request that it is about no
//! system call of its own.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many bytes of lines may wait.
const ROOM: usize = 1 << 20;

/// How long the thread lets lines gather before it writes them. It delays the log, and nobody else.
const GATHERING: Duration = Duration::from_millis(5);

/// How long the end waits for a reader that takes nothing.
const FAREWELL: Duration = Duration::from_secs(1);

/// A place to hand lines over.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    is_writing: bool,
    is_ending: bool,
    /// Lines that found no room, or no reader; and how many of them the log has not told.
    dropped: u64,
    untold: u64,
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(to: impl io::Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::default());
        let shared = Arc::clone(&queue.0);
        std::thread::Builder::new().name("log".into()).spawn(move || shared.write_all_to(to))?;
        Ok(queue)
    }

    /// How many lines were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.0.state().dropped
    }

    /// Waits until what was handed over is written, as long as its reader takes any of it in time.
    pub(super) fn finish(&self) {
        let mut state = self.0.state();
        state.is_ending = true;
        self.0.changed.notify_all();
        let is_waiting = |state: &mut State| !state.lines.is_empty() || state.is_writing;
        // What a wait gives is of no interest: the process ends now, one way or the other.
        drop(self.0.changed.wait_timeout_while(state, FAREWELL, is_waiting));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while it held this had only lines to lose.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.lines.len() + line.len() > ROOM {
            state.dropped += 1;
            state.untold += 1;
            return;
        }
        let is_first = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        drop(state);
        if is_first {
            self.changed.notify_all();
        }
    }

    fn write_all_to(&self, mut to: impl io::Write) {
        let mut lines = Vec::new();
        loop {
            let untold = self.take(&mut lines);
            if untold > 0 {
                // It is a line like any other, behind those that were kept.
                tracing::warn!(
                    log.lines_dropped = untold,
                    "lines of the log were dropped, since nobody read it"
                );
            }
            let written = to.write_all(&lines).and_then(|()| to.flush());
            let mut state = self.state();
            if written.is_err() {
                // Nobody is there to be told.
                state.dropped += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            }
            lines.clear();
            state.is_writing = false;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Waits for lines and takes all that there are; gives how many were dropped since the last time.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let none = |state: &mut State| state.lines.is_empty();
        let state = self.changed.wait_while(self.state(), none);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let few = |state: &mut State| !state.is_ending && state.lines.len() < ROOM / 2;
        let gathered = self.changed.wait_timeout_while(state, GATHERING, few);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        std::mem::swap(&mut state.lines, lines);
        std::mem::take(&mut state.untold)
    }
}

impl<'w> MakeWriter<'w> for Queue {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// It is handed whole lines.
impl io::Write for Queue {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::{Queue, ROOM};

    /// A reader that takes a batch of lines whenever it is let.
    struct Reader {
        lets: Receiver<()>,
        batches: Sender<Vec<u8>>,
    }

    impl io::Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.lets.recv().map_err(io::Error::other)?;
            self.batches.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_writes_waits_for_no_reader_and_what_is_dropped_is_counted() {
        let (lets, batches) = (channel(), channel());
        let mut queue = Queue::start(Reader { lets: lets.1, batches: batches.0 }).unwrap();
        let line = |number: usize| format!("{number:>1023}\n");
        // More than there is room for, and as much again that the thread may hold already.
        let count = 3 * ROOM / 1024;
        (0..count).for_each(|number| queue.write_all(line(number).as_bytes()).unwrap());
        let dropped = usize::try_from(queue.dropped()).unwrap();
        assert!((1..=count - ROOM / 1024).contains(&dropped), "{dropped}");
        // Let go, the reader gets the others, whole and in order.
        let mut read = Vec::new();
        while read.len() < (count - dropped) * 1024 {
            lets.0.send(()).unwrap();
            read.extend(batches.1.recv().unwrap());
        }
        // Which were dropped depends on when the thread took what waited.
        let number = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().trim().parse().unwrap();
        let numbers: Vec<usize> = read.chunks(1024).map(number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
        let kept: String = numbers.into_iter().map(line).collect();
        assert!(read == kept.as_bytes());
        // There is room again.
        queue.write_all(b"last\n").unwrap();
        lets.0.send(()).unwrap();
        assert_eq!(batches.1.recv().unwrap(), b"last\n");
        assert_eq!(usize::try_from(queue.dropped()).unwrap(), dropped);
    }

    #[test]
    fn the_end_waits_for_what_was_written() {
        let (lets, batches) = (channel(), channel());
        let mut queue = Queue::start(Reader { lets: lets.1, batches: batches.0 }).unwrap();
        queue.write_all(b"last words\n").unwrap();
        lets.0.send(()).unwrap();
        queue.finish();
        assert_eq!(batches.1.try_recv().unwrap(), b"last words\n");
        // A reader that is gone holds nobody, and what it missed is counted.
        drop((lets.0, batches.1));
        queue.write_all(b"to nobody\n").unwrap();
        queue.finish();
        assert_eq!(queue.dropped(), 1);
    }
}
