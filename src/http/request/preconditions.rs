//! Validators and conditional requests (RFC 9110 §8.8.3 and §13).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{EntityTag, Precondition, Validators};
use crate::problem::{Problem, ProblemType};

/// Characters of a tag: a entity_tag in Base64 without padding, in quotation marks.
const TAG_LENGTH: usize = (EntityTag::LENGTH * 8).div_ceil(6) + 2;

/// The `ETag` of a state: strong, since equal states have equal bytes.
#[expect(clippy::expect_used, reason = "there is room for it, and Base64 is visible ASCII")]
pub(crate) fn etag(entity_tag: &EntityTag) -> HeaderValue {
    let mut text = [b'"'; TAG_LENGTH];
    let opaque = &mut text[1..TAG_LENGTH - 1];
    URL_SAFE_NO_PAD.encode_slice(entity_tag.as_bytes(), opaque).expect("a tag fits");
    HeaderValue::from_bytes(&text).expect("a tag is a header value")
}

/// The conditions of a request. Taking them never fails: a tag of another form matches nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preconditions {
    if_match: Option<Validators>,
    if_none_match: Option<Validators>,
}

/// The outcome of a read's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// The caller wants the representation.
    Modified,
    /// The caller has it already: 304.
    NotModified,
}

impl Preconditions {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            if_match: validators(headers, IF_MATCH, Comparison::Strong),
            if_none_match: validators(headers, IF_NONE_MATCH, Comparison::Weak),
        }
    }

    /// Judges a GET or HEAD of a resource that would be a 200 without conditions.
    ///
    /// # Errors
    /// A 412 when `If-Match` names another state.
    pub(crate) fn check_read(&self, present: &EntityTag) -> Result<Read, Problem> {
        if self.if_match.as_ref().is_some_and(|states| !states.include(present)) {
            return Err(failed());
        }
        let known = self.if_none_match.as_ref().is_some_and(|states| states.include(present));
        Ok(if known { Read::NotModified } else { Read::Modified })
    }

    /// Whether `If-Match` names a state, and not any.
    pub(crate) fn names_a_state(&self) -> bool {
        matches!(self.if_match, Some(Validators::OneOf(_)))
    }

    /// The conditions of a write, for the commit to judge.
    pub(crate) fn into_precondition(self) -> Precondition {
        Precondition { matches: self.if_match, matches_none: self.if_none_match }
    }
}

/// The answer to a condition that does not hold.
pub(crate) fn failed() -> Problem {
    Problem::new(
        ProblemType::PreconditionFailed,
        "The resource has changed, or If-Match names a weak tag (W/\"…\"), which never matches. Fetch it \
         again and retry with the tag without W/.",
    )
}

impl FromRequest for Preconditions {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request.headers())))
    }
}

/// How tags are compared (RFC 9110 §8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// A weak tag matches nothing.
    Strong,
    /// A weak tag matches as a strong one does.
    Weak,
}

fn validators(headers: &HeaderMap, name: HeaderName, comparison: Comparison) -> Option<Validators> {
    let mut states = Vec::new();
    let mut values = headers.get_all(name).peekable();
    values.peek()?;
    for value in values {
        let Ok(text) = value.to_str() else { continue };
        if text.trim() == "*" {
            return Some(Validators::Any);
        }
        states.extend(tags(text).filter_map(|(weak, opaque)| {
            (!weak || comparison == Comparison::Weak).then(|| state(opaque)).flatten()
        }));
    }
    Some(Validators::OneOf(states))
}

/// The entity tags of a list, as (weak, what stands between the quotation marks).
fn tags(mut text: &str) -> impl Iterator<Item = (bool, &str)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches([',', ' ', '\t']);
        let (weak, rest) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        // A list that is no list of tags ends at its first fault.
        let (opaque, rest) = rest.strip_prefix('"')?.split_once('"')?;
        text = rest;
        Some((weak, opaque))
    })
}

fn state(opaque: &str) -> Option<EntityTag> {
    let mut bytes = [0; EntityTag::LENGTH];
    match URL_SAFE_NO_PAD.decode_slice(opaque, &mut bytes) {
        Ok(EntityTag::LENGTH) => Some(EntityTag::from_bytes(bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

    use super::{Preconditions, Read, etag};
    use crate::domain::{EntityTag, Validators};

    fn one() -> EntityTag {
        EntityTag::from_bytes([1; EntityTag::LENGTH])
    }

    fn tag() -> String {
        etag(&one()).to_str().unwrap().to_owned()
    }

    fn conditions(name: &HeaderName, values: &[&str]) -> Preconditions {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        Preconditions::of(&headers)
    }

    #[test]
    fn a_tag_is_quoted_and_url_safe() {
        assert_eq!(tag(), "\"AQEBAQEBAQEBAQEBAQEBAQ\"");
    }

    #[test]
    fn if_none_match_finds_the_state_in_a_list_weak_or_strong() {
        let tag = tag();
        for value in [&*tag, &format!("W/{tag}"), &format!("\"x,y\" , W/\"z\",{tag}"), "*", " * "] {
            let read = conditions(&IF_NONE_MATCH, &[value]).check_read(&one());
            assert_eq!(read.unwrap(), Read::NotModified, "{value}");
        }
        let read = conditions(&IF_NONE_MATCH, &["\"other\"", &tag]).check_read(&one());
        assert_eq!(read.unwrap(), Read::NotModified);
    }

    #[test]
    fn what_is_no_tag_of_ours_matches_nothing() {
        let bare = tag().trim_matches('"').to_owned();
        for value in ["", "\"\"", "\"AQ\"", &*bare, "W/*", "\"unclosed", &format!("junk {}", tag())]
        {
            let read = conditions(&IF_NONE_MATCH, &[value]).check_read(&one());
            assert_eq!(read.unwrap(), Read::Modified, "{value}");
            assert!(conditions(&IF_MATCH, &[value]).check_read(&one()).is_err(), "{value}");
        }
    }

    #[test]
    fn if_match_compares_strongly() {
        assert!(conditions(&IF_MATCH, &[&tag()]).check_read(&one()).is_ok());
        assert!(conditions(&IF_MATCH, &["*"]).check_read(&one()).is_ok());
        assert!(conditions(&IF_MATCH, &[&format!("W/{}", tag())]).check_read(&one()).is_err());
    }

    #[test]
    fn a_write_carries_its_conditions_to_the_commit() {
        let precondition = conditions(&IF_MATCH, &[&tag()]).into_precondition();
        assert_eq!(precondition.matches, Some(Validators::OneOf(vec![one()])));
        assert_eq!(precondition.matches_none, None);
        assert!(Preconditions::default().into_precondition().is_empty());
    }
}
