//! Scopes: the strings that a credential is granted.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

/// The longest scope, in characters.
const LONGEST: usize = 256;

/// One granted string: an OAuth scope token (RFC 6749 §3.3, printable ASCII without space, `"`
/// and `\`) of at most 256 characters. The API calls it a permission.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(SmolStr);

/// Why a text is no scope. The texts are for callers: they say what to send instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ScopeError {
    #[error("must have at least one character")]
    Empty,
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    #[error(
        "may contain only printable ASCII characters without space, quotation mark and backslash"
    )]
    Character,
}

impl Scope {
    /// Takes a text that is a scope token.
    ///
    /// # Errors
    /// [`ScopeError`] names the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::validate(text).map(|()| Self(text.into()))
    }

    /// Whether a text is a scope token, without keeping it.
    ///
    /// # Errors
    /// [`ScopeError`] names the first rule that the text breaks.
    pub fn validate(text: &str) -> Result<(), ScopeError> {
        if text.is_empty() {
            return Err(ScopeError::Empty);
        }
        // A text of so few bytes has no more characters.
        if text.len() > LONGEST && text.chars().nth(LONGEST).is_some() {
            return Err(ScopeError::TooLong);
        }
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(ScopeError::Character);
        }
        Ok(())
    }

    /// The scope as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// The scopes that a credential holds: in the order given, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Arc<[Scope]>);

/// Why a list of texts is no list of scopes. The texts are for callers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ScopesError {
    #[error("At least one permission is required; use \"*\" for full access.")]
    Missing,
    #[error("At most {} permissions are allowed.", Scopes::MOST)]
    TooMany,
    #[error("The permission at position {position} {source}.")]
    Scope {
        /// Where it stands, counted from 1.
        position: usize,
        /// The rule that it breaks.
        source: ScopeError,
    },
}

impl Scopes {
    /// The scope that grants everything.
    pub const ALL: &str = "*";

    /// The most scopes that one key may hold.
    pub const MOST: usize = 256;

    /// Takes a list that a key may be given: 1 to 256 scopes. Repeats are kept once, at their first
    /// place.
    ///
    /// # Errors
    /// Every [`ScopesError`] that applies, in the order of the list.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, Vec<ScopesError>> {
        if texts.is_empty() {
            return Err(vec![ScopesError::Missing]);
        }
        Self::parse_any(texts)
    }

    /// Like [`Scopes::parse`], but an empty list is a credential that may do nothing, as a file
    /// that people edit or a bearer token may say.
    ///
    /// # Errors
    /// Every [`ScopesError`] that applies, in the order of the list.
    pub fn parse_any<T: AsRef<str>>(texts: &[T]) -> Result<Self, Vec<ScopesError>> {
        if texts.len() > Self::MOST {
            return Err(vec![ScopesError::TooMany]);
        }
        let mut scopes = Vec::with_capacity(texts.len());
        let mut errors = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match Scope::parse(text.as_ref()) {
                Ok(scope) if scopes.contains(&scope) => {}
                Ok(scope) => scopes.push(scope),
                Err(source) => errors.push(ScopesError::Scope { position: index + 1, source }),
            }
        }
        if errors.is_empty() { Ok(Self(scopes.into())) } else { Err(errors) }
    }

    /// Scopes that are known to be scopes, repeats kept once.
    #[must_use]
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let mut once: Vec<Scope> = Vec::new();
        for scope in scopes {
            if !once.contains(&scope) {
                once.push(scope);
            }
        }
        Self(once.into())
    }

    /// Whether these scopes grant `scope`: they hold exactly that string, or `*`. There is no other
    /// wildcard.
    #[must_use]
    pub fn grant(&self, scope: &str) -> bool {
        self.iter().any(|held| held.as_str() == scope || held.as_str() == Self::ALL)
    }

    /// The scopes in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Scopes {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, ScopeError, Scopes, ScopesError};

    #[test]
    fn printable_ascii_without_space_quote_and_backslash_is_a_scope() {
        for byte in 0..=0x7f_u8 {
            let text = char::from(byte).to_string();
            let expected = (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
            assert_eq!(Scope::parse(&text).is_ok(), expected, "{text:?}");
        }
        assert_eq!(Scope::parse("\u{e9}"), Err(ScopeError::Character));
        assert!(Scope::parse(&"s".repeat(256)).is_ok());
        assert_eq!(Scope::parse(&"s".repeat(257)), Err(ScopeError::TooLong));
    }

    #[test]
    fn repeats_are_kept_once_and_order_is_kept() {
        let scopes = Scopes::parse(&["b", "a", "b", "*", "a"]).unwrap();
        let texts: Vec<_> = scopes.iter().map(Scope::as_str).collect();
        assert_eq!(texts, ["b", "a", "*"]);
    }

    #[test]
    fn every_fault_of_a_list_is_told() {
        assert_eq!(Scopes::parse::<&str>(&[]), Err(vec![ScopesError::Missing]));
        assert_eq!(Scopes::parse(&vec!["a"; 257]), Err(vec![ScopesError::TooMany]));
        assert_eq!(
            Scopes::parse(&["", "ok", "a b"]),
            Err(vec![
                ScopesError::Scope { position: 1, source: ScopeError::Empty },
                ScopesError::Scope { position: 3, source: ScopeError::Character },
            ])
        );
    }

    #[test]
    fn only_the_exact_string_and_the_star_grant() {
        let read = Scopes::parse(&["tenant.apiKey:read"]).unwrap();
        assert!(read.grant("tenant.apiKey:read"));
        assert!(!read.grant("tenant.apiKey:write"));
        assert!(!read.grant("tenant.apikey:read"));
        assert!(
            !Scopes::parse(&["tenant.*", "tenant.apiKey:*"]).unwrap().grant("tenant.apiKey:read")
        );
        assert!(Scopes::parse(&["*"]).unwrap().grant("anything"));
        assert!(!Scopes::default().grant("tenant.apiKey:read"));
    }
}
