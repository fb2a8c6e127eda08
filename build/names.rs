//! Names in Rust for names of the contract.

use quote::format_ident;
use syn::Ident;

/// The name of an operation without an `operationId`: the verb that its method and the shape of
/// its path stand for, and the resource in singular or plural.
///
/// Gives `None` for a shape that the rule does not cover.
pub(super) fn operation_from_shape(method: &str, path: &str) -> Option<String> {
    let mut segments = path.rsplit('/');
    let last = segments.next()?;
    let of_item = last.starts_with('{');
    let resource = if of_item { segments.next()? } else { last };
    let (verb, plural) = match (method, of_item) {
        ("get", false) => ("List", true),
        ("post", false) => ("Create", false),
        ("get", true) => ("Get", false),
        ("put", true) => ("Update", false),
        ("delete", true) => ("Delete", false),
        _ => return None,
    };
    if !is_plain_word(resource) {
        return None;
    }
    // `entries` and `classes` need an `operationId`: dropping the `s` makes no singular of them.
    let singular = resource.strip_suffix('s').filter(|stem| !stem.ends_with("ie"))?;
    if singular.is_empty() || singular.ends_with("se") || singular.ends_with('s') {
        return None;
    }
    Some(format!("{verb}{}", upper_camel(if plural { resource } else { singular })))
}

/// `listApiKeys` → `ListApiKeys`; `None` when the text cannot be the name of a type.
pub(super) fn operation_from_id(id: &str) -> Option<String> {
    is_plain_word(id).then(|| upper_camel(id))
}

/// Whether a name is one ASCII word, as a Rust name must be.
pub(super) fn is_plain_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|other| other.is_ascii_alphanumeric())
}

fn upper_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// `tenantId` → `tenant_id`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A field's name; a keyword becomes a raw identifier.
pub(super) fn field(name: &str) -> Ident {
    let snake = snake(name);
    if syn::parse_str::<Ident>(&snake).is_ok() {
        format_ident!("{snake}")
    } else {
        format_ident!("r#{snake}")
    }
}

/// A constant's name.
pub(super) fn constant(name: &str) -> Ident {
    format_ident!("{}", snake(name).to_ascii_uppercase())
}
