//! The id of a request, in its answer and in the log.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::auth::secret_in_text::{tells, tells_credential};

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that a caller may choose, in characters.
const LONGEST: usize = 128;

/// Characters of each half of a new id.
const GENERATED: usize = 16;

/// A caller's own `X-Request-Id` if it is one, short and printable; otherwise a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The id of the request with these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut own = headers.get_all(X_REQUEST_ID);
        match (own.next(), own.next()) {
            (Some(value), None) if may_be_kept(headers, value.as_bytes()) => Self(value.clone()),
            _ => Self::generate(),
        }
    }

    /// The id of a request that changes something, once its body was read: its own, or a new one where
    /// that tells something of a secret in the body. The same each time.
    pub(crate) fn of_change(request: &HttpRequest, own: Self) -> Self {
        let mut extensions = request.extensions_mut();
        let kept = extensions.remove::<Self>().unwrap_or(own);
        let tells = extensions.remove::<TellsSecret>().is_some();
        let id = if tells { Self::generate() } else { kept };
        extensions.insert(id.clone());
        id
    }

    #[expect(clippy::expect_used, reason = "hexadecimal digits are visible ASCII")]
    fn generate() -> Self {
        // Told apart from other processes by 64 random bits, within this one by a count.
        static PROCESS: OnceLock<[u8; GENERATED]> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let process = PROCESS.get_or_init(|| {
            let mut random = [0; 8];
            // Without randomness the ids of this process start at zero: still ids.
            let _ = SystemRandom::new().fill(&mut random);
            hexadecimal(u64::from_be_bytes(random))
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 2 * GENERATED];
        text[..GENERATED].copy_from_slice(process);
        text[GENERATED..].copy_from_slice(&hexadecimal(count));
        Self(HeaderValue::from_bytes(&text).expect("digits are a header value"))
    }

    /// The id as text.
    #[expect(clippy::expect_used, reason = "only printable ids are kept")]
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().expect("an id is visible ASCII")
    }

    /// The id as the value of its header.
    pub(crate) fn into_header_value(self) -> HeaderValue {
        self.0
    }
}

/// Left with a request whose own id tells something of a secret in its body.
struct TellsSecret;

/// Notes that a request's body brought a secret.
pub(crate) fn note_secret(request: &HttpRequest, secret: &[u8]) {
    if request.headers().get_all(X_REQUEST_ID).any(|id| tells(secret, id.as_bytes())) {
        request.extensions_mut().insert(TellsSecret);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The sixteen digits of a number.
fn hexadecimal(number: u64) -> [u8; GENERATED] {
    // Each half of a byte in a byte of its own, all of them at once.
    let mut halves = u128::from(number);
    halves = (halves | halves << 32) & 0x00000000_ffffffff_00000000_ffffffff;
    halves = (halves | halves << 16) & 0x0000ffff_0000ffff_0000ffff_0000ffff;
    halves = (halves | halves << 8) & 0x00ff00ff_00ff00ff_00ff00ff_00ff00ff;
    halves = (halves | halves << 4) & 0x0f0f0f0f_0f0f0f0f_0f0f0f0f_0f0f0f0f;
    halves.to_be_bytes().map(|half| half + if half < 10 { b'0' } else { b'a' - 10 })
}

/// Whether a caller's own id is one, and tells nothing of the request's own credential: it would be in
/// the log then.
fn may_be_kept(headers: &HeaderMap, id: &[u8]) -> bool {
    is_printable(id) && !tells_credential(headers, id)
}

fn is_printable(bytes: &[u8]) -> bool {
    (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{RequestId, X_REQUEST_ID};
    use crate::contract::API_KEY_HEADER;

    fn of(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        }
        RequestId::of(&headers).to_string()
    }

    #[test]
    fn a_callers_own_id_is_kept_if_it_is_short_and_printable() {
        assert_eq!(of(&[b"abc-123/x"]), "abc-123/x");
        let long = [b'x'; 129];
        for value in [&b""[..], b"a b", b"a\tb", b"caf\xc3\xa9", &long] {
            assert_ne!(of(&[value]).as_bytes(), value);
        }
        assert_ne!(of(&[b"a", b"a"]), "a");
    }

    #[test]
    fn an_id_that_is_the_requests_own_credential_is_not_kept() {
        let token = "nsk_0123456789abcdefghij";
        for (name, credential) in [
            (API_KEY_HEADER.as_str(), token.to_owned()),
            ("authorization", format!("Bearer {token}")),
        ] {
            let mut headers = HeaderMap::new();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::try_from(credential).unwrap());
            headers.insert(X_REQUEST_ID, HeaderValue::from_static(token));
            assert_ne!(RequestId::of(&headers).as_str(), token);
        }
    }

    #[test]
    fn new_ids_differ() {
        assert_ne!(of(&[]), of(&[]));
    }
}
