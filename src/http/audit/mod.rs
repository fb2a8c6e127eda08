//! A tenant's audit log over HTTP: pages of events, the whole log, and its proof as strangers' programs
//! read it (C2SP tlog-tiles, tlog-proof). Nothing in here writes.

mod checkpoint;
mod cursor;
mod description;
mod events;
mod export;
mod proof;
mod query;
mod tile;
mod unreadable;

pub(super) use checkpoint::{__path_get_audit_checkpoint, get_audit_checkpoint};
pub(super) use description::{AuditEvent, AuditEventList};
pub(super) use events::{__path_list_audit_events, list_audit_events};
pub(super) use export::{__path_export_audit_log, export_audit_log};
pub(super) use proof::{__path_get_audit_proof, get_audit_proof};
pub(super) use tile::{__path_get_audit_tile, get_audit_tile};
