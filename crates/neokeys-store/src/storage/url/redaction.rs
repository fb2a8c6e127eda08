//! Addresses without the secrets that somebody may have put in them.
//!
//! No address of ours holds a secret, but people write them as they do elsewhere, with a password
//! before the host or among the parameters; and what is refused is told. What is left here of an
//! address is what helps to find it again.

/// The text in a secret's place.
const HIDDEN: &str = "…";

/// The schemes that are understood without `//` too.
const BARE: [&str; 6] = ["file:", "etcd:", "s3:", "az:", "gs:", "memory:"];

/// An address without what may be a secret in it: user and password, what is no port of a host, and
/// the values of parameters.
#[must_use]
pub fn without_secrets(address: &str) -> String {
    let (scheme, rest) = split_scheme(address);
    // A password may have any other of the signs in it that part an address.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => (format!("{HIDDEN}@"), rest),
        None => (String::new(), rest),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (hosts, rest) = rest.split_at(end);
    if scheme.to_ascii_lowercase().starts_with("file:") {
        return format!("{scheme}{user}{hosts}{rest}");
    }
    let shown: Vec<_> = hosts.split(',').map(host).collect();
    let shown = shown.join(",");
    if shown != hosts {
        // What looks like a path may be the end of a password.
        return format!("{scheme}{user}{shown}");
    }
    format!("{scheme}{user}{shown}{}", without_values(rest))
}

/// A text with every address in it as [`without_secrets`] shows it. For sentences of libraries, which
/// repeat what they were given.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(line_without_credentials).collect();
    lines.join("\n")
}

fn line_without_credentials(line: &str) -> String {
    // A password may have blanks and quotes in it too, so the last sign counts.
    let line = match line.split_once("://") {
        Some((before, rest)) if rest.contains('@') => {
            let after = rest.rsplit('@').next().unwrap_or_default();
            format!("{before}://{HIDDEN}@{after}")
        }
        _ => line.to_owned(),
    };
    let is_end = |letter: char| letter.is_whitespace() || "\"'`\\".contains(letter);
    let words = line.split_inclusive(is_end).map(|piece| {
        let word = piece.trim_end_matches(is_end);
        if word.contains("://") {
            format!("{}{}", without_secrets(word), &piece[word.len()..])
        } else {
            piece.to_owned()
        }
    });
    words.collect()
}

fn split_scheme(address: &str) -> (&str, &str) {
    let is_here = |scheme: &str| {
        address.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    };
    let bare = || BARE.iter().find(|scheme| is_here(scheme)).map(|it| it.len());
    let end = address.find("://").map(|end| end + 3).or_else(bare);
    address.split_at(end.unwrap_or(0))
}

/// A host, and its port if it is one.
fn host(text: &str) -> String {
    let is_ipv6 = |text: &str| text.bytes().all(|it| it.is_ascii_hexdigit() || it == b':');
    match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') && !is_ipv6(text) => {
            // PORT is what our own sentences have.
            let is_port = port == "PORT" || port.bytes().all(|byte| byte.is_ascii_digit());
            format!("{host}:{}", if is_port { port } else { HIDDEN })
        }
        _ => text.to_owned(),
    }
}

/// Parameters by their names.
fn without_values(text: &str) -> String {
    let Some((path, parameters)) = text.split_once('?') else { return text.to_owned() };
    let named: Vec<_> = parameters
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) => format!("{name}={HIDDEN}"),
            None => parameter.to_owned(),
        })
        .collect();
    format!("{path}?{}", named.join("&"))
}

#[cfg(test)]
mod tests {
    use super::{without_credentials, without_secrets};
    use crate::storage::StoreUrl;

    #[test]
    fn an_address_keeps_all_but_what_may_be_a_secret() {
        for (address, shown) in [
            ("etcd://h:1,[::1]:2/p", "etcd://h:1,[::1]:2/p"),
            ("etcd://u:PASSWORD@h:1/p", "etcd://…@h:1/p"),
            ("etcd://u:PASS/W?O#R@D@h:1/p", "etcd://…@h:1/p"),
            ("etcd://h:1/p?password=PASSWORD&tls=true", "etcd://h:1/p?password=…&tls=…"),
            ("etcd://u:PASSWORD", "etcd://u:…"),
            ("etcd://u:PASS/WORD", "etcd://u:…"),
            ("u:PASSWORD@h", "…@h"),
            ("u:PASSWORD", "u:…"),
            ("etcd:u:PASSWORD@h", "etcd:…@h"),
            ("s3://ID:PASSWORD@bucket", "s3://…@bucket"),
            ("file:a/b?c", "file:a/b?c"),
            ("::1", "::1"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(address), shown);
        }
    }

    #[test]
    fn no_fault_of_an_address_tells_a_secret_that_is_in_it() {
        for scheme in
            ["etcd://", "s3://", "az://", "gs://", "https://", "ftp://", "etcd:", "s3:", ""]
        {
            for rest in [
                "u:PASSWORD@h:1/p",
                "PASSWORD@h:1/p",
                "u:PASSWORD",
                "u:PASSWORD,h:1/p",
                "h:1,u:PASSWORD@k:2/p",
                "u:x/PASSWORD@h/p",
                "u:x?PASSWORD@h/p",
                "u:x@PASSWORD@h/p",
                "u:x PASSWORD\"@h/p",
                "h/p?password=PASSWORD",
                "h/p?tls=maybe&key=PASSWORD&secret=PASSWORD",
            ] {
                let address = format!("{scheme}{rest}");
                if let Err(error) = address.parse::<StoreUrl>() {
                    assert!(
                        !format!("{error} {error:?}").contains("PASSWORD"),
                        "{address}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_sentence_keeps_its_addresses_without_credentials() {
        for (text, shown) in [
            ("no address", "no address"),
            (
                "cannot reach https://u:P@h/: it is cut off",
                "cannot reach https://…@h/: it is cut off",
            ),
            (
                "'https://h:1/p?x=y&z' found: https://u:P",
                "'https://h:1/p?x=…&z' found: https://u:…",
            ),
            ("a@b is not of https://h/", "a@b is not of https://h/"),
            (
                "string \"etcd://u:P\\\"Q@h\", expected\nx://y:z@w",
                "string \"etcd://…@h\", expected\nx://…@w",
            ),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }
}
