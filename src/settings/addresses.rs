//! The forms of addresses: of web servers, of pages, of networks.

use std::net::IpAddr;

use ::http::Uri;
use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error};

use super::form::{Form, parsed};

/// Addresses of web servers.
pub(super) struct Addresses;

impl Form for Addresses {
    type Value = Vec<String>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
        let addresses = Vec::<Address>::deserialize(source)?;
        Ok(addresses.into_iter().map(|Address(text)| text).collect())
    }

    fn show(value: &Vec<String>) -> String {
        format!("[{}]", value.join(", "))
    }
}

/// Origins of web pages, as browsers name them.
pub(super) struct Origins;

impl Form for Origins {
    type Value = Vec<String>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
        let origins = Vec::<Origin>::deserialize(source)?;
        Ok(origins.into_iter().map(|Origin(text)| text).collect())
    }

    fn show(value: &Vec<String>) -> String {
        Addresses::show(value)
    }
}

/// A browser's `Origin` is compared to the letter, so one with a path would never match.
struct Origin(String);

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let Address(text) = parsed(source, |text| match text {
            "*" => {
                Err("every page that a browser shows could call then; name the origins, such as \
                        https://console.example.com")
            }
            _ => Address::parse(text),
        })?;
        let bare = text.splitn(4, '/').count() == 3 && text == text.to_ascii_lowercase();
        if bare {
            Ok(Self(text))
        } else {
            let form =
                "an origin is scheme, host and port in lower case, without a slash at the end";
            Err(D::Error::custom(format!("{text:?} is refused: {form}")))
        }
    }
}

/// Networks, or single addresses.
pub(super) struct Networks;

impl Form for Networks {
    type Value = Vec<IpNet>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<IpNet>, D::Error> {
        let networks = Vec::<Network>::deserialize(source)?;
        Ok(networks.into_iter().map(|Network(network)| network).collect())
    }

    fn show(value: &Vec<IpNet>) -> String {
        let networks: Vec<_> = value.iter().map(ToString::to_string).collect();
        format!("[{}]", networks.join(", "))
    }
}

struct Network(IpNet);

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parsed(source, |text| {
            let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
            let alone = address.unwrap_or(text).parse::<IpAddr>().map(IpNet::from);
            text.parse().or(alone).map(Self).or(Err(
                "a network is an address, or an address and the bits that count, such as 10.0.0.0/8",
            ))
        })
    }
}

/// An address of a web page, or `null`.
pub(super) struct OptionalAddress;

impl Form for OptionalAddress {
    type Value = Option<String>;

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
        Ok(Option::<Address>::deserialize(source)?.map(|Address(text)| text))
    }

    fn show(value: &Option<String>) -> String {
        value.as_deref().unwrap_or("null").to_owned()
    }
}

/// A served document with an address that no client can use would be found out late.
struct Address(String);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parsed(source, Self::parse)
    }
}

impl Address {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let uri = text.parse::<Uri>().ok();
        let usable = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if usable {
            Ok(Self(text.to_owned()))
        } else {
            Err("an address starts with https:// or http://")
        }
    }
}
