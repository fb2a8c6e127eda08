//! Spans of time as settings, by the domain's rule for them.

use std::time::Duration;

use super::value_form::Scalar;
use crate::domain::{parse_span, parse_span_or_zero, show_span};

/// A span of a second at least.
pub(super) struct Span;

impl Scalar for Span {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_span(text).map_err(|error| error.to_string())
    }

    fn show(span: &Duration) -> String {
        show_span(*span)
    }
}

/// A span, or `0` for none.
pub(super) struct SpanOrZero;

impl Scalar for SpanOrZero {
    type Value = Duration;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_span_or_zero(text).map_err(|error| error.to_string())
    }

    fn show(span: &Duration) -> String {
        show_span(*span)
    }
}
