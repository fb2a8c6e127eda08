//! The closed list of problem types.

use actix_web::http::StatusCode;

macro_rules! catalogue {
    ($($name:ident: $status:ident, $slug:literal, $title:literal, $meaning:literal;)*) => {
        /// A kind of problem: what a client may act on. Two that need the same action are one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $(#[doc = concat!($title, ".")] $name,)*
        }

        /// Every entry, for the pages that explain them.
        pub const CATALOGUE: &[ProblemType] = &[$(ProblemType::$name),*];

        const ENTRIES: &[Entry] = &[$(Entry {
            status: StatusCode::$status,
            type_uri: concat!("/problems/", $slug),
            slug: $slug,
            title: $title,
            meaning: $meaning,
        }),*];
    };
}

struct Entry {
    status: StatusCode,
    type_uri: &'static str,
    slug: &'static str,
    title: &'static str,
    meaning: &'static str,
}

// Name: status (RFC 9110 §15), last part of the `type`, title, meaning.
catalogue! {
    BadRequest: BAD_REQUEST, "bad-request", "Bad request",
        "The request could not be understood. Compare it with the OpenAPI document.";
    Validation: BAD_REQUEST, "validation", "One or more validation errors occurred",
        "The body or the query breaks a rule. The member `errors` names every fault by the member \
         or parameter that it is in; `$` stands for the whole body. Fix them and send it again.";
    Unauthorized: UNAUTHORIZED, "unauthorized", "A valid credential is required",
        "No credential came with the request, or one that came is not valid: malformed, unknown, \
         disabled, expired, or sent twice. Send `Authorization: Bearer <JWT>` or `X-API-KEY: \
         <token>`; if you send both, both must be valid.";
    InsufficientScope: FORBIDDEN, "insufficient-scope", "The credential lacks the scope of this operation",
        "The credential is valid, but holds neither the scope that the operation demands nor `*`. \
         The `WWW-Authenticate` header names the scope.";
    TenantForbidden: FORBIDDEN, "tenant-forbidden", "The credential is not for this tenant",
        "The credential is valid, but not for this tenant. The answer is the same whether the \
         tenant exists or not.";
    GrantForbidden: FORBIDDEN, "grant-forbidden", "The credential cannot grant what it does not hold",
        "This deployment lets a caller grant only permissions that it holds itself. The answer \
         names the missing ones.";
    PathNotFound: NOT_FOUND, "path-not-found", "Nothing is at this address",
        "No operation has this path. Compare it with the OpenAPI document; paths are \
         case-sensitive.";
    TenantNotFound: NOT_FOUND, "tenant-not-found", "Tenant not found",
        "There is no tenant with this id.";
    KeyNotFound: NOT_FOUND, "key-not-found", "API key not found",
        "The tenant has no key with this name. Names are case-sensitive. A key that was deleted is \
         gone for good.";
    NotLogged: NOT_FOUND, "not-logged", "The audit log does not have this",
        "The tenant's audit log has no such part, or does not have it yet: nothing was logged, the line's \
         sequence is beyond the end, or the log is not long enough for the tile. `…/audit/checkpoint` says how \
         long it is.";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
        "The path exists, but not with this method. The `Allow` header lists the methods.";
    NameTaken: CONFLICT, "name-taken", "A key with this name already exists",
        "Choose another name, or update or delete the key with this name first. If the detail mentions an \
         invalid entry, an operator has to fix it in `security.yml`.";
    TooManyTokens: CONFLICT, "too-many-tokens", "The key has too many tokens",
        "A key keeps at most four older tokens that are still valid. End them with `DELETE …/previousTokens`, \
         wait until one has expired, or rotate with an overlap of 0.";
    KeyExpired: CONFLICT, "key-expired", "The key has expired",
        "An expired key can be rotated only if the request gives it an `expiresAt` in the future.";
    DocumentNotEditable: CONFLICT, "document-not-editable", "The tenant's security.yml cannot be edited safely",
        "The entry is written in a way that cannot be changed without touching other parts of \
         `security.yml`, so nothing was changed. The detail names the reason and the lines; an \
         operator has to rewrite them, or take them out by hand.";
    PreconditionFailed: PRECONDITION_FAILED, "precondition-failed", "Precondition failed",
        "The key or list is not in the state that `If-Match` or `If-None-Match` demands: it has changed. Fetch \
         it again and retry. A weak tag, `W/\"…\"`, never matches in `If-Match` (RFC 9110 §13.1.1): a proxy \
         between you and the service makes an ETag weak when it compresses the answer. Configure it to leave \
         answers under `/api/` as they are.";
    PreconditionRequired: PRECONDITION_REQUIRED, "precondition-required", "If-Match is required",
        "A plan is carried out only on the keys that it was made for. Send `If-Match` with the `ETag` of the \
         list `…/apiKeyDetails`; `*` is not accepted.";
    PlanRefused: CONFLICT, "plan-refused", "The keys cannot become what is wanted",
        "At least one wanted key prevents the whole plan, and nothing was changed. The detail names each by \
         its place in `apiKeys`, and says what to do; `errors` has all of them.";
    ContentTooLarge: PAYLOAD_TOO_LARGE, "content-too-large", "The body is too large",
        "Send a smaller body. The detail names the limit.";
    HeadTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large", "The headers are too large",
        "The request's target and headers are larger together than the service takes. Send fewer \
         or shorter headers; the detail names the limit.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body's media type is not supported",
        "Send the body in UTF-8, without a content coding, in one of the media types that the \
         `Accept-Post` or `Accept` header names, and label it as that.";
    RequestTimeout: REQUEST_TIMEOUT, "request-timeout", "The body did not arrive in time",
        "The body arrived too slowly, and nothing was changed. Send it again; the detail names the \
         limit.";
    TooManyFailures: TOO_MANY_REQUESTS, "too-many-failures", "Too many failed attempts from this address",
        "Too many invalid credentials came from this address, so every request from it is refused \
         for a while, even with a valid one. `Retry-After` says for how many seconds.";
    Internal: INTERNAL_SERVER_ERROR, "internal", "Internal error",
        "The service failed. Its log has the cause under the request's id.";
    StoreUnavailable: SERVICE_UNAVAILABLE, "store-unavailable", "The tenant's keys are unavailable",
        "The tenant's `security.yml` cannot be read or written now, and nothing was changed. \
         If the answer has `Retry-After`, retry after that time. If not, an operator first has to \
         do what the detail says. The service's log has the cause under the request's id.";
    DocumentBeingEdited: SERVICE_UNAVAILABLE, "document-being-edited", "The tenant's security.yml is being edited",
        "Somebody has the tenant's `security.yml` open and is still writing to it. A change now \
         would build on half of their edit, so nothing was changed. Retry after `Retry-After`, \
         when they are done.";
    OutcomeUncertain: SERVICE_UNAVAILABLE, "outcome-uncertain", "The outcome of the change is uncertain",
        "The change was made, but the disk did not confirm that it would survive a power failure. \
         Get the key to see its state, and tell an operator: the service's log has the cause \
         under the request's id.";
}

impl ProblemType {
    fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }

    /// The status of its answers.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// Whether it turns a caller away for who it is, or is not.
    pub(crate) fn turns_away(self) -> bool {
        matches!(
            self.status(),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        )
    }

    /// Its `type`: a reference to the page that explains it. Stable, for clients to tell problems
    /// apart by.
    pub fn type_uri(self) -> &'static str {
        self.entry().type_uri
    }

    /// The last part of its `type`, for logs.
    pub(crate) fn slug(self) -> &'static str {
        self.entry().slug
    }

    /// Its `title`: the same in every answer.
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// Its meaning and the remedy, for its page.
    pub(crate) fn meaning(self) -> &'static str {
        self.entry().meaning
    }

    /// The entry that fits a status of the HTTP library's own.
    pub(crate) fn of_status(status: StatusCode) -> Self {
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

    use super::CATALOGUE;
    use crate::problem::PAGES;
    use neokeys_testkit::book;

    #[test]
    fn the_book_says_of_every_problem_what_its_page_says() {
        let sections = CATALOGUE.iter().map(|kind| {
            let (slug, title, meaning) = (kind.slug(), kind.title(), kind.meaning());
            format!("## {slug}\n\n*{title}* ({}). {meaning}\n", kind.status())
        });
        let made = sections.collect::<Vec<_>>().join("\n");
        book::hold("docs/reference/problems.md", "problems", &made);
    }

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
