//! Addresses that keys may be fetched from.

use std::net::IpAddr;

use reqwest::Url;

/// Why keys are not fetched from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an absolute URL.
    #[error("is not a URL")]
    NotAUrl,
    /// Neither `https`, nor `http` to this machine or to the host that is named for it.
    #[error(
        "must be an https URL (http is taken for localhost, 127.0.0.0/8 and [::1], and for the host \
         that the issuer's http_host names)"
    )]
    NotHttps,
    /// A user name or a password in it.
    #[error("must not hold a user name or a password")]
    Credentials,
}

/// A host from which an issuer's keys may come over `http`, as whoever runs the service has named it:
/// in a network where nobody else can answer in its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HttpHost(Url);

impl HttpHost {
    /// Takes a host, or a host and its port.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(&format!("http://{text}/")).ok()?;
        let whole = url.host_str().is_some_and(|host| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            // Anything else, a path or a user name say, would be passed over.
            text.eq_ignore_ascii_case(&format!("{host}{port}"))
        });
        (whole && !text.is_empty()).then_some(Self(url))
    }

    /// Whether an address is that host's.
    pub(super) fn is_host_of(&self, url: &Url) -> bool {
        url.host_str() == self.0.host_str() && self.0.port().is_none_or(|it| url.port() == Some(it))
    }
}

/// Takes an `https` URL, or an `http` URL to a loopback host or the one that is named for it, without
/// credentials: whoever can change the answer on its way can make tokens.
pub(super) fn parse(text: &str, http_host: Option<&HttpHost>) -> Result<Url, AddressError> {
    let Ok(url) = Url::parse(text) else { return Err(AddressError::NotAUrl) };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" if http_host.is_some_and(|host| host.is_host_of(&url)) => {}
        _ => return Err(AddressError::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    Ok(url)
}

/// Whether the URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{AddressError, HttpHost};

    fn parse(text: &str) -> Result<reqwest::Url, AddressError> {
        super::parse(text, None)
    }

    #[test]
    fn https_and_loopback_http_are_taken() {
        for text in [
            "https://login.example/jwks",
            "http://localhost:8080/jwks",
            "http://127.0.0.1/jwks",
            "http://127.8.8.8:1/",
            "http://[::1]:8080/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn http_is_taken_from_the_host_that_is_named_and_no_other() {
        let keycloak = HttpHost::parse("Keycloak:8080").unwrap();
        let any_port = HttpHost::parse("10.0.0.7").unwrap();
        for (text, host, is_taken) in [
            ("http://keycloak:8080/realms/a", &keycloak, true),
            ("http://KEYCLOAK:8080/", &keycloak, true),
            ("http://keycloak/", &keycloak, false),
            ("http://keycloak:8081/", &keycloak, false),
            ("http://keycloak.evil.example:8080/", &keycloak, false),
            ("http://evil.keycloak:8080/", &keycloak, false),
            ("http://evil.example:8080/keycloak:8080", &keycloak, false),
            ("http://keycloak:8080@evil.example/", &keycloak, false),
            ("http://user@keycloak:8080/", &keycloak, false),
            ("ftp://keycloak:8080/", &keycloak, false),
            ("https://keycloak:8443/", &keycloak, true),
            ("http://10.0.0.7/", &any_port, true),
            ("http://10.0.0.7:99/", &any_port, true),
            ("http://10.0.0.70/", &any_port, false),
        ] {
            assert_eq!(super::parse(text, Some(host)).is_ok(), is_taken, "{text}");
        }
        for text in [
            "",
            "http://keycloak",
            "keycloak/",
            "a@b",
            "a:b@c",
            "key cloak",
            "a:99999",
            "a/b",
            "a?b",
            ":80",
        ] {
            assert_eq!(HttpHost::parse(text), None, "{text}");
        }
        assert!(HttpHost::parse("[fd00::1]:8080").is_some());
    }

    #[test]
    fn others_are_refused() {
        for (text, error) in [
            ("", AddressError::NotAUrl),
            ("login.example/jwks", AddressError::NotAUrl),
            ("http://login.example/", AddressError::NotHttps),
            ("http://localhost.example/", AddressError::NotHttps),
            ("http://127.0.0.1.example/", AddressError::NotHttps),
            ("http://0.0.0.0/", AddressError::NotHttps),
            ("http://169.254.169.254/", AddressError::NotHttps),
            ("ftp://localhost/", AddressError::NotHttps),
            ("file:///etc/passwd", AddressError::NotHttps),
            ("https://user@login.example/", AddressError::Credentials),
            ("https://:word@login.example/", AddressError::Credentials),
        ] {
            assert_eq!(parse(text).err(), Some(error), "{text}");
        }
    }
}
