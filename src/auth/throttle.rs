//! Slowing down an address from which one bad credential comes after another.
//!
//! Off unless the deployment sets a rate. An address that spends its failures is turned away, good
//! credentials too, until its time is up: an answer that told good from bad would be what a guesser
//! wants. Who never fails is never slowed down, and who brings no credential does not fail.

mod failures;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

use super::client_address::ClientAddresses;
use super::client_network::network;
use failures::Failures;

/// When an address is slowed down: the settings `auth.throttle.…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// How many failed authentications an address has in a minute; they come back evenly over it.
    /// Zero: nobody is slowed down.
    pub failures_per_minute: u32,
    /// The proxies whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// Who failed how often. Without a configured rate it does nothing and costs nothing.
#[derive(Default)]
pub struct Throttle(Option<Active>);

struct Active {
    failures: Failures,
    clients: ClientAddresses,
}

impl Throttle {
    /// A throttle in which nobody has failed yet.
    #[must_use]
    pub fn new(config: &ThrottleConfig) -> Self {
        Self(NonZeroU32::new(config.failures_per_minute).map(|failures| Active {
            failures: Failures::new(failures, Instant::now()),
            clients: ClientAddresses::new(&config.trusted_proxies),
        }))
    }

    /// How long the sender of a request with these headers has to wait before anything of it is looked at, if
    /// it does.
    #[must_use]
    pub(crate) fn wait(&self, sender: Option<IpAddr>, headers: &HeaderMap) -> Option<Duration> {
        let active = self.0.as_ref()?;
        active.failures.wait(active.address(sender?, headers), Instant::now())
    }

    /// Remembers that a credential of the request, or a token in its body, was not valid. Gives the time to
    /// wait when that was one too many.
    pub(crate) fn failed(&self, sender: Option<IpAddr>, headers: &HeaderMap) -> Option<Duration> {
        let active = self.0.as_ref()?;
        active.failures.note(active.address(sender?, headers), Instant::now())
    }
}

impl Active {
    fn address(&self, sender: IpAddr, headers: &HeaderMap) -> IpAddr {
        network(self.clients.find(sender, headers))
    }
}
