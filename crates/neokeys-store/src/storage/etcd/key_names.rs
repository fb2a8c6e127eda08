//! Names of the keys in etcd.
//!
//! `PREFIX/<tenantId>/security.yml` is a tenant's document. The tenant's name ends at a slash, so no
//! tenant's key begins with another's. With every document two more keys are written, whose second
//! part is no tenant id: `PREFIX/.neokeys/changed`, and `PREFIX/.neokeys/written/<tenantId>`, which
//! says which write made the document. Records of usage are `PREFIX.usage/<tenantId>`: they change
//! often, and nobody who watches the prefix is told of them; nor of logs of changes, which are
//! `PREFIX.audit/<tenantId>/…`.

use crate::domain::TenantId;
use crate::storage::document_store::{DOCUMENT_NAME, UsageName};

const CHANGED: &str = "/.neokeys/changed";
const WRITTEN: &str = "/.neokeys/written/";

/// The keys below a prefix.
#[derive(Debug, Clone)]
pub(super) struct KeyNames {
    prefix: String,
}

impl KeyNames {
    pub(super) fn below(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The beginning of all of them.
    pub(super) fn all(&self) -> String {
        format!("{}/", self.prefix)
    }

    /// Where documents begin: a tenant's name begins with a digit or a letter, and those are above
    /// what our other keys begin with.
    pub(super) fn first_document(&self) -> String {
        format!("{}/0", self.prefix)
    }

    /// A tenant's document.
    pub(super) fn document(&self, tenant: &TenantId) -> String {
        format!("{}/{tenant}/{DOCUMENT_NAME}", self.prefix)
    }

    /// The tenant whose document a key is, as it stands there.
    pub(super) fn tenant<'k>(&self, key: &'k str) -> Option<&'k str> {
        let rest = key.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        rest.strip_suffix(DOCUMENT_NAME)?.strip_suffix('/').filter(|tenant| !tenant.contains('/'))
    }

    /// The id of the write that made a tenant's document, where it was one of ours.
    pub(super) fn written(&self, tenant: &TenantId) -> String {
        format!("{}{WRITTEN}{tenant}", self.prefix)
    }

    /// A record of usage.
    pub(super) fn usage(&self, name: &UsageName) -> String {
        format!("{}.usage/{}", self.prefix, name.as_str())
    }

    /// The head of a tenant's log of changes.
    pub(super) fn log_head(&self, tenant: &TenantId) -> String {
        format!("{}.audit/{tenant}/head", self.prefix)
    }

    /// A copy of the last document in a tenant's log.
    pub(super) fn log_document(&self, tenant: &TenantId) -> String {
        format!("{}.audit/{tenant}/document", self.prefix)
    }

    /// The lines of a batch that begins with this one.
    pub(super) fn events(&self, tenant: &TenantId, sequence: u64) -> String {
        format!("{}.audit/{tenant}/events/{sequence:020}", self.prefix)
    }

    /// The hash of a block of lines.
    pub(super) fn block(&self, tenant: &TenantId, number: u64) -> String {
        format!("{}.audit/{tenant}/blocks/{number:020}", self.prefix)
    }

    /// The key that every write of ours changes too.
    pub(super) fn changed(&self) -> String {
        format!("{}{CHANGED}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyNames;
    use crate::domain::TenantId;
    use crate::storage::document_store::UsageName;

    #[test]
    fn a_key_names_its_tenant_and_no_other() {
        let keys = KeyNames::below("/neokeys");
        for id in ["tenant-1", "tenant-10", "a"] {
            let key = keys.document(&TenantId::parse(id).unwrap());
            assert_eq!(key, format!("/neokeys/{id}/security.yml"));
            assert_eq!(keys.tenant(&key), Some(id));
            assert!(key > keys.first_document());
            let written = keys.written(&TenantId::parse(id).unwrap());
            assert_eq!((keys.tenant(&written), written < keys.first_document()), (None, true));
            let usage = keys.usage(&UsageName::of(&TenantId::parse(id).unwrap()));
            assert_eq!(usage, format!("/neokeys.usage/{id}"));
            assert!(!usage.starts_with(&keys.all()));
        }
        for other in [
            "/neokeys/security.yml",
            "/neokeys/a/b/security.yml",
            "/neokeys/.neokeys/changed",
            "/neokeysa/security.yml",
            "/other/a/security.yml",
        ] {
            assert_eq!(keys.tenant(other), None, "{other}");
        }
    }
}
