//! Pages of a log: the lines that are wanted, the newest first.

use std::time::Duration;

use bytes::Bytes;

use super::record::Record;
use super::trail::{AuditTrail, TenantTrail, block_start};
use crate::domain::{TenantId, Unavailable};
use crate::transparency::BLOCK;

/// The most lines that one page looks at. A page of rare lines is short, or empty, and says where the next
/// one begins.
const MOST_LOOKED_AT: u64 = 64 * BLOCK;

/// The lines that are wanted: those of which all holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Since this time, itself among them; since the Unix epoch.
    pub from: Option<Duration>,
    /// Before this time.
    pub to: Option<Duration>,
    /// Of the key of this name.
    pub key: Option<String>,
    /// By the actor of this name.
    pub actor: Option<String>,
    /// With this name (`activity_name`).
    pub action: Option<String>,
    /// Done, or refused.
    pub is_done: Option<bool>,
}

impl EventFilter {
    /// Whether a line is wanted.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && (self.key.is_none() || record.is_of_key)
            && is(&self.key, &record.subject)
            && is(&self.actor, &record.actor)
            && is(&self.action, &record.action)
            && self.is_done.is_none_or(|is_done| record.is_done == is_done)
    }

    /// Whether a line can be wanted, by a look at its bytes. Names are in it as they are, or it has an escape.
    fn may_take(&self, line: &[u8]) -> bool {
        let names = [&self.key, &self.actor, &self.action].into_iter().flatten();
        let has = |name: &String| memchr::memmem::find(line, name.as_bytes()).is_some();
        names.into_iter().all(has) || memchr::memchr(b'\\', line).is_some()
    }
}

/// A page of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The lines, the newest first.
    pub lines: Vec<Bytes>,
    /// Where the next page begins: before this line. Nothing when there is no more.
    pub next: Option<u64>,
}

impl EventPage {
    /// Reads a page: the wanted lines before a sequence.
    ///
    /// # Errors
    /// What the trail answers. A line that cannot be read is passed over: `audit verify` tells of it.
    pub async fn read(
        trail: &dyn AuditTrail,
        tenant: &TenantId,
        before: u64,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Self, Unavailable> {
        let log = TenantTrail::new(trail, tenant);
        let (mut lines, mut end) = (Vec::new(), before);
        let last = before.saturating_sub(MOST_LOOKED_AT);
        while end > last {
            let start = block_start(end - 1);
            for line in log.lines(start..end).await?.into_iter().rev() {
                if lines.len() == limit {
                    return Ok(Self { lines, next: Some(end) });
                }
                end -= 1;
                let is_wanted = || Record::parse(&line).is_ok_and(|record| filter.takes(&record));
                if filter.may_take(&line) && is_wanted() {
                    lines.push(line);
                }
            }
        }
        Ok(Self { lines, next: Some(end).filter(|end| *end > 0) })
    }
}

#[cfg(test)]
mod tests;
