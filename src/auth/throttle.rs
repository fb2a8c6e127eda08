//! Slowing down an address from which one bad credential comes after another.
//!
//! Off unless the deployment sets a rate. An address that spends its failures is turned away, good
//! credentials too, until its time is up: an answer that told good from bad would be what a guesser
//! wants. Who never fails is never slowed down.

mod client_address;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use actix_web::dev::ServiceRequest;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use ipnet::IpNet;

/// When an address is slowed down: the settings `auth.throttle.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// How many failed authentications an address has in a minute; they come back evenly over it.
    /// Zero: nobody is slowed down.
    pub failures_per_minute: u32,
    /// The proxies whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// Addresses that are remembered before those whose time is up are forgotten.
const REMEMBERED: usize = 10_000;

/// Who failed how often. Without a configured rate it does nothing and costs nothing.
pub struct Throttle(Option<Active>);

struct Active {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    turned_away: papaya::HashMap<IpAddr, Instant>,
    trusted_proxies: Vec<IpNet>,
}

impl Throttle {
    /// A throttle in which nobody has failed yet.
    #[must_use]
    pub fn new(config: &ThrottleConfig) -> Self {
        Self(NonZeroU32::new(config.failures_per_minute).map(|failures| Active {
            failures: DefaultKeyedRateLimiter::keyed(Quota::per_minute(failures)),
            turned_away: papaya::HashMap::new(),
            trusted_proxies: config.trusted_proxies.clone(),
        }))
    }

    /// How long the sender of a request has to wait before anything of it is looked at, if it does.
    #[must_use]
    pub fn wait(&self, request: &ServiceRequest) -> Option<Duration> {
        let active = self.0.as_ref()?;
        let address = active.address(request)?;
        let until = *active.turned_away.pin().get(&address)?;
        until.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    /// Remembers that a credential of the request was not valid. Gives the time to wait when that
    /// was one too many.
    pub fn failed(&self, request: &ServiceRequest) -> Option<Duration> {
        let active = self.0.as_ref()?;
        let address = active.address(request)?;
        let spent = active.failures.check_key(&address).err()?;
        let wait = spent.wait_time_from(DefaultClock::default().now());
        let now = Instant::now();
        let turned_away = active.turned_away.pin();
        if turned_away.len() >= REMEMBERED {
            turned_away.retain(|_, until| *until > now);
            active.failures.retain_recent();
        }
        turned_away.insert(address, now + wait);
        Some(wait)
    }
}

impl Active {
    fn address(&self, request: &ServiceRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(client_address::of(peer, request.headers(), &self.trusted_proxies))
    }
}
