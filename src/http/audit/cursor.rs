//! Cursors: the place of the next page, of one tenant's log alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::TenantId;

/// The text that a caller sends for the page before this line.
pub(super) fn to_text(tenant: &TenantId, before: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {before}", tenant.as_str()))
}

/// The line that a cursor names, if it is one of this tenant's log.
pub(super) fn parse(text: &str, tenant: &TenantId) -> Option<u64> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (named, before) = text.split_once(' ')?;
    let number = before.parse().ok()?;
    (named == tenant.as_str()).then_some(number)
}
