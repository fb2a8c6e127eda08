//! The operations on a tenant's audit log.

use actix_web::http::Method;

use crate::contract::Operation;

const READ: &str = "tenant.audit:read";

operations! {
    "Audit log";
    ListAuditEvents: GET "/admin/audit/events", READ, &[], &["application/json"], 200,
        "List what was done to keys",
        "Lists the events of the tenant's audit log, the newest first, a page at a time: who did what to which \
         key, including refused changes and changes of the file by hand. An event must match every parameter. \
         A page may be short, or empty, and still have a next one.";
    ExportAuditLog: GET "/admin/audit/export", READ, &[], &["application/x-ndjson"], 200,
        "Export the audit log",
        "Sends all lines of the tenant's audit log as they were written, the oldest first. The bytes of each \
         line, without its newline, are a leaf of the tree whose root a checkpoint signs.";
    GetAuditCheckpoint: GET "/admin/audit/checkpoint", READ, &[], &["text/plain"], 200,
        "Get the head of the audit log",
        "Gets the signed head of the tenant's audit log: its size and the root of its tree (C2SP \
         tlog-checkpoint). Whoever keeps it elsewhere can detect later whether anything before it was \
         changed.";
    GetAuditTile: GET "/admin/audit/tile/{path:.*}", READ, &[], &["application/octet-stream"], 200,
        "Get a tile of the audit log",
        "Gets hashes of the log's tree, or the lines under them (C2SP tlog-tiles). Programs need them to \
         verify proofs, and that one head extends another.";
    GetAuditProof: GET "/admin/audit/proof", READ, &[], &["text/plain"], 200,
        "Prove that an event is in the audit log",
        "Gets the proof that the line of this sequence is in the log, together with the signed head that it is \
         for (C2SP tlog-proof). It can be checked offline, and later.";
}
