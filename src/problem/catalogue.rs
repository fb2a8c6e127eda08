//! The closed list of what can go wrong for a caller.

use actix_web::http::StatusCode;

use super::PAGES;

/// A kind of problem: what a client may act on. Two that need the same action are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemType {
    /// The request could not be understood.
    BadRequest,
    /// The body or the query breaks the contract's or the service's rules.
    Validation,
    /// No valid credential.
    Unauthorized,
    /// A valid credential without the operation's scope.
    InsufficientScope,
    /// A valid credential for other tenants.
    TenantForbidden,
    /// A caller wants to grant what it does not hold.
    GrantForbidden,
    /// Nothing is at this address.
    PathNotFound,
    /// There is no such tenant.
    TenantNotFound,
    /// There is no such key.
    KeyNotFound,
    /// The address is right, the method is not.
    MethodNotAllowed,
    /// The new key's name is taken.
    NameTaken,
    /// The tenant's document cannot be edited without touching more than the key.
    DocumentNotEditable,
    /// `If-Match` or `If-None-Match` does not hold.
    PreconditionFailed,
    /// The body is larger than the limit.
    ContentTooLarge,
    /// The request's target and headers are larger than the limit.
    HeadTooLarge,
    /// The body is in a form that is not taken.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    RequestTimeout,
    /// Too many credentials that were not valid came from one address.
    TooManyFailures,
    /// A fault of the service itself.
    Internal,
    /// The tenant's keys cannot be read or written now.
    StoreUnavailable,
    /// Somebody goes on writing the tenant's document.
    DocumentBeingEdited,
    /// A change was made that may not last.
    OutcomeUncertain,
}

/// Every entry, for the pages that explain them.
pub const CATALOGUE: &[ProblemType] = &[
    ProblemType::BadRequest,
    ProblemType::Validation,
    ProblemType::Unauthorized,
    ProblemType::InsufficientScope,
    ProblemType::TenantForbidden,
    ProblemType::GrantForbidden,
    ProblemType::PathNotFound,
    ProblemType::TenantNotFound,
    ProblemType::KeyNotFound,
    ProblemType::MethodNotAllowed,
    ProblemType::NameTaken,
    ProblemType::DocumentNotEditable,
    ProblemType::PreconditionFailed,
    ProblemType::ContentTooLarge,
    ProblemType::HeadTooLarge,
    ProblemType::UnsupportedMediaType,
    ProblemType::RequestTimeout,
    ProblemType::TooManyFailures,
    ProblemType::Internal,
    ProblemType::StoreUnavailable,
    ProblemType::DocumentBeingEdited,
    ProblemType::OutcomeUncertain,
];

impl ProblemType {
    /// The status of its answers (RFC 9110 §15).
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::Validation => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope | Self::TenantForbidden | Self::GrantForbidden => {
                StatusCode::FORBIDDEN
            }
            Self::PathNotFound | Self::TenantNotFound | Self::KeyNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NameTaken | Self::DocumentNotEditable => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyFailures => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::StoreUnavailable | Self::DocumentBeingEdited | Self::OutcomeUncertain => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Whether it turns a caller away for who it is, or is not.
    #[must_use]
    pub fn turns_away(self) -> bool {
        matches!(
            self.status(),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        )
    }

    /// Its `type`: a reference to the page that explains it. Stable, for clients to tell problems
    /// apart by.
    #[must_use]
    pub fn type_uri(self) -> &'static str {
        match self {
            Self::BadRequest => "/problems/bad-request",
            Self::Validation => "/problems/validation",
            Self::Unauthorized => "/problems/unauthorized",
            Self::InsufficientScope => "/problems/insufficient-scope",
            Self::TenantForbidden => "/problems/tenant-forbidden",
            Self::GrantForbidden => "/problems/grant-forbidden",
            Self::PathNotFound => "/problems/path-not-found",
            Self::TenantNotFound => "/problems/tenant-not-found",
            Self::KeyNotFound => "/problems/key-not-found",
            Self::MethodNotAllowed => "/problems/method-not-allowed",
            Self::NameTaken => "/problems/name-taken",
            Self::DocumentNotEditable => "/problems/document-not-editable",
            Self::PreconditionFailed => "/problems/precondition-failed",
            Self::ContentTooLarge => "/problems/content-too-large",
            Self::HeadTooLarge => "/problems/head-too-large",
            Self::UnsupportedMediaType => "/problems/unsupported-media-type",
            Self::RequestTimeout => "/problems/request-timeout",
            Self::TooManyFailures => "/problems/too-many-failures",
            Self::Internal => "/problems/internal",
            Self::StoreUnavailable => "/problems/store-unavailable",
            Self::DocumentBeingEdited => "/problems/document-being-edited",
            Self::OutcomeUncertain => "/problems/outcome-uncertain",
        }
    }

    /// The last part of its `type`, for logs.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.type_uri().trim_start_matches(PAGES)
    }

    /// Its `title`: the same in every answer.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad request",
            Self::Validation => "One or more validation errors occurred",
            Self::Unauthorized => "A valid credential is required",
            Self::InsufficientScope => "The credential lacks the scope of this operation",
            Self::TenantForbidden => "The credential is not for this tenant",
            Self::GrantForbidden => "The credential cannot grant what it does not hold",
            Self::PathNotFound => "Nothing is at this address",
            Self::TenantNotFound => "Tenant not found",
            Self::KeyNotFound => "API key not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::NameTaken => "A key with this name already exists",
            Self::DocumentNotEditable => "The tenant's security.yml cannot be edited safely",
            Self::PreconditionFailed => "The precondition does not hold",
            Self::ContentTooLarge => "The body is too large",
            Self::HeadTooLarge => "The headers are too large",
            Self::UnsupportedMediaType => "The body's media type is not supported",
            Self::RequestTimeout => "The body did not arrive in time",
            Self::TooManyFailures => "Too many failed attempts from this address",
            Self::Internal => "Internal error",
            Self::StoreUnavailable => "The tenant's keys are not available now",
            Self::DocumentBeingEdited => "Somebody is writing the tenant's security.yml",
            Self::OutcomeUncertain => "Whether the change lasts is not known",
        }
    }

    /// What it means and what to do, for its page.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::BadRequest => {
                "The request could not be understood. Compare it with the OpenAPI document."
            }
            Self::Validation => {
                "The body or the query breaks a rule. The member `errors` names every fault by the \
                 member or parameter that it is in; `$` stands for the whole body. Mend them and send \
                 it again."
            }
            Self::Unauthorized => {
                "No credential came with the request, or one that came is not valid: malformed, \
                 unknown, disabled, expired, or sent twice. Send `Authorization: Bearer <JWT>` or \
                 `X-API-KEY: <token>`; if you send both, both must be valid."
            }
            Self::InsufficientScope => {
                "The credential is valid, but holds neither the scope that the operation demands \
                 nor `*`. The `WWW-Authenticate` header names the scope."
            }
            Self::TenantForbidden => {
                "The credential is valid, but not for this tenant. The answer is the same whether \
                 the tenant exists or not."
            }
            Self::GrantForbidden => {
                "This deployment lets a caller grant only permissions that it holds itself. The \
                 answer names those that are lacking."
            }
            Self::PathNotFound => {
                "No operation has this path. Compare it with the OpenAPI document, upper and lower \
                 case too."
            }
            Self::TenantNotFound => "There is no tenant of this id.",
            Self::KeyNotFound => {
                "The tenant has no key of this name. Names are case-sensitive. A key that was \
                 deleted is gone for good."
            }
            Self::MethodNotAllowed => {
                "The path exists, but not with this method. The `Allow` header names those that \
                 there are."
            }
            Self::NameTaken => {
                "Choose another name, or update or delete the key of this name first. If the detail \
                 speaks of a faulty entry, an operator has to mend it in `security.yml`."
            }
            Self::DocumentNotEditable => {
                "The entry is written in a way that cannot be changed without touching other parts \
                 of `security.yml`, so nothing was changed. The detail names the reason and the \
                 lines; an operator has to rewrite them, or take them out by hand."
            }
            Self::PreconditionFailed => {
                "The key or list is not in the state that `If-Match` or `If-None-Match` demands: \
                 someone changed it. Get it again and decide anew. A weak tag, `W/\"…\"`, never matches in \
                 `If-Match` (RFC 9110 §13.1.1): a proxy between you and the service makes one of ours \
                 when it compresses the answer. Have it leave answers under `/api/` as they are."
            }
            Self::ContentTooLarge => "Send a smaller body. The detail names the limit.",
            Self::HeadTooLarge => {
                "The request's target and headers are larger together than the service takes. Send \
                 fewer or shorter headers; the detail names the limit."
            }
            Self::UnsupportedMediaType => {
                "Send the body in UTF-8, without a content coding, in one of the media types that the \
                 `Accept-Post` or `Accept` header names, and label it as that."
            }
            Self::RequestTimeout => {
                "The body came too slowly, and nothing was changed. Send it again; the detail names \
                 the limit."
            }
            Self::TooManyFailures => {
                "One credential after another that was not valid came from this address, so nothing \
                 from it is looked at for a while, good credentials neither. `Retry-After` says for \
                 how many seconds."
            }
            Self::Internal => {
                "The service made a mistake. Its log has the cause under the request's id."
            }
            Self::StoreUnavailable => {
                "The tenant's `security.yml` cannot be read or written now, and nothing was \
                 changed. Where the answer has `Retry-After`, try again then. Where it has none, it \
                 stays so until an operator does what the detail says. The service's log has the cause \
                 under the request's id."
            }
            Self::DocumentBeingEdited => {
                "Somebody has the tenant's `security.yml` open and goes on writing to it. A change \
                 would be made on half of what they mean, so nothing was changed. Try again when they \
                 are done; `Retry-After` says when it is worth a try."
            }
            Self::OutcomeUncertain => {
                "The change was made, but the disk did not confirm that it would outlast a power \
                 failure. Get the key to see what holds, and tell an operator: the service's log has \
                 the cause under the request's id."
            }
        }
    }

    /// The entry that fits a status of the HTTP library's own.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::PathNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::ContentTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CATALOGUE, PAGES};

    #[test]
    fn every_entry_is_listed_once_and_is_a_client_or_server_error() {
        let slugs: HashSet<_> = CATALOGUE.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), CATALOGUE.len());
        for (index, kind) in CATALOGUE.iter().enumerate() {
            // Entries are listed in the order of the enum: a new one that is left out shows here.
            assert_eq!(*kind as usize, index);
            assert!(kind.type_uri().starts_with(PAGES));
            assert!(kind.status().is_client_error() || kind.status().is_server_error());
        }
    }
}
