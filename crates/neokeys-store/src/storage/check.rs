//! Checks of every document, for people.

use super::document::{Diagnostic, Document, Expectations};
use super::document_store::{DocumentError, DocumentStore, Reading};
use super::verify_log::{VerifyLogError, verify_log};
use crate::causes::in_full;
use crate::domain::{Remedy, TenantId};
use crate::transparency::VerifyingKey;

/// A problem of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose document.
    pub tenant: TenantId,
    /// Where the document is.
    pub path: String,
    /// Counted from 1.
    pub line: u64,
    /// In characters, counted from 1.
    pub column: u64,
    /// How bad it is.
    pub severity: Severity,
    /// The fault, in words.
    pub fault: String,
    /// How to fix it.
    pub hint: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// An entry or a whole document does not count.
    Error,
    /// It works, but is surely not meant.
    Warning,
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum CheckError {
    #[error("there is no tenant {0}")]
    NoSuchTenant(TenantId),
    #[error("the tenants cannot be listed")]
    Listing(#[source] DocumentError),
}

/// The problems of documents, by tenant and place.
pub(super) async fn check(
    documents: &dyn DocumentStore,
    tenant: Option<&TenantId>,
    expectations: Option<&Expectations<'_>>,
    keys: &[VerifyingKey],
) -> Result<Vec<Finding>, CheckError> {
    let tenants = match tenant {
        Some(tenant) => vec![tenant.clone()],
        None => documents.tenants().await.map_err(CheckError::Listing)?,
    };
    let mut findings = Vec::new();
    for id in &tenants {
        match documents.read(id, None).await {
            Ok(Reading::Found(stored)) => {
                findings.extend(check_document(documents, id, &stored.bytes, expectations));
                findings.extend(check_log(documents, id, keys).await);
            }
            Ok(Reading::Unchanged | Reading::Confirmed(_) | Reading::BeingAcknowledged) => {}
            // One that was removed since it was listed is no fault.
            Ok(Reading::NoSuchTenant) if tenant.is_none() => {}
            Ok(Reading::NoSuchTenant) => return Err(CheckError::NoSuchTenant(id.clone())),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                let text = format!("{error}{}", cause.unwrap_or_default());
                let fault = Diagnostic::at(1, 1, &text, remedy(&error));
                findings.push(finding(documents, id, Severity::Error, fault));
            }
        }
    }
    Ok(findings)
}

/// The remedy for a document that cannot be read.
fn remedy(error: &DocumentError) -> &'static str {
    match error {
        DocumentError::TooLarge { .. } => {
            "take out what is not needed, or raise the setting limits.document"
        }
        DocumentError::LogUnwritable(_) | DocumentError::LogDamaged { .. } => {
            "run `neokeys audit verify`"
        }
        DocumentError::Unreachable { .. } => Remedy::REACH_STORE,
        DocumentError::Restless { .. }
        | DocumentError::BeingEdited { .. }
        | DocumentError::Io { .. }
        | DocumentError::Locked { .. }
        | DocumentError::NotReplaceable { .. }
        | DocumentError::GivenUp => "make the file readable for neokeys",
    }
}

/// The first fault of a tenant's audit log.
async fn check_log(
    documents: &dyn DocumentStore,
    id: &TenantId,
    keys: &[VerifyingKey],
) -> Option<Finding> {
    let (place, fault) = match verify_log(documents, id, keys, None).await {
        Ok(_) | Err(VerifyLogError::NoLog | VerifyLogError::NoSuchTenant(_)) => return None,
        Err(VerifyLogError::Fault { place, fault }) => (place, fault.to_string()),
        Err(error @ (VerifyLogError::Unreadable(_) | VerifyLogError::Kept(_))) => {
            (documents.locate(id), in_full(&error))
        }
    };
    let numbered = place.rsplit_once(':');
    let numbered = numbered.and_then(|(path, line)| Some((path.to_owned(), line.parse().ok()?)));
    let (path, line) = numbered.unwrap_or((place, 1));
    let hint = "compare the audit log with a copy that was kept elsewhere".to_owned();
    let severity = Severity::Error;
    Some(Finding { tenant: id.clone(), path, line, column: 1, severity, fault, hint })
}

fn check_document(
    documents: &dyn DocumentStore,
    id: &TenantId,
    bytes: &[u8],
    expectations: Option<&Expectations<'_>>,
) -> Vec<Finding> {
    let mut findings = match Document::check(bytes, expectations) {
        Err(fault) => vec![finding(documents, id, Severity::Error, fault)],
        Ok(remarks) => {
            let faults = remarks.faults.into_iter().map(|fault| (Severity::Error, fault));
            let warnings = remarks.warnings.into_iter().map(|fault| (Severity::Warning, fault));
            faults
                .chain(warnings)
                .map(|(severity, fault)| finding(documents, id, severity, fault))
                .collect()
        }
    };
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

fn finding(
    documents: &dyn DocumentStore,
    id: &TenantId,
    severity: Severity,
    fault: Diagnostic,
) -> Finding {
    let Diagnostic { line, column, fault, hint } = fault;
    let path = documents.locate(id);
    Finding { tenant: id.clone(), path, line, column, severity, fault, hint }
}
