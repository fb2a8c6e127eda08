//! How many addresses count as one client, where failed authentications are counted and two accounts of
//! a client are compared.

use std::net::{IpAddr, Ipv6Addr};

/// The part of an address that is one client's: of an IPv6 address the first 64 bits, since the rest is its
/// owner's to choose.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
