//! A path with parameters, held against the path of a request.

use actix_web::dev::{Path, Url};
use memchr::memchr;

/// The most parameters of a path.
const PARAMETERS: usize = 3;

/// A path in segments.
#[derive(Debug)]
pub(super) struct PathPattern(Vec<Segment>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    /// This text.
    Literal(&'static str),
    /// `{name}`: any text but none.
    Parameter(&'static str),
    /// `{name:.*}`: all that is left, slashes and none too.
    Rest(&'static str),
}

impl PathPattern {
    /// Takes a path with its parameters in braces.
    pub(super) fn parse(path: &'static str) -> Self {
        let segment = |text: &'static str| match text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        {
            None => Segment::Literal(text),
            Some(name) => name.strip_suffix(":.*").map_or(Segment::Parameter(name), Segment::Rest),
        };
        let pattern = Self(path.split('/').skip(1).map(segment).collect());
        let parameters = pattern.names().count();
        assert!(parameters <= PARAMETERS, "{path} has {parameters} parameters");
        pattern
    }

    /// Whether this is the path of a request; if so, notes the parameters' values there, as the framework
    /// would.
    pub(super) fn capture(&self, path: &mut Path<Url>) -> bool {
        let Some(values) = self.values(path.as_str()) else { return false };
        for (name, (start, end)) in self.names().zip(values) {
            let value = path.as_str()[start..end].to_owned();
            path.add_static(name, value);
        }
        true
    }

    /// The parameters' names, in order.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|segment| match *segment {
            Segment::Literal(_) => None,
            Segment::Parameter(name) | Segment::Rest(name) => Some(name),
        })
    }

    /// Where the parameters' values begin and end in a path, in order; none if it is another path.
    fn values(&self, path: &str) -> Option<[(usize, usize); PARAMETERS]> {
        let mut values = [(0, 0); PARAMETERS];
        let mut place = values.iter_mut();
        let mut left = path.as_bytes();
        for segment in &self.0 {
            left = left.strip_prefix(b"/")?;
            let start = path.len() - left.len();
            let length = match *segment {
                Segment::Literal(text) => {
                    left = left.strip_prefix(text.as_bytes())?;
                    continue;
                }
                Segment::Parameter(_) => memchr(b'/', left).unwrap_or(left.len()),
                Segment::Rest(_) => left.len(),
            };
            if length == 0 && matches!(segment, Segment::Parameter(_)) {
                return None;
            }
            *place.next()? = (start, start + length);
            left = left.split_at(length).1;
        }
        left.is_empty().then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::dev::{Path, ResourceDef, Url};
    use proptest::prelude::*;

    use super::PathPattern;

    const PATTERNS: [&str; 11] = [
        "/",
        "/auth/{tenantId}",
        "/auth/{tenantId}/for/{scopes}/{path:.*}",
        "/api/{tenantId}/introspect",
        "/api/{tenantId}/admin/apiKeys",
        "/api/{tenantId}/admin/apiKeys/{keyName}",
        "/health/live",
        "/problems/",
        "/problems/{slug}",
        "/swagger-ui",
        "/swagger-ui/{file:.*}",
    ];

    fn path(text: &str) -> Option<Path<Url>> {
        Some(Path::new(Url::new(text.parse().ok()?)))
    }

    /// Finds what the framework's own patterns find, and nothing else.
    fn agrees(text: &str) {
        for pattern in PATTERNS {
            let (Some(mut own), Some(mut frameworks)) = (path(text), path(text)) else { return };
            let is_own = PathPattern::parse(pattern).capture(&mut own);
            assert_eq!(
                is_own,
                ResourceDef::new(pattern).capture_match_info(&mut frameworks),
                "{text} {pattern}"
            );
            if is_own {
                let (own, frameworks): (Vec<_>, Vec<_>) =
                    (own.iter().collect(), frameworks.iter().collect());
                assert_eq!(own, frameworks, "{text} {pattern}");
            }
        }
    }

    #[test]
    fn the_frameworks_own_patterns_find_the_same() {
        for pattern in PATTERNS {
            let plain = pattern.replace(":.*", "");
            for text in
                [plain.clone(), format!("{plain}/"), format!("{plain}x"), format!("/{plain}")]
            {
                agrees(&text);
                agrees(&text.replace("{tenantId}", "t1").replace("{keyName}", "%2e%2Fa%0a"));
                agrees(&text.replace("{tenantId}", "").replace("{keyName}", ""));
                agrees(&text.replace("{file}", "a//b/c%0Ad").replace("{slug}", "%"));
                agrees(&text.replace("{scopes}", "a%2Fb,c").replace("{path}", "/..//%2e%2F;"));
            }
        }
        for text in ["*", "//", "///", "/api", "/api/", "/api//introspect", "/swagger-ui//"] {
            agrees(text);
        }
    }

    proptest! {
        #[test]
        fn the_frameworks_own_patterns_find_the_same_in_any_path(
            segments in prop::collection::vec("api|auth|for|admin|apiKeys|introspect|swagger-ui|problems|[a-z%0-9A-F./{}]{0,4}", 0..7)
        ) {
            agrees(&format!("/{}", segments.join("/")));
        }
    }
}
