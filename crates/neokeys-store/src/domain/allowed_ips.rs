//! Client addresses that a key may be used from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

/// One address, or one network without host bits. An IPv4 address that is written as an IPv6 one
/// (`::ffff:192.0.2.1`) is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork(IpNet);

/// The networks that a key may be used from: 1 to 64, each once, in the order given. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedIps(Arc<[IpNetwork]>);

/// Why a text is no network. The texts are for callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum IpNetworkError {
    #[error(
        "must be an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32"
    )]
    Syntax,
    #[error("has bits set beyond its prefix; write {corrected}")]
    HostBits { corrected: IpNetwork },
}

/// Why a list of texts is no list of networks. The texts are for callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum AllowedIpsError {
    #[error("At least one address or network is required.")]
    Missing,
    #[error("At most {} addresses and networks are allowed.", AllowedIps::MOST)]
    TooMany,
    #[error("The entry at position {position} {source}.")]
    Network {
        /// Where it stands, counted from 1.
        position: usize,
        /// The rule that it breaks.
        source: IpNetworkError,
    },
}

impl IpNetwork {
    /// Takes an address, or a network as `ADDRESS/PREFIX`.
    ///
    /// # Errors
    /// [`IpNetworkError`], with the network that was meant where host bits are set.
    pub fn parse(text: &str) -> Result<Self, IpNetworkError> {
        let written = match text.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => text.parse::<IpAddr>().or(Err(IpNetworkError::Syntax))?.into(),
        };
        let network = Self(canonical(written));
        let corrected = Self(network.0.trunc());
        if corrected == network { Ok(network) } else { Err(IpNetworkError::HostBits { corrected }) }
    }
}

/// An IPv4 network that is written as an IPv6 one, as itself.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    let mapped = |address: Ipv6Addr| address.to_ipv4_mapped();
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= MAPPED => mapped(v6.addr())
            .and_then(|v4| Ipv4Net::new(v4, v6.prefix_len() - MAPPED).ok())
            .map_or(network, IpNet::V4),
        IpNet::V4(_) | IpNet::V6(_) => network,
    }
}

/// A single address is shown without a prefix.
impl fmt::Display for IpNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(formatter)
        } else {
            self.0.fmt(formatter)
        }
    }
}

impl AllowedIps {
    /// The most networks that one key may have.
    pub const MOST: usize = 64;

    /// Takes 1 to 64 addresses and networks. Repeats are kept once, at their first place.
    ///
    /// # Errors
    /// Every [`AllowedIpsError`] that applies, in the order of the list.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, Vec<AllowedIpsError>> {
        if texts.is_empty() {
            return Err(vec![AllowedIpsError::Missing]);
        }
        if texts.len() > Self::MOST {
            return Err(vec![AllowedIpsError::TooMany]);
        }
        let (mut networks, mut errors) = (Vec::with_capacity(texts.len()), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            match IpNetwork::parse(text.as_ref()) {
                Ok(network) if networks.contains(&network) => {}
                Ok(network) => networks.push(network),
                Err(source) => {
                    errors.push(AllowedIpsError::Network { position: index + 1, source })
                }
            }
        }
        if errors.is_empty() { Ok(Self(networks.into())) } else { Err(errors) }
    }

    /// Whether a client of this address is let in; one whose address is not known never is.
    #[must_use]
    pub fn include(&self, client: Option<IpAddr>) -> bool {
        let client = client.map(|address| address.to_canonical());
        client.is_some_and(|client| self.iter().any(|IpNetwork(network)| network.contains(&client)))
    }

    /// The networks in order.
    pub fn iter(&self) -> std::slice::Iter<'_, IpNetwork> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a AllowedIps {
    type Item = &'a IpNetwork;
    type IntoIter = std::slice::Iter<'a, IpNetwork>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{AllowedIps, AllowedIpsError, IpNetwork, IpNetworkError};

    fn include(networks: &[&str], client: &str) -> bool {
        AllowedIps::parse(networks).unwrap().include(Some(client.parse().unwrap()))
    }

    #[test]
    fn an_address_or_a_network_is_shown_as_shortly_as_it_can_be() {
        for (text, shown) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1"),
            ("::/0", "::/0"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ] {
            assert_eq!(IpNetwork::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn host_bits_are_told_with_the_network_that_was_meant() {
        for (text, corrected) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
        ] {
            let corrected = IpNetwork::parse(corrected).unwrap();
            assert_eq!(IpNetwork::parse(text), Err(IpNetworkError::HostBits { corrected }));
        }
        let text = "";
        for text in
            [text, "localhost", "203.0.113.7/33", "203.0.113", "010.0.0.1", "fe80::1%eth0", " ::1"]
        {
            assert_eq!(IpNetwork::parse(text), Err(IpNetworkError::Syntax), "{text:?}");
        }
    }

    #[test]
    fn a_client_is_let_in_by_its_whole_address() {
        assert!(include(&["203.0.113.0/24"], "203.0.113.255"));
        assert!(!include(&["203.0.113.0/24"], "203.0.114.0"));
        assert!(include(&["203.0.113.0/24"], "::ffff:203.0.113.9"));
        assert!(!include(&["::/0"], "203.0.113.9"));
        assert!(!include(&["::/0"], "::ffff:203.0.113.9"));
        assert!(include(&["2001:db8::1"], "2001:db8::1"));
        assert!(!include(&["2001:db8::1"], "2001:db8::2"));
        assert!(!AllowedIps::parse(&["0.0.0.0/0", "::/0"]).unwrap().include(None));
    }

    #[test]
    fn every_fault_of_a_list_is_told_and_repeats_are_kept_once() {
        assert_eq!(AllowedIps::parse::<&str>(&[]), Err(vec![AllowedIpsError::Missing]));
        assert_eq!(AllowedIps::parse(&vec!["::1"; 65]), Err(vec![AllowedIpsError::TooMany]));
        let network = |position, source| AllowedIpsError::Network { position, source };
        let corrected = IpNetwork::parse("10.0.0.0/8").unwrap();
        assert_eq!(
            AllowedIps::parse(&["x", "10.0.0.0/8", "10.0.0.1/8"]),
            Err(vec![
                network(1, IpNetworkError::Syntax),
                network(3, IpNetworkError::HostBits { corrected }),
            ])
        );
        let once = AllowedIps::parse(&["10.0.0.1", "::1", "::ffff:10.0.0.1"]).unwrap();
        let shown: Vec<_> = once.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.1", "::1"]);
    }
}
