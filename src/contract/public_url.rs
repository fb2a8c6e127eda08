//! The address by which callers reach the service, where a proxy gives it one.

use std::fmt::{self, Display};
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;

/// Scheme, host, port and path prefix before every path of the service, without a slash at the end:
/// `https://example.com/neokeys`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Arc<str>);

/// Why a text is no public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// Another scheme, or none, or no host.
    #[error(
        "it is the whole address by which callers reach the service, such as \
         https://example.com/neokeys"
    )]
    NoAddress,
    /// A name or a password.
    #[error("leave out the name and the password: everybody is told this address")]
    Credential,
    /// A query or a fragment.
    #[error("it ends with the path; leave out what begins with ? or #")]
    BeyondPath,
    /// A path that a client or a proxy would make another one of.
    #[error(
        "its path has segments of letters, digits and -._~!$&'()*+,;=:@ or %XX between single slashes, \
         and none of them is . or .."
    )]
    Path,
}

impl PublicUrl {
    /// The address of a path of the service.
    pub(crate) fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address itself, without a slash at the end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    /// Reads it as browsers write it: scheme and host in lower case, without the scheme's own port
    /// and without slashes at the end.
    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        if text.contains(['?', '#']) {
            return Err(PublicUrlError::BeyondPath);
        }
        let (scheme, rest) = text.split_once("://").ok_or(PublicUrlError::NoAddress)?;
        let scheme = scheme.to_ascii_lowercase();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(PublicUrlError::Credential);
        }
        let own_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err(PublicUrlError::NoAddress),
        };
        let authority = read_authority(authority, own_port).ok_or(PublicUrlError::NoAddress)?;
        let path = path.trim_end_matches('/');
        if !path.split('/').skip(1).all(is_plain_segment) {
            return Err(PublicUrlError::Path);
        }
        let whole = format!("{scheme}://{authority}{path}");
        // What the clients' own parsers refuse is found out here and not there.
        if whole.parse::<Uri>().is_err() {
            return Err(PublicUrlError::NoAddress);
        }
        Ok(Self(whole.into()))
    }
}

/// Host and port, as browsers write them.
fn read_authority(text: &str, own_port: u16) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host().to_ascii_lowercase();
    let is_name = |host: &str| {
        let known = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_');
        !host.is_empty() && host.chars().all(known)
    };
    let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None if is_name(&host) => host,
        None => return None,
    };
    if authority.as_str() == authority.host() {
        return Some(host);
    }
    match authority.port_u16()? {
        0 => None,
        port if port == own_port => Some(host),
        port => Some(format!("{host}:{port}")),
    }
}

/// Whether a segment of a path is the same to everybody (RFC 3986 §3.3).
fn is_plain_segment(segment: &str) -> bool {
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3);
        if !code.is_some_and(|code| code.bytes().all(|it| it.is_ascii_hexdigit())) {
            return false;
        }
        rest = &rest[at + 3..];
    }
    let known = |it: char| it.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(it);
    let dots = segment.to_ascii_lowercase().replace("%2e", ".");
    !segment.is_empty() && segment.chars().all(known) && dots != "." && dots != ".."
}

#[cfg(test)]
mod tests {
    use super::{PublicUrl, PublicUrlError};

    #[test]
    fn an_address_is_kept_as_browsers_write_it() {
        for (text, kept) in [
            ("https://example.com", "https://example.com"),
            ("https://example.com/", "https://example.com"),
            ("https://example.com/neokeys", "https://example.com/neokeys"),
            ("https://example.com/neokeys/", "https://example.com/neokeys"),
            ("https://example.com/a/b//", "https://example.com/a/b"),
            ("HTTPS://Example.COM:443/Neokeys", "https://example.com/Neokeys"),
            ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
            ("http://127.0.0.1:443/x", "http://127.0.0.1:443/x"),
            ("http://[0:0::1]:8080/x", "http://[::1]:8080/x"),
            ("http://[::1]", "http://[::1]"),
            ("http://keys_1.local:8080/k%C3%A9ys/~a", "http://keys_1.local:8080/k%C3%A9ys/~a"),
        ] {
            let url: PublicUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.as_str(), kept);
            assert_eq!(kept.parse(), Ok(url.clone()), "{text}");
            assert_eq!(url.of("/api/x"), format!("{kept}/api/x"));
        }
    }

    #[test]
    fn what_would_lead_astray_is_refused() {
        use PublicUrlError::{BeyondPath, Credential, NoAddress, Path};
        for (text, error) in [
            ("", NoAddress),
            ("/neokeys", NoAddress),
            ("//example.com/neokeys", NoAddress),
            ("example.com/neokeys", NoAddress),
            ("https:example.com", NoAddress),
            ("https:///neokeys", NoAddress),
            ("https://", NoAddress),
            ("ftp://example.com/", NoAddress),
            ("javascript://example.com/", NoAddress),
            (" https://example.com", NoAddress),
            ("https://exa mple.com", NoAddress),
            ("https://example.com\\neokeys", NoAddress),
            ("https://b\u{fc}cher.example", NoAddress),
            ("https://example.com:", NoAddress),
            ("https://example.com:0", NoAddress),
            ("https://example.com:65536", NoAddress),
            ("https://example.com:https", NoAddress),
            ("https://[::1", NoAddress),
            ("https://[v1.x]", NoAddress),
            ("https://a;b", NoAddress),
            ("https://me:secret@example.com", Credential),
            ("https://me@example.com/x", Credential),
            ("https://example.com/?", BeyondPath),
            ("https://example.com/x?a=b", BeyondPath),
            ("https://example.com#x", BeyondPath),
            ("https://example.com/a b", Path),
            ("https://example.com/a\r\nX: y", Path),
            ("https://example.com/a\"b", Path),
            ("https://example.com/a\\b", Path),
            ("https://example.com/%", Path),
            ("https://example.com/%4", Path),
            ("https://example.com/%zz", Path),
            ("https://example.com/k\u{e9}ys", Path),
            ("https://example.com/%\u{e9}ys", Path),
            ("https://example.com//a", Path),
            ("https://example.com/a//b", Path),
            ("https://example.com/a/../b", Path),
            ("https://example.com/.", Path),
            ("https://example.com/%2E%2e/b", Path),
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(error), "{text:?}");
        }
    }
}
