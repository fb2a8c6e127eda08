//! The path of a request as the service behind the gateway reads it, where there is one way to read it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Segments, each decoded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestPath<'p>(Vec<Cow<'p, str>>);

/// A path that two readers may read as two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ambiguous;

impl<'p> RequestPath<'p> {
    /// Takes the target of a request as it was sent; the query is left out.
    ///
    /// # Errors
    /// [`Ambiguous`] for an empty segment before the last, for one of dots, for what a decoded segment may not
    /// hold (`/`, `\`, `;`, `%` and controls), and for what is not percent-encoded UTF-8.
    pub(super) fn parse(target: &'p str) -> Result<Self, Ambiguous> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_prefix('/').ok_or(Ambiguous)?;
        let mut segments = path.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
        if segments.last().is_some_and(|last| last.is_empty()) {
            segments.pop();
        }
        if segments.iter().any(|segment| segment.is_empty()) {
            return Err(Ambiguous);
        }
        Ok(Self(segments))
    }

    /// The segments, from the first.
    pub(super) fn segments(&self) -> &[Cow<'p, str>] {
        &self.0
    }
}

fn segment(text: &str) -> Result<Cow<'_, str>, Ambiguous> {
    let is_strange =
        |it: char| matches!(it, '/' | '\\' | ';' | '%') || it.is_control() || it.is_whitespace();
    let decoded = percent_decode_str(text).decode_utf8().or(Err(Ambiguous))?;
    if decoded.contains(is_strange) || matches!(&*decoded, "." | "..") {
        return Err(Ambiguous);
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::RequestPath;

    #[test]
    fn a_path_is_read_in_one_way_or_not_at_all() {
        let read = |target: &str| {
            let path = RequestPath::parse(target).ok()?;
            Some(path.segments().iter().map(|it| it.clone().into_owned()).collect::<Vec<_>>())
        };
        for (target, expected) in [
            ("/", &[][..]),
            ("/shops/t1", &["shops", "t1"]),
            ("/shops/t1/", &["shops", "t1"]),
            ("/sh%6Fps/%741/caf%C3%A9?x=/../", &["shops", "t1", "caf\u{e9}"]),
            ("/shops/t1/a..b/...#/../", &["shops", "t1", "a..b", "..."]),
        ] {
            assert_eq!(read(target).as_deref(), Some(expected.map_owned().as_slice()), "{target}");
        }
        for target in [
            "",
            "shops/t1",
            "*",
            "http://gateway/shops/t1",
            "//shops/t1",
            "/shops//t1",
            "/shops/t1//",
            "/shops/./t1",
            "/shops/t2/../t1",
            "/shops/t2/%2e%2e/t1",
            "/shops/t2/.%2E/t1",
            "/shops/t2%2ft1",
            "/shops/t2%2Ft1",
            "/shops/t2%5ct1",
            "/shops/t2\\t1",
            "/shops/t2;/../t1",
            "/shops/t2/..;/t1",
            "/shops/t2%3bx",
            "/shops/t2/%252e%252e/t1",
            "/shops/t2%00/t1",
            "/shops/t2%0a/t1",
            "/shops/t2%20/t1",
            "/shops/t2%zz/t1",
            "/shops/t2%/t1",
            "/shops/%ff/t1",
        ] {
            assert_eq!(read(target), None, "{target}");
        }
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl MapOwned for [&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }
}
