//! Names and values between `&`, as queries and forms have them (`application/x-www-form-urlencoded`).

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The pairs of a query or a form. One that has nothing to decode, as nearly every one, is taken as it is.
pub(in crate::http) fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form.split(|byte| *byte == b'&').filter_map(|pair| match std::str::from_utf8(pair) {
        Ok(text) => pair_of(text),
        Err(_) => form_urlencoded::parse(pair).next(),
    })
}

/// The pairs of a query that is text.
pub(in crate::http) fn text_pairs(
    query: &str,
) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query.split('&').filter_map(pair_of)
}

fn pair_of(text: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    if text.is_empty() || memchr2(b'%', b'+', text.as_bytes()).is_some() {
        return form_urlencoded::parse(text.as_bytes()).next();
    }
    let (name, value) = match memchr(b'=', text.as_bytes()) {
        Some(equals) => (&text[..equals], &text[equals + 1..]),
        None => (text, ""),
    };
    Some((name.into(), value.into()))
}

/// The one value of a parameter; one without a value counts as left out (RFC 6749 §3.2).
///
/// # Errors
/// [`Repeated`] where it came more than once.
pub(in crate::http) fn only_value<'f>(
    form: &'f [u8],
    wanted: &str,
) -> Result<Option<Cow<'f, str>>, Repeated> {
    let mut values = pairs(form).filter(|(name, value)| name == wanted && !value.is_empty());
    match (values.next(), values.next()) {
        (one, None) => Ok(one.map(|(_, value)| value)),
        (_, Some(_)) => Err(Repeated),
    }
}

/// A parameter that may come once came more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Repeated;

#[cfg(test)]
mod tests {
    use super::{pairs, text_pairs};

    #[test]
    fn every_short_form_is_read_as_the_standard_says() {
        let alphabet = b"a=&%4+\xc3\xa9";
        for length in 0..=5 {
            for number in 0..alphabet.len().pow(length) {
                let digit = |place| alphabet[number / alphabet.len().pow(place) % alphabet.len()];
                let form: Vec<u8> = (0..length).map(digit).collect();
                let shown = form.escape_ascii();
                assert!(pairs(&form).eq(form_urlencoded::parse(&form)), "{shown}");
                if let Ok(text) = std::str::from_utf8(&form) {
                    assert!(text_pairs(text).eq(form_urlencoded::parse(&form)), "{shown}");
                }
            }
        }
    }
}
