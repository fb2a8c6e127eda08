//! Why a bearer token is not taken.

/// The rule that a token breaks. To the caller all of them are one 401 (`invalid_token`, RFC 6750
/// §3.1); the difference is for the log.
///
/// Invariant: no variant holds text of the token, so an error can be logged as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BearerError {
    /// More than 16 KiB.
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// No compact JWS of two JSON objects (RFC 7515 §7.1), or a member that is not what its
    /// standard says. The text names the rule.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// `crit`, or `b64` (RFC 7797): an extension that must be understood, and is not.
    #[error("the token's header demands an extension that is not supported")]
    CriticalHeader,
    /// `typ` is not that of an access token (RFC 7519 §5.1, RFC 9068 §2.1).
    #[error("the token's type is not accepted")]
    WrongType,
    /// `alg` is not one that the issuer may use; `none` and HMAC never are.
    #[error("the token's algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// `iss` is none of the configured issuers.
    #[error("the token's issuer is not a configured one")]
    UnknownIssuer,
    /// The issuer has no key of this `kid`, or none that fits a token without `kid`.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// No `kid`, and more than one key of the issuer fits.
    #[error("the token names no key, and more than one fits")]
    AmbiguousKey,
    /// The named key is for another algorithm.
    #[error("the token's algorithm does not fit its key")]
    KeyMismatch,
    /// The signature is not one of that key over this token.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// A claim that must be there is not.
    #[error("the token lacks the claim {0}")]
    MissingClaim(&'static str),
    /// A claim is not of the type that its standard or the reference gives it.
    #[error("the token's claim {0} is of a wrong type or has an invalid value")]
    InvalidClaim(&'static str),
    /// `exp` has passed (RFC 7519 §4.1.4), more than 30 s ago.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is more than 30 s ahead (RFC 7519 §4.1.5).
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `aud` does not hold the configured audience (RFC 7519 §4.1.3).
    #[error("the token is for another audience")]
    WrongAudience,
}
