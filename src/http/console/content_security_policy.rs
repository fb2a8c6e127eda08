//! The `Content-Security-Policy` of the console's files, which the browser enforces.
//!
//! Invariants: the page may reach this server and the deployment's issuers alone, and no text can become
//! markup or script in it: the policy demands Trusted Types and knows no policy of theirs.

use actix_web::http::header::HeaderValue;

use crate::http::pages::swagger_ui::origin_of;

/// The policy of a page on which people sign in at these issuers.
#[expect(clippy::expect_used, reason = "an origin is a part of a URI, and so visible ASCII")]
pub(super) fn of_page<'i>(issuers: impl Iterator<Item = &'i String>) -> HeaderValue {
    let mut origins: Vec<_> = issuers.filter_map(|issuer| origin_of(issuer)).collect();
    origins.sort_unstable();
    origins.dedup();
    let origins: String = origins.iter().map(|origin| format!(" {origin}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'{origins}; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'{origins}; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    HeaderValue::try_from(policy).expect("a policy is a header value")
}
