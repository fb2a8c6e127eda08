//! Two services on one folder, which are killed and started again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::now;
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::Workplace;

/// A service that may be down for a moment.
pub(super) struct Service {
    running: Mutex<Option<Server>>,
    address: Mutex<String>,
    /// Odd while it is down.
    epoch: AtomicU64,
    log: String,
}

impl Service {
    pub(super) fn start(place: &Workplace, number: usize) -> Self {
        let service = Self {
            running: Mutex::new(None),
            address: Mutex::new(String::new()),
            epoch: AtomicU64::new(1),
            log: format!("service-{number}.log"),
        };
        service.come_up(place);
        service
    }

    fn come_up(&self, place: &Workplace) {
        // Only what is amiss is looked for at the end.
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("NEOKEYS_LOG__LEVEL", "warn");
        let running = Server::start_logged(&mut command, &place.path(&self.log));
        running.address().clone_into(&mut self.address.lock().unwrap());
        *self.running.lock().unwrap() = Some(running);
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Kills it (SIGKILL) and starts it again.
    pub(super) fn kill(&self, place: &Workplace) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        drop(self.running.lock().unwrap().take());
        self.come_up(place);
    }

    pub(super) fn address(&self) -> String {
        self.address.lock().unwrap().clone()
    }

    /// How often it came up and went down.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Ends it in order, and gives all that it ever logged.
    pub(super) fn end(&self, place: &Workplace) -> String {
        let (status, _) = self.running.lock().unwrap().take().unwrap().terminate();
        let log = place.read(&self.log);
        assert_eq!(status.code(), Some(0), "{log}");
        log
    }
}

/// Kills one or the other until the end, and says how often.
pub(super) fn kill_now_and_then(
    place: &Workplace,
    services: &[Service; 2],
    seed: u64,
    until: Instant,
) -> usize {
    let mut draw = Seeded::new(seed);
    for kills in 0.. {
        let next = Instant::now() + Duration::from_millis(2_000 + draw.below(8_000) as u64);
        while Instant::now() < next {
            if Instant::now() >= until {
                return kills;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let number = draw.below(2);
        services[number].kill(place);
        let now = now();
        println!("{now:?} service {number} was killed and is there again");
    }
    0
}
