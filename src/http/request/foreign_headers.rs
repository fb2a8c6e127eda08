//! The headers of a request that another library received, as far as anything here reads them.

use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, FORWARDED, HeaderMap, HeaderName, HeaderValue,
};

use super::request_id::X_REQUEST_ID;
use crate::contract::API_KEY_HEADER;

/// The names: credentials, the client's address, the forms of an answer, and the request's place in a trace.
const READ: [HeaderName; 8] = [
    AUTHORIZATION,
    API_KEY_HEADER,
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    ACCEPT,
    X_REQUEST_ID,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// Takes over what is read. A value that no header may have is an empty one, which is no credential.
pub(crate) fn foreign_headers<'h>(pairs: impl Iterator<Item = (&'h str, &'h [u8])>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let Some(read) = READ.iter().find(|read| name.eq_ignore_ascii_case(read.as_str())) {
            let value = HeaderValue::from_bytes(value);
            let value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
            headers.append(read.clone(), value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::foreign_headers;

    #[test]
    fn what_is_read_is_taken_over_and_a_value_that_is_none_is_no_credential() {
        let pairs: [(&str, &[u8]); 5] = [
            ("X-Api-Key", b"a"),
            ("x-api-key", b"b\r\n"),
            ("x-api_key", b"c"),
            ("cookie", b"d"),
            ("AUTHORIZATION", b"\xff"),
        ];
        let headers = foreign_headers(pairs.into_iter());
        let keys: Vec<_> = headers.get_all("x-api-key").map(|it| it.as_bytes()).collect();
        assert_eq!(keys, [&b"a"[..], b""]);
        assert_eq!(headers.get("authorization").unwrap().as_bytes(), b"\xff");
        assert_eq!(headers.len(), 3);
    }
}
