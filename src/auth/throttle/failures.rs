//! Who failed how often lately, in bounded room and with bounded work.
//!
//! An address has so many failures; each comes back after its share of a minute. What is known of an
//! address that failed a minute ago is the same as what is known of one that never failed, so two
//! generations of a minute each remember enough: those of the young one that fail again stay, and the
//! old one is dropped whole. A flood of addresses turns the generations sooner; it never makes a
//! failure look at more than its own address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use papaya::ResizeMode;

/// The time over which failures come back: all of them have after it.
const PERIOD: Duration = Duration::from_secs(60);
/// How many addresses fit into one of the two generations.
const GENERATION: usize = 50_000;

/// The failures of addresses. Who asks whether an address has to wait waits for nobody.
pub(super) struct Failures {
    /// How long one failure takes to come back.
    share: Duration,
    generations: ArcSwap<Generations>,
    failing: Mutex<()>,
}

/// How an address stands.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// When all of its failures will have come back.
    restored: Instant,
    /// Until when nothing from it is looked at.
    turned_away: Option<Instant>,
}

struct Generations {
    young: Arc<Standings>,
    old: Arc<Standings>,
    began: Instant,
}

type Standings = papaya::HashMap<IpAddr, Standing>;

impl Generations {
    /// Nobody has failed since then but those of the old generation.
    fn after(old: Arc<Standings>, began: Instant) -> Self {
        // A map that is between two sizes is searched in both until it is written to again.
        let young = papaya::HashMap::builder().resize_mode(ResizeMode::Blocking).build();
        Self { young: Arc::new(young), old, began }
    }

    fn find(&self, address: IpAddr) -> Option<Standing> {
        let found = self.young.pin().get(&address).copied();
        found.or_else(|| self.old.pin().get(&address).copied())
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= PERIOD || self.young.len() >= GENERATION
    }

    /// Neither generation says anything any more.
    fn is_forgotten(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= 2 * PERIOD
    }
}

impl Failures {
    /// No failures, of so many that an address has in a minute.
    pub(super) fn new(per_minute: NonZeroU32, now: Instant) -> Self {
        Self {
            share: PERIOD / per_minute.get(),
            generations: ArcSwap::from_pointee(Generations::after(Arc::default(), now)),
            failing: Mutex::default(),
        }
    }

    /// How long nothing from the address is looked at any more, if so.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let generations = self.generations.load();
        if generations.is_forgotten(now) {
            // Once is enough, until somebody fails again.
            if !generations.young.is_empty() || !generations.old.is_empty() {
                self.forget(now);
            }
            return None;
        }
        let until = generations.find(address)?.turned_away?;
        until.checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// Notes a failure. Gives the time to wait when it was one too many.
    pub(super) fn note(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let _failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(now);
        let generations = self.generations.load();
        let restored = generations.find(address).map_or(now, |it| it.restored.max(now));
        let after = restored + self.share;
        let wait = after.saturating_duration_since(now + PERIOD);
        let wait = Some(wait).filter(|wait| !wait.is_zero());
        let standing = match wait {
            None => Standing { restored: after, turned_away: None },
            Some(wait) => Standing { restored, turned_away: Some(now + wait) },
        };
        generations.young.pin().insert(address, standing);
        wait
    }

    /// Lets the next generation begin where the young one is over. What is dropped then is freed once
    /// a minute, or once in as many failures as it has addresses.
    fn turn(&self, now: Instant) {
        let generations = self.generations.load();
        let next = if generations.is_forgotten(now) {
            Generations::after(Arc::default(), now)
        } else if generations.is_over(now) {
            Generations::after(Arc::clone(&generations.young), now)
        } else {
            return;
        };
        self.generations.store(Arc::new(next));
    }

    /// Gives back the room of addresses that failed long ago, unless somebody fails just now.
    fn forget(&self, now: Instant) {
        if let Ok(_failing) = self.failing.try_lock() {
            self.turn(now);
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        let generations = self.generations.load();
        generations.young.len() + generations.old.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::num::NonZeroU32;
    use std::time::{Duration, Instant};

    use super::{Failures, GENERATION};

    fn failures(per_minute: u32) -> (Failures, Instant) {
        let now = Instant::now();
        (Failures::new(NonZeroU32::new(per_minute).unwrap(), now), now)
    }

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_address_has_as_many_failures_as_is_set_and_they_come_back_evenly() {
        for per_minute in [1, 2, 3, 7, 59, 1_000, 70_000] {
            let (failures, now) = failures(per_minute);
            for _ in 0..per_minute {
                assert_eq!(failures.note(address(1), now), None, "{per_minute}");
                assert_eq!(failures.wait(address(1), now), None, "{per_minute}");
            }
            let wait = failures.note(address(1), now).unwrap();
            assert!(wait <= Duration::from_secs(60) / per_minute, "{per_minute}: {wait:?}");
            assert_eq!(failures.wait(address(1), now), Some(wait));
            assert_eq!(failures.wait(address(2), now), None);
            // One has come back then, and no more than one.
            let later = now + wait;
            assert_eq!(failures.wait(address(1), later), None);
            assert_eq!(failures.note(address(1), later), None, "{per_minute}");
            assert!(failures.note(address(1), later).is_some(), "{per_minute}");
        }
    }

    #[test]
    fn all_have_come_back_after_a_minute_whenever_it_failed() {
        for start in [0, 1, 29, 59, 60, 61, 100] {
            let (failures, began) = failures(3);
            let now = began + start * SECOND;
            for _ in 0..3 {
                assert_eq!(failures.note(address(1), now), None, "{start}");
            }
            // Whatever generation it is in by then.
            failures.note(address(2), now + 30 * SECOND);
            let half = now + 41 * SECOND;
            assert_eq!(failures.note(address(1), half), None, "{start}");
            assert_eq!(failures.note(address(1), half), None, "{start}");
            assert!(failures.note(address(1), half).is_some(), "{start}");
            let later = half + 60 * SECOND;
            for _ in 0..3 {
                assert_eq!(failures.note(address(1), later), None, "{start}");
            }
            assert!(failures.note(address(1), later).is_some(), "{start}");
        }
    }

    #[test]
    fn addresses_that_failed_once_are_forgotten() {
        let (failures, now) = failures(5);
        for number in 0..1_000 {
            failures.note(address(number), now);
        }
        assert_eq!(failures.remembered(), 1_000);
        // By the next that fails.
        for minute in 1..3 {
            failures.note(address(7), now + 60 * minute * SECOND);
        }
        assert!(failures.remembered() <= 2, "{}", failures.remembered());
        // By the next that asks, where nobody fails.
        assert_eq!(failures.wait(address(8), now + 300 * SECOND), None);
        assert_eq!(failures.remembered(), 0);
    }

    #[test]
    fn a_flood_of_addresses_is_remembered_in_bounded_room() {
        let (failures, now) = failures(2);
        let guesser = address(u32::MAX);
        let mut turned_away = 0;
        for number in 0..5 * u32::try_from(GENERATION).unwrap() {
            failures.note(address(number), now);
            if number % 1_000 == 0 {
                turned_away += usize::from(failures.note(guesser, now).is_some());
                assert!(failures.remembered() <= 2 * GENERATION + 2);
            }
        }
        // Who goes on failing is not forgotten over the others.
        assert_eq!(turned_away, 5 * GENERATION / 1_000 - 2);
    }
}
