//! The media types of answers (`Accept`) and of request bodies (`Content-Type`).

use actix_web::http::header::{
    ACCEPT, HeaderMap, HeaderValue, Quality, QualityItem, from_comma_delimited,
};
use mime::Mime;

use crate::contract::Operation;

/// A label for an answer's JSON. The bytes are the same under each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/json`, also when nothing matches.
    ApplicationJson,
    /// `text/json`.
    TextJson,
    /// `text/plain`.
    TextPlain,
    /// `application/problem+json`, for problems of callers who name it.
    ProblemJson,
}

/// The contract's media types, most preferred first.
const OFFERS: [MediaType; 3] =
    [MediaType::ApplicationJson, MediaType::TextJson, MediaType::TextPlain];

impl MediaType {
    /// The best match in `Accept` of the contract's media types (RFC 9110 §12.5.1).
    pub(crate) fn for_answer(headers: &HeaderMap) -> Self {
        best(headers, &OFFERS)
    }

    /// Likewise for a problem; `application/problem+json` takes part if it is named.
    pub(crate) fn for_problem(headers: &HeaderMap) -> Self {
        best(headers, &[MediaType::ProblemJson, OFFERS[0], OFFERS[1], OFFERS[2]])
    }

    /// The value of `Content-Type`. JSON is UTF-8 by itself (RFC 8259 §8.1), text has to say so.
    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::ApplicationJson => "application/json",
            Self::TextJson => "text/json; charset=utf-8",
            Self::TextPlain => "text/plain; charset=utf-8",
            Self::ProblemJson => "application/problem+json",
        })
    }

    /// Type and subtype, the latter with its suffix.
    fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::ApplicationJson => ("application", "json"),
            Self::TextJson => ("text", "json"),
            Self::TextPlain => ("text", "plain"),
            Self::ProblemJson => ("application", "problem+json"),
        }
    }

    /// How closely a range names this type: not at all, `*/*`, `type/*`, or exactly.
    fn closeness(self, range: &Mime) -> Option<u8> {
        let (kind, subtype) = self.parts();
        let named = range.essence_str().split_once('/')?;
        match named {
            // Problems are labelled as such only for callers who ask by that name.
            ("*", "*") if self != Self::ProblemJson => Some(0),
            (its, "*") if its == kind && self != Self::ProblemJson => Some(1),
            (its, sub) if its == kind && sub == subtype => Some(2),
            _ => None,
        }
    }
}

fn best(headers: &HeaderMap, offers: &[MediaType]) -> MediaType {
    // What nearly every client sends needs no parser.
    let mut values = headers.get_all(ACCEPT);
    if let (None | Some(b"*/*" | b"application/json"), None) =
        (values.next().map(HeaderValue::as_bytes), values.next())
    {
        return MediaType::ApplicationJson;
    }
    let ranges = accepted(headers);
    let quality = |offer: MediaType| {
        ranges
            .iter()
            .filter_map(|range| Some((offer.closeness(&range.item)?, range.quality)))
            .max_by_key(|(closeness, _)| *closeness)
            .map(|(_, quality)| quality)
            .filter(|quality| *quality > Quality::ZERO)
    };
    let mut chosen = (None, MediaType::ApplicationJson);
    for offer in offers {
        let quality = quality(*offer);
        if quality > chosen.0 {
            chosen = (quality, *offer);
        }
    }
    chosen.1
}

/// The ranges that a caller accepts; one that cannot be read is left out.
fn accepted(headers: &HeaderMap) -> Vec<QualityItem<Mime>> {
    from_comma_delimited(headers.get_all(ACCEPT)).unwrap_or_default()
}

/// Whether an operation takes a body of this media type: one of the contract's, in UTF-8.
pub(crate) fn takes<O: Operation>(content_type: &str) -> bool {
    if O::REQUEST_MEDIA_TYPES.contains(&content_type) {
        return true;
    }
    // White space before a semicolon is allowed (RFC 9110 §5.6.6), if not by the parser.
    let parts: Vec<_> = content_type.split(';').map(str::trim).collect();
    let Ok(mime) = parts.join("; ").parse::<Mime>() else { return false };
    let mut charsets = mime.params().filter(|(name, _)| *name == mime::CHARSET);
    charsets.all(|(_, charset)| charset == mime::UTF_8)
        && O::REQUEST_MEDIA_TYPES.iter().any(|pattern| fits(mime.essence_str(), pattern))
}

/// Whether a media type fits one of the contract, which may have one `*`.
fn fits(essence: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => essence == pattern,
        Some((start, end)) => {
            essence.len() > start.len() + end.len()
                && essence.starts_with(start)
                && essence.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};

    use super::{MediaType, OFFERS, takes};
    use crate::contract::{CreateApiKey, ListApiKeys, Operation as _};

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_offers_are_the_contracts() {
        let mut offered: Vec<_> =
            OFFERS.iter().map(|it| format!("{}/{}", it.parts().0, it.parts().1)).collect();
        let mut documented = ListApiKeys::RESPONSE_MEDIA_TYPES.to_vec();
        offered.sort();
        documented.sort_unstable();
        assert_eq!(offered, documented);
    }

    #[test]
    fn the_best_allowed_label_is_chosen() {
        use MediaType::{ApplicationJson, TextJson, TextPlain};
        let cases: &[(&[&str], MediaType)] = &[
            (&[], ApplicationJson),
            (&["*/*"], ApplicationJson),
            (&["text/plain"], TextPlain),
            (&["text/json, text/plain"], TextJson),
            (&["text/plain, application/json"], ApplicationJson),
            (&["text/plain;q=0.9, application/json;q=0.8"], TextPlain),
            (&["text/*"], TextJson),
            (&["text/*;q=0.5, text/plain"], TextPlain),
            (&["application/json;q=0, */*"], TextJson),
            (&["*/*;q=0.1, text/plain;q=0"], ApplicationJson),
            (&["application/xml"], ApplicationJson),
            (&["application/problem+json"], ApplicationJson),
            (&["image/png", "text/plain;q=0.2"], TextPlain),
            (&["TEXT/Plain"], TextPlain),
            (&["nonsense, , ;;;, text/json"], TextJson),
            (&["application/json;q=2"], ApplicationJson),
        ];
        for (accept, expected) in cases {
            assert_eq!(MediaType::for_answer(&headers(accept)), *expected, "{accept:?}");
        }
    }

    #[test]
    fn a_problem_is_labelled_as_such_for_those_who_name_it() {
        use MediaType::{ApplicationJson, ProblemJson, TextPlain};
        let cases: &[(&[&str], MediaType)] = &[
            (&[], ApplicationJson),
            (&["*/*"], ApplicationJson),
            (&["application/*"], ApplicationJson),
            (&["application/problem+json"], ProblemJson),
            (&["application/json, application/problem+json"], ProblemJson),
            (&["application/json, application/problem+json;q=0.5"], ApplicationJson),
            (&["application/problem+json;q=0, text/plain"], TextPlain),
        ];
        for (accept, expected) in cases {
            assert_eq!(MediaType::for_problem(&headers(accept)), *expected, "{accept:?}");
        }
    }

    #[test]
    fn bodies_are_taken_in_the_contracts_media_types_and_utf_8() {
        for content_type in [
            "application/json",
            "Application/JSON",
            "text/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/vnd.api+json",
            "application/json ; charset=utf-8",
            // Some generated clients send the contract's range as it stands.
            "application/*+json",
            "application/merge-patch+json; profile=x",
        ] {
            assert!(takes::<CreateApiKey>(content_type), "{content_type}");
        }
        for content_type in [
            "",
            "application",
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "application/json; charset=latin1",
            "application/+json",
            "application/json; charset=utf-8; charset=latin1",
            "text/x+json",
            "application/jsonp",
            "application/json, text/json",
        ] {
            assert!(!takes::<CreateApiKey>(content_type), "{content_type}");
        }
    }
}
