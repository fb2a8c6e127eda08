//! Addresses that keys may be fetched from.

use std::net::IpAddr;

use reqwest::Url;

/// Why keys are not fetched from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an absolute URL.
    #[error("is not a URL")]
    NotAUrl,
    /// Neither `https` nor `http` to this machine.
    #[error("must be an https URL (http is taken for localhost, 127.0.0.0/8 and [::1] only)")]
    NotHttps,
    /// A user name or a password in it.
    #[error("must not hold a user name or a password")]
    Credentials,
}

/// Takes an `https` URL, or an `http` URL to a loopback host, without credentials: whoever can
/// change the answer on its way can make tokens.
pub(super) fn parse(text: &str) -> Result<Url, AddressError> {
    let Ok(url) = Url::parse(text) else { return Err(AddressError::NotAUrl) };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(AddressError::NotHttps),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    Ok(url)
}

/// Whether the URL's host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{AddressError, parse};

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
