//! Logs over HTTP. A log is verified here, from what the server sends of it: its word alone counts for nothing.

use bytes::Bytes;
use serde_json::Value;

use super::ServerAccess;
use super::client::Call;
use super::refusal::foreign;
use crate::audit::{EventFilter, LogFault, Verification};
use crate::cli::failure::Failure;
use crate::cli::web;
use crate::domain::{TenantId, Timestamp};
use crate::http::{ExportAuditLog, GetAuditCheckpoint, ListAuditEvents};
use crate::problem::ProblemType;
use crate::storage::VerifiedLog;
use crate::transparency::{Checkpoint, VerifyingKey};

/// The longest line that is taken, and more than any that is written.
const LONGEST: usize = 1 << 20;
/// How often lines may come while a log is verified before it is given up.
const ATTEMPTS: usize = 5;

impl ServerAccess {
    pub(super) async fn events(
        &self,
        tenant: &TenantId,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<Vec<Bytes>, Failure> {
        let page = limit.clamp(1, 1000).to_string();
        let mut call = Call::of::<ListAuditEvents>(tenant).query("limit", page);
        let time = |since| Timestamp::from_epoch(since).to_string();
        let texts = [("key", &filter.key), ("actor", &filter.actor), ("action", &filter.action)];
        for (name, text) in texts {
            if let Some(text) = text {
                call = call.query(name, text.as_str());
            }
        }
        for (name, since) in [("from", filter.from), ("to", filter.to)] {
            if let Some(since) = since {
                call = call.query(name, time(since));
            }
        }
        if let Some(is_done) = filter.is_done {
            call = call.query("outcome", if is_done { "success" } else { "failure" });
        }
        let events: Vec<Value> = self.pages(call, limit).await?;
        Ok(events.iter().map(|event| Bytes::from(event.to_string())).collect())
    }

    pub(super) async fn whole_log(
        &self,
        tenant: &TenantId,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut answer = self.client.open(Call::of::<ExportAuditLog>(tenant)).await?;
        let mut rest = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| web::unanswered(&error))? {
            rest.extend_from_slice(&chunk);
            if let Some(end) = memchr::memrchr(b'\n', &rest) {
                take(&rest[..=end])?;
                rest.drain(..=end);
            } else if rest.len() > LONGEST {
                return Err(foreign("a line of the log has no end"));
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(foreign("the log breaks off")) }
    }

    pub(super) async fn verified_log(
        &self,
        tenant: &TenantId,
        kept: Option<&str>,
    ) -> Result<VerifiedLog, Failure> {
        let keys = self.place.settings()?.storage.audit.verify_keys;
        let kept = kept.map(|note| Checkpoint::open(note, tenant.as_str(), &keys)).transpose();
        let kept = kept.map_err(|error| {
            Failure::because(format!("the kept checkpoint cannot be trusted: {error}"))
        })?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let verified = self.verify_once(tenant, kept, &keys).await?;
            let VerifiedLog { lines, signed, .. } = verified;
            // Lines that came meanwhile have a head of their own, which is signed with them.
            if signed == lines || keys.is_empty() {
                return Ok(verified);
            }
            if attempts == ATTEMPTS {
                return Err(faulty(signed, &LogFault::Unsigned));
            }
        }
    }

    async fn verify_once(
        &self,
        tenant: &TenantId,
        kept: Option<Checkpoint>,
        keys: &[VerifyingKey],
    ) -> Result<VerifiedLog, Failure> {
        let checkpoint = match self.client.ask(Call::of::<GetAuditCheckpoint>(tenant)).await {
            Ok(answer) => answer.text()?,
            Err(refusal) if refusal.problem(ProblemType::NotLogged).is_some() => String::new(),
            Err(refusal) => return Err(refusal.into()),
        };
        // Without a key that verifies, nobody can tell whose head it is.
        let is_believed = !checkpoint.is_empty() && !keys.is_empty();
        let signed = is_believed.then(|| Checkpoint::open(&checkpoint, tenant.as_str(), keys));
        let signed = signed.transpose().map_err(|error| faulty(0, &LogFault::Head(error)))?;
        let mut lines = Verification::new(tenant.as_str(), kept);
        let mut take = |text: &[u8]| {
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let at = lines.taken();
                lines.take(line).map_err(|fault| faulty(at, &fault))?;
                if let Some(signed) = signed.filter(|signed| signed.size == lines.taken()) {
                    lines.hold_against(&signed).map_err(|fault| faulty(at, &fault))?;
                }
            }
            Ok(())
        };
        self.whole_log(tenant, &mut take).await?;
        let (size, signed) = (lines.taken(), signed.map_or(0, |signed| signed.size));
        if signed > size {
            return Err(faulty(size, &LogFault::Short { lines: size, size: signed }));
        }
        lines.finish().map_err(|fault| faulty(size, &fault))?;
        Ok(VerifiedLog { lines: size, signed, checkpoint, is_document_changed: false })
    }
}

fn faulty(line: u64, fault: &LogFault) -> Failure {
    Failure::because(format!("line {}: {fault}", line + 1)).hint(
        "compare the log with a copy that was kept elsewhere; a checkpoint kept elsewhere tells how far it was \
         intact",
    )
}
