//! Whose address a request came from, behind proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request is counted under. A peer that is no trusted proxy speaks for itself;
/// a trusted one is believed, and the one before it if that is trusted too, and so on (RFC 7239
/// §7.4). `Forwarded` goes before `X-Forwarded-For`.
///
/// Of an IPv6 address the first 64 bits count: the rest is its owner's to choose.
pub(super) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    for hop in hops(headers).into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        match hop {
            Some(address) => client = address.to_canonical(),
            // An obfuscated or broken hop: whoever wrote it is the last one that is known.
            None => break,
        }
    }
    network(client)
}

/// The hops that proxies wrote down, the client's first; `None` where one gives no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lists = |name: HeaderName| {
        let texts = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
        texts.flat_map(|text| text.split(',')).map(str::trim).collect::<Vec<_>>()
    };
    let forwarded = lists(FORWARDED);
    if forwarded.is_empty() {
        return lists(X_FORWARDED_FOR).into_iter().map(address).collect();
    }
    let node = |element: &str| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("for")
                .then(|| address(value.trim().trim_matches('"')))?
        })
    };
    forwarded.into_iter().map(node).collect()
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::of;

    fn client(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        of(peer.parse().unwrap(), &map, &trusted).to_string()
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
    fn forwarded_is_read_in_its_forms_and_goes_first() {
        for (value, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"[2001:db8:1:2:3:4:5:6]:4711\"", "2001:db8:1:2::"),
            ("by=10.0.0.9;FOR=198.51.100.7;proto=https", "198.51.100.7"),
            ("for=6.6.6.6, for=198.51.100.7", "198.51.100.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            let headers = [("forwarded", value), ("x-forwarded-for", "6.6.6.6")];
            assert_eq!(client("10.0.0.1", &headers), expected, "{value}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_ipv6_is_the_ipv4_address() {
        assert_eq!(client("::ffff:203.0.113.5", &[]), "203.0.113.5");
        let headers = [("x-forwarded-for", "::ffff:198.51.100.7")];
        assert_eq!(client("::ffff:10.0.0.1", &headers), "198.51.100.7");
    }
}
