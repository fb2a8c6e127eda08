//! The span of the caller's that a request is a part of (W3C Trace Context).

use actix_web::http::header::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The length of a `traceparent` of version 00; those of later ones may have more, after a hyphen.
const LENGTH: usize = 55;

/// The longest `tracestate` that goes along, in bytes: what the standard (§3.3.1.5) has everybody pass
/// on at least. A span waits with it in memory, and any caller can send one.
const LONGEST_STATE: usize = 512;

/// Reads `traceparent` and `tracestate`.
#[derive(Debug, Default)]
pub(super) struct Parents(TraceContextPropagator);

struct Headers<'h>(&'h HeaderMap);

impl Parents {
    /// The caller's span, if the request names one as the standard has it. What is malformed is as if
    /// it were not there.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<SpanContext> {
        let mut values = headers.get_all(TRACEPARENT);
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        if !is_well_formed(value.as_bytes()) {
            return None;
        }
        let context = self.0.extract_with_context(&Context::new(), &Headers(headers));
        let span = context.span().span_context().clone();
        span.is_valid().then_some(span)
    }
}

/// Whether it is `version-trace-parent-flags` of so many digits each; the library takes fewer.
fn is_well_formed(value: &[u8]) -> bool {
    let shape = |(place, byte): (usize, &u8)| match place {
        2 | 35 | 52 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let Some((parts, rest)) = value.split_at_checked(LENGTH) else { return false };
    let is_later = !parts.starts_with(b"00") && !parts.starts_with(b"ff");
    parts.iter().enumerate().all(shape) && (rest.is_empty() || is_later && rest[0] == b'-')
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key).and_then(|value| value.to_str().ok())?;
        (key != TRACESTATE || value.len() <= LONGEST_STATE).then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{LONGEST_STATE, Parents, TRACEPARENT, TRACESTATE};

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn find(values: &[String]) -> Option<(String, String, bool)> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(TRACEPARENT), value);
        }
        let found = Parents::default().find(&headers)?;
        assert!(found.is_remote());
        Some((found.trace_id().to_string(), found.span_id().to_string(), found.is_sampled()))
    }

    #[test]
    fn a_callers_span_is_read() {
        let expected = |sampled| Some((TRACE.to_owned(), SPAN.to_owned(), sampled));
        assert_eq!(find(&[format!("00-{TRACE}-{SPAN}-01")]), expected(true));
        assert_eq!(find(&[format!("00-{TRACE}-{SPAN}-00")]), expected(false));
        assert_eq!(find(&[format!("00-{TRACE}-{SPAN}-03")]), expected(true));
        assert_eq!(find(&[format!("cc-{TRACE}-{SPAN}-01")]), expected(true));
        assert_eq!(find(&[format!("cc-{TRACE}-{SPAN}-01-what-comes")]), expected(true));
    }

    #[test]
    fn a_state_goes_along_unless_it_is_long_or_malformed() {
        let state_of = |state: &str| {
            let mut headers = HeaderMap::new();
            let parent = HeaderValue::try_from(format!("00-{TRACE}-{SPAN}-01")).unwrap();
            headers.append(HeaderName::from_static(TRACEPARENT), parent);
            headers.append(HeaderName::from_static(TRACESTATE), state.try_into().unwrap());
            Parents::default().find(&headers).unwrap().trace_state().header()
        };
        // A value has 256 characters at most.
        let longest = ["a=", "b=", "c="].map(|key| format!("{key}{}", "x".repeat(168))).join(",");
        assert_eq!(longest.len(), LONGEST_STATE);
        assert_eq!(state_of("vendor=value,other=1"), "vendor=value,other=1");
        assert_eq!(state_of(&longest), longest);
        assert_eq!(state_of(&format!("{longest}x")), "");
        assert_eq!(state_of("no state at all"), "");
    }

    #[test]
    fn what_is_malformed_is_as_if_it_were_not_there() {
        let good = format!("00-{TRACE}-{SPAN}-01");
        let zeros = "0".repeat(32);
        for value in [
            String::new(),
            "00-1-1-01".into(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("cc-{TRACE}-{SPAN}-01.more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            good.to_uppercase(),
            good.replace('-', "_"),
            good.replace('4', "g"),
            format!(" {good}"),
        ] {
            assert_eq!(find(std::slice::from_ref(&value)), None, "{value:?}");
        }
        assert_eq!(find(&[good.clone(), good]), None);
    }
}
