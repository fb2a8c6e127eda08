//! Records of usage in object storage: `PREFIX.usage/<tenantId>`, replaced on condition of the ETag.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Attributes, Error, GetOptions, PutMode, UpdateVersion};
use tokio::time::{Instant, timeout_at};

use super::requests::silent;
use super::write::WRITE_PATIENCE;
use super::{Bucket, READ_PATIENCE};
use crate::storage::document_store::{DocumentError, UsageName, Version, WriteError};

/// A state of a record, as conditions name it.
#[derive(Debug, PartialEq)]
struct RecordVersion(UpdateVersion);

impl Bucket {
    pub(super) async fn find_usage(
        &self,
        name: &UsageName,
    ) -> Result<Option<(Bytes, Version)>, DocumentError> {
        let path = self.usage(name);
        let found = self.ask(Instant::now() + READ_PATIENCE, || async {
            let found = self.objects.get_opts(&path, GetOptions::default()).await?;
            let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
            Ok((found.bytes().await?, UpdateVersion { e_tag, version }))
        });
        match found.await {
            Ok((bytes, version)) => Ok(Some((bytes, Version::of(RecordVersion(version))))),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.no_usage("read", &path, error)),
        }
    }

    /// A write that was done and not answered is found in its own way, and its uses in the record.
    pub(super) async fn replace_usage(
        &self,
        name: &UsageName,
        expected: &Version,
        bytes: Bytes,
    ) -> Result<(), WriteError> {
        let path = self.usage(name);
        match self.lack().await {
            Ok(None) => {}
            Ok(Some(lack)) => {
                let location = path.to_string();
                let error = DocumentError::NotReplaceable { location, reason: lack.reason() };
                return Err(WriteError::Refused(error));
            }
            Err(error) => return Err(WriteError::Refused(self.no_usage("write", &path, error))),
        }
        let mode = match expected.state::<RecordVersion>() {
            Some(RecordVersion(known)) => PutMode::Update(known.clone()),
            None => PutMode::Create,
        };
        let put = self.put(&path, mode, bytes, Attributes::default());
        let put = timeout_at(Instant::now() + WRITE_PATIENCE, put).await;
        match put.unwrap_or_else(|_elapsed| Err(silent())) {
            Ok(_) => Ok(()),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {
                Err(WriteError::Conflict)
            }
            Err(error) => Err(WriteError::Refused(self.no_usage("write", &path, error))),
        }
    }

    /// A sibling of the prefix, so that nobody who lists the tenants is told of it.
    pub(super) fn usage(&self, name: &UsageName) -> Path {
        Path::from(format!("{}.usage", self.prefix)).join(name.as_str())
    }

    fn no_usage(&self, action: &'static str, path: &Path, source: Error) -> DocumentError {
        let location = format!("{} (object {path})", self.place);
        DocumentError::Unreachable { action, location, source: source.into() }
    }
}
