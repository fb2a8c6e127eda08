//! Cursors: the place of the next page, of one tenant's log alone.

use crate::domain::TenantId;
use crate::http::request::query::{place_of, to_cursor};

/// The text that a caller sends for the page before this line.
pub(super) fn to_text(tenant: &TenantId, before: u64) -> String {
    to_cursor(&format!("{} {before}", tenant.as_str()))
}

/// The line that a cursor names, if it is one of this tenant's log.
pub(super) fn parse(text: &str, tenant: &TenantId) -> Option<u64> {
    let text = place_of(text)?;
    let (named, before) = text.split_once(' ')?;
    let number = before.parse().ok()?;
    (named == tenant.as_str()).then_some(number)
}
