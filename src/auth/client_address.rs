//! Whose address a request came from, behind proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

use super::client_network::network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Finds out clients' addresses, by the proxies whose word is taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientAddresses {
    trusted_proxies: Arc<[IpNet]>,
}

/// A text that names no proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address, or an address and the bits that count, such as 10.0.0.0/8")]
pub(crate) struct ProxyError;

/// Reads a network of proxies, or the address of one, which may stand in brackets.
pub(crate) fn parse_proxies(text: &str) -> Result<IpNet, ProxyError> {
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let alone = address.unwrap_or(text).parse::<IpAddr>().map(IpNet::from);
    text.parse().or(alone).or(Err(ProxyError))
}

impl ClientAddresses {
    /// Takes the word of these proxies, and of nobody else.
    #[must_use]
    pub(crate) fn new(trusted_proxies: &[IpNet]) -> Self {
        Self { trusted_proxies: trusted_proxies.into() }
    }

    /// The client's address: a peer's own, or what a proxy says of it.
    #[must_use]
    pub(crate) fn find(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        of(peer, headers, &self.trusted_proxies)
    }
}

impl ClientAddresses {
    /// The client's whole address, for a list that says who is let in: `None` where it is not known, as
    /// behind a trusted proxy that names nobody, an obfuscated or broken hop, or two stories.
    #[must_use]
    pub(crate) fn find_exactly(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer?.to_canonical();
        if self.trusts(peer) { self.find_forwarded(Some(peer), headers) } else { Some(peer) }
    }

    /// The same, of the request that a gateway asks about: only a trusted proxy speaks of it.
    #[must_use]
    pub(crate) fn find_forwarded(
        &self,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Option<IpAddr> {
        let peer = peer.map(|it| it.to_canonical()).filter(|peer| self.trusts(*peer))?;
        let by = |hops: Vec<Option<IpAddr>>| {
            (!hops.is_empty()).then(|| {
                let mut client = peer;
                for hop in hops.into_iter().rev() {
                    client = hop?.to_canonical();
                    if !self.trusts(client) {
                        break;
                    }
                }
                Some(client)
            })
        };
        match (by(forwarded(headers)), by(x_forwarded_for(headers))) {
            (Some(client), None) | (None, Some(client)) => client,
            (Some(client), Some(other)) if client == other => client,
            _ => None,
        }
    }

    /// Whether the word of whoever is at this address is taken.
    #[must_use]
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}

/// The client's address. A peer that is no trusted proxy speaks for itself;
/// a trusted one is believed, and the one before it if that is trusted too, and so on (RFC 7239
/// §7.4). Where `Forwarded` and `X-Forwarded-For` tell two stories, the proxies wrote one of them
/// and passed the other on as it came: neither is believed.
fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let by =
        |hops: Vec<Option<IpAddr>>| (!hops.is_empty()).then(|| last_known(peer, hops, trusted));
    match (by(forwarded(headers)), by(x_forwarded_for(headers))) {
        (Some(client), None) | (None, Some(client)) => client,
        (Some(client), Some(other)) if network(client) == network(other) => client,
        _ => peer,
    }
}

/// The client, or the first hop on the way from it that is known.
fn last_known(peer: IpAddr, hops: Vec<Option<IpAddr>>, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        if !trusted.iter().any(|net| net.contains(&client)) {
            break;
        }
        match hop {
            Some(address) => client = address.to_canonical(),
            // An obfuscated or broken hop: whoever wrote it is the last one that is known.
            None => break,
        }
    }
    client
}

/// The hops of `X-Forwarded-For`, the client's first; `None` where one gives no address.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    list(headers, X_FORWARDED_FOR).into_iter().map(address).collect()
}

/// The hops of `Forwarded` (RFC 7239 §5.2), likewise.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let node = |element: &str| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("for")
                .then(|| address(value.trim().trim_matches('"')))?
        })
    };
    list(headers, FORWARDED).into_iter().map(node).collect()
}

fn list(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let texts = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    texts.flat_map(|text| text.split(',')).map(str::trim).collect()
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{ClientAddresses, network, of};

    fn exact(peer: &str, headers: &[(&str, &str)]) -> [Option<String>; 2] {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let clients = ClientAddresses::new(&["10.0.0.0/8".parse().unwrap()]);
        let peer = peer.parse().ok();
        [clients.find_exactly(peer, &map), clients.find_forwarded(peer, &map)]
            .map(|found| found.map(|address| address.to_string()))
    }

    #[test]
    fn a_list_of_addresses_is_asked_only_for_one_that_is_known() {
        let both = |address: &str| [Some(address.to_owned()), Some(address.to_owned())];
        let own = |address: &str| [Some(address.to_owned()), None];
        let unknown = [None, None];
        const XFF: &str = "X-Forwarded-For";
        for (peer, headers, expected) in [
            ("192.0.2.1", &[] as &[(&str, &str)], own("192.0.2.1")),
            ("::ffff:192.0.2.1", &[], own("192.0.2.1")),
            ("192.0.2.1", &[(XFF, "203.0.113.9")], own("192.0.2.1")),
            ("nobody", &[(XFF, "203.0.113.9")], unknown.clone()),
            ("10.0.0.1", &[], unknown.clone()),
            ("10.0.0.1", &[(XFF, "203.0.113.9")], both("203.0.113.9")),
            ("::ffff:10.0.0.1", &[(XFF, "::ffff:203.0.113.9")], both("203.0.113.9")),
            ("10.0.0.1", &[(XFF, "2001:db8::1:2")], both("2001:db8::1:2")),
            ("10.0.0.1", &[(XFF, "198.51.100.1, 203.0.113.9, 10.2.3.4")], both("203.0.113.9")),
            ("10.0.0.1", &[(XFF, "198.51.100.1, unknown, 10.2.3.4")], unknown.clone()),
            ("10.0.0.1", &[(XFF, "203.0.113.9, _hidden")], unknown.clone()),
            ("10.0.0.1", &[("Forwarded", "for=203.0.113.9")], both("203.0.113.9")),
            (
                "10.0.0.1",
                &[("Forwarded", "for=203.0.113.9"), (XFF, "203.0.113.9")],
                both("203.0.113.9"),
            ),
            (
                "10.0.0.1",
                &[("Forwarded", "for=203.0.113.9"), (XFF, "203.0.113.8")],
                unknown.clone(),
            ),
            (
                "10.0.0.1",
                &[("Forwarded", "for=\"[2001:db8::1]\""), (XFF, "2001:db8::2")],
                unknown.clone(),
            ),
        ] {
            assert_eq!(exact(peer, headers), expected, "{peer} {headers:?}");
        }
    }

    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        network(of(peer.parse().unwrap(), &map, &trusted)).to_string()
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_speaks_for_itself() {
        let forged = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client("203.0.113.5", &forged), "203.0.113.5");
    }

    #[test]
    fn trusted_proxies_are_believed_from_the_last_to_the_first() {
        let list = |text| [("x-forwarded-for", text)];
        assert_eq!(client("10.0.0.1", &list("198.51.100.7")), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &list("6.6.6.6, 198.51.100.7, 10.0.0.2")), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &list("10.0.0.3, 10.0.0.2")), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &list("198.51.100.7, nonsense")), "10.0.0.1");
        let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.7:4711")];
        assert_eq!(client("10.0.0.1", &twice), "198.51.100.7");
    }

    #[test]
    fn forwarded_is_read_in_its_forms() {
        for (value, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"[2001:db8:1:2:3:4:5:6]:4711\"", "2001:db8:1:2::"),
            ("by=10.0.0.9;FOR=198.51.100.7;proto=https", "198.51.100.7"),
            ("for=6.6.6.6, for=198.51.100.7", "198.51.100.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn a_caller_cannot_choose_an_address_in_the_header_that_the_proxy_does_not_write() {
        for (forwarded, x_forwarded_for, expected) in [
            ("for=6.6.6.6", "198.51.100.7", "10.0.0.1"),
            ("for=198.51.100.7", "6.6.6.6", "10.0.0.1"),
            ("for=6.6.6.6", "", "10.0.0.1"),
            ("for=198.51.100.7", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ] {
            let headers = [("forwarded", forwarded), ("x-forwarded-for", x_forwarded_for)];
            assert_eq!(client("10.0.0.1", &headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_the_ipv4_address() {
        assert_eq!(client("::ffff:203.0.113.5", &[]), "203.0.113.5");
        let headers = [("x-forwarded-for", "::ffff:198.51.100.7")];
        assert_eq!(client("::ffff:10.0.0.1", &headers), "198.51.100.7");
    }
}
