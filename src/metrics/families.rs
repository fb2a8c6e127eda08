//! The catalogue of metrics: name, unit, help text and source of each.

use std::time::Duration;

use super::exposition::{Page, float};
use super::process::Usage;
use crate::auth::bearer::IssuerHealth;
use crate::auth::{AuthenticationTally, Method, Verdict};
use crate::connections::{ConnectionTally, Refusal};
use crate::http::OperationTally;
use crate::storage::RepositoryStatistics;

/// Nanoseconds to a second.
const SECOND: f64 = 1e9;

/// Pages, documents, probes and unknown paths, which are not operations.
const OTHER: &str = "other";

/// The version, and the time of the start.
pub(super) fn service(page: &mut Page, started: Duration) {
    page.fact("neokeys_build", "Which neokeys this is.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.gauge("process_start_time_seconds", "When the service started, since the epoch.")
        .sample(&[], started.as_secs_f64());
}

/// Requests by operation and status.
pub(super) fn requests(page: &mut Page, counted: &[OperationTally]) {
    let mut family = page.counter(
        "neokeys_http_requests",
        "Requests that were answered, by operation (other: pages, probes and unknown paths) and status.",
    );
    for of in counted {
        for (status, count) in &of.statuses {
            let (operation, status) = (of.operation.unwrap_or(OTHER), status.to_string());
            family.count(&[("operation", operation), ("status", &status)], *count);
        }
    }
    let mut family = page.histogram(
        "neokeys_http_request_duration_seconds",
        "From a request's head to the head of its answer.",
    );
    for of in counted {
        let labels = [("operation", of.operation.unwrap_or(OTHER))];
        family.distribution(&labels, &of.durations, SECOND);
    }
}

/// Open and refused connections.
pub(super) fn connections(page: &mut Page, counted: &ConnectionTally, most: usize) {
    page.gauge("neokeys_connections", "Connections that are open.")
        .count(&[], counted.opened() as u64);
    page.gauge("neokeys_connections_max", "How many there may be.").count(&[], most as u64);
    let mut family = page.counter(
        "neokeys_connections_refused",
        "Connections that were refused before there was a request, by reason.",
    );
    for refusal in Refusal::ALL {
        family.count(&[("reason", refusal.as_str())], counted.refused(refusal));
    }
}

/// Authentications by kind and outcome.
pub(super) fn authentications(page: &mut Page, counted: &[(Option<Method>, Verdict, u64)]) {
    let mut family = page.counter(
        "neokeys_authentications",
        "Credentials that were judged, by kind (none: requests without one) and outcome.",
    );
    for (method, verdict, count) in counted {
        let method = method.map_or("none", Method::as_str);
        family.count(&[("method", method), ("outcome", verdict.as_str())], *count);
    }
}

/// Older tokens that were used, and addresses that were refused.
pub(super) fn limits(page: &mut Page, counted: &AuthenticationTally) {
    page.counter(
        "neokeys_previous_token_uses",
        "API keys accepted with an older token that is still valid after a rotation.",
    )
    .count(&[], counted.previous_tokens());
    page.counter(
        "neokeys_addresses_refused",
        "API keys that were refused because they may not be used from that address.",
    )
    .count(&[], counted.refused_addresses());
}

/// The store: commits, writes, reloads and memory.
pub(super) fn store(page: &mut Page, store: &RepositoryStatistics) {
    let mut family = page.counter("neokeys_commits", "Changes of keys, by outcome.");
    for (outcome, count) in &store.commits {
        family.count(&[("outcome", outcome)], *count);
    }
    page.histogram("neokeys_commit_batch_size", "Changes that were written at once.").distribution(
        &[],
        &store.batches,
        1.0,
    );
    page.histogram(
        "neokeys_document_write_duration_seconds",
        "From the start of a write to its being durable, or refused.",
    )
    .distribution(&[], &store.writes, SECOND);
    page.counter(
        "neokeys_commit_conflicts",
        "Writes that conflicted with another change and were made again.",
    )
    .count(&[], store.conflicts);
    page.gauge("neokeys_commits_waiting", "Changes of keys that wait or are being written.")
        .count(&[], store.commits_waiting);
    page.gauge(
        "neokeys_commit_longest_wait_seconds",
        "How long the oldest change that waits or is being written has been waiting.",
    )
    .sample(&[], store.longest_commit_wait.as_secs_f64());
    let mut family = page.counter(
        "neokeys_document_reloads",
        "Documents that were read, by result: changed, unchanged, or unreadable.",
    );
    for (outcome, count) in &store.reloads {
        family.count(&[("outcome", outcome)], *count);
    }
    let mut family = page.counter(
        "neokeys_usage_flushes",
        "Writes of the record of when a tenant's tokens were used last, by outcome.",
    );
    for (outcome, count) in &store.usage_flushes {
        family.count(&[("outcome", outcome)], *count);
    }
    page.gauge(
        "neokeys_store_reachable",
        "Whether the store is reached: 1, or 0 on a node that is cut off.",
    )
    .count(&[], store.is_reachable.into());
    page.gauge(
        "neokeys_store_knowledge_age_seconds",
        "The age of what this node knows of a remote store; 0 if it always asks.",
    )
    .sample(&[], store.knowledge_age.as_secs_f64());
    page.gauge("neokeys_tenants_loaded", "Tenants in memory.").count(&[], store.tenants_loaded);
    page.gauge("neokeys_keys_loaded", "Keys in memory.").count(&[], store.keys_loaded);
    let mut family = page.gauge(
        "neokeys_keys_ending",
        "Enabled keys in memory that have expired, or expire within 1d, 7d or 30d.",
    );
    let ends = &store.key_ends;
    for (within, count) in [
        ("ended", ends.ended),
        ("1d", ends.within_a_day),
        ("7d", ends.within_a_week),
        ("30d", ends.within_a_month),
    ] {
        family.count(&[("within", within)], count);
    }
    page.gauge("neokeys_documents_loaded_bytes", "Documents in memory.")
        .count(&[], store.bytes_loaded);
    page.gauge("neokeys_faulty_entries", "Invalid entries of documents in memory.")
        .count(&[], store.faulty_entries);
    page.gauge("neokeys_documents_unreadable", "Documents that cannot be read now.")
        .count(&[], store.documents_unreadable);
    page.gauge("neokeys_documents_unwritable", "Documents whose last write may not be durable.")
        .count(&[], store.documents_unwritable);
    page.gauge(
        "neokeys_staleness_seconds",
        "For how long the document that became unreadable first has been unreadable; its tenant is served the \
         last good keys, if there are any.",
    )
    .sample(&[], store.stale_for.as_secs_f64());
}

/// The keys of issuers.
pub(super) fn issuers(page: &mut Page, issuers: &[IssuerHealth], now: Duration) {
    let mut family = page.gauge(
        "neokeys_issuer_keys",
        "Usable keys of an issuer; with none, none of its tokens is accepted.",
    );
    for it in issuers {
        family.count(&[("issuer", &it.issuer)], it.keys as u64);
    }
    let loaded = || issuers.iter().filter_map(|it| Some((it.issuer.as_str(), it.loads?)));
    let mut family = page
        .counter("neokeys_issuer_key_set_fetches", "Key sets of an issuer that were asked for.");
    for (issuer, loads) in loaded() {
        family.count(&[("issuer", issuer), ("outcome", "fetched")], loads.successes);
        family.count(&[("issuer", issuer), ("outcome", "failed")], loads.failures);
    }
    let mut family = page.gauge(
        "neokeys_issuer_key_set_age_seconds",
        "Time since a key set was fetched last, or since the epoch if none was.",
    );
    for (issuer, loads) in loaded() {
        let age = now.saturating_sub(loads.last_success.unwrap_or_default());
        family.sample(&[("issuer", issuer)], age.as_secs_f64());
    }
}

/// The log.
pub(super) fn log(page: &mut Page, dropped: u64) {
    page.counter("neokeys_log_lines_dropped", "Lines of the log that nobody read in time.")
        .count(&[], dropped);
}

/// The process: time, memory and descriptors.
pub(super) fn process(page: &mut Page, usage: &Usage) {
    page.counter("process_cpu_seconds", "Time on processors.").sample(&[], usage.processor_time);
    if let Some((mapped, resident)) = usage.memory {
        page.gauge("process_virtual_memory_bytes", "Mapped memory.").count(&[], mapped);
        page.gauge("process_resident_memory_bytes", "Resident memory.").count(&[], resident);
    }
    if let Some(open) = usage.open_files {
        page.gauge("process_open_fds", "Open files and connections.").sample(&[], float(open));
    }
    if let Some(most) = usage.most_open_files {
        page.gauge("process_max_fds", "How many there may be.").sample(&[], float(most));
    }
}
