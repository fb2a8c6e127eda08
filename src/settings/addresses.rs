//! Addresses as settings: of sockets, web servers, pages, networks and stores; and what else has a
//! parser of its own.

use std::net::SocketAddr;

use ::http::Uri;
use ipnet::IpNet;

use super::value_form::Scalar;
use crate::auth::ReporterKeys;
use crate::auth::client_address::parse_proxies;
use crate::contract::{PublicUrl, PublicUrlError};
use crate::domain::TokenPrefix;
use crate::storage::{StoreUrl, StoreUrlError};

impl Scalar for SocketAddr {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, String> {
        let form = "an address is an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080";
        text.parse().or(Err(form.to_owned()))
    }

    fn show(value: &Self) -> String {
        value.to_string()
    }
}

/// An address to listen on; the error says what to write in its place.
pub(crate) fn parse_socket_address(text: &str) -> Result<SocketAddr, String> {
    <SocketAddr as Scalar>::parse(text)
}

impl Scalar for PublicUrl {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: PublicUrlError| error.to_string())
    }

    fn show(value: &Self) -> String {
        value.to_string()
    }
}

impl Scalar for StoreUrl {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: StoreUrlError| error.to_string())
    }

    fn show(value: &Self) -> String {
        value.to_string()
    }
}

impl Scalar for ReporterKeys {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn show(value: &Self) -> String {
        value.to_string()
    }
}

impl Scalar for TokenPrefix {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn show(value: &Self) -> String {
        value.as_str().to_owned()
    }
}

/// The address of a web page. One that no client can use would be noticed late, in a served document.
pub(super) struct Address;

impl Scalar for Address {
    type Value = String;

    fn parse(text: &str) -> Result<String, String> {
        let uri = text.parse::<Uri>().ok();
        let usable = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        let form = "an address starts with https:// or http://";
        usable.then(|| text.to_owned()).ok_or_else(|| form.to_owned())
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// The origin of web pages, as browsers name it. They are compared to the letter, so one with a path
/// would never match.
pub(super) struct Origin;

impl Scalar for Origin {
    type Value = String;

    fn parse(text: &str) -> Result<String, String> {
        if text == "*" {
            return Err(
                "every page that a browser shows could call then; name the origins, such as \
                        https://console.example.com"
                    .to_owned(),
            );
        }
        let address = Address::parse(text)?;
        let bare = text.splitn(4, '/').count() == 3 && text == text.to_ascii_lowercase();
        let form = "an origin is scheme, host and port in lower case, without a slash at the end";
        bare.then_some(address).ok_or_else(|| form.to_owned())
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// The address of somebody to tell of a vulnerability (RFC 9116 §2.5.3).
pub(super) struct Contact;

impl Scalar for Contact {
    type Value = String;

    fn parse(text: &str) -> Result<String, String> {
        let begins = ["mailto:", "tel:", "https://"]
            .iter()
            .any(|it| text.strip_prefix(it).is_some_and(|rest| !rest.is_empty()));
        // A line of its own in a file of lines.
        let is_line = text.bytes().all(|byte| byte.is_ascii_graphic());
        let form = "a contact starts with mailto:, tel: or https://, such as \
                    mailto:security@example.com";
        (begins && is_line).then(|| text.to_owned()).ok_or_else(|| form.to_owned())
    }

    fn show(value: &String) -> String {
        value.clone()
    }
}

/// A network, or a single address.
pub(super) struct Network;

impl Scalar for Network {
    type Value = IpNet;

    fn parse(text: &str) -> Result<IpNet, String> {
        parse_proxies(text).map_err(|error| error.to_string())
    }

    fn show(value: &IpNet) -> String {
        value.to_string()
    }
}
