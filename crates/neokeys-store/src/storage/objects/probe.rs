//! Finding out whether object storage does what safe changes need: that it replaces an object only on
//! the condition that a request names, and keeps what is said about an object with it.
//!
//! What a server calls S3 may lack any of it and answer 200 all the same, so it is tried, on an object
//! of its own that stays: `PREFIX/.neokeys/probe`. Other nodes may try there at the same time.

use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, PutMode, UpdateVersion};
use tokio::time::{Instant, sleep};

use super::write::{attributes, ids_of};
use super::{Bucket, PAUSE, is_about_the_object, is_unknown_to_server};
use crate::domain::TenantId;
use crate::storage::document_store::DocumentError;
use crate::storage::remote::RemoteDocuments as _;
use crate::storage::url::Cloud;

/// How often others may be faster, before it is the storage's doing.
const ATTEMPTS: usize = 20;
/// How long the storage may take to answer all questions.
const PATIENCE: Duration = Duration::from_secs(8);

/// A guarantee that object storage does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingGuarantee {
    /// Refuse to make an object that is there.
    Create,
    /// Refuse to replace an object that is another one by now.
    Replace,
    /// Replace an object that is the one that is named.
    Match,
    /// Keep the metadata of an object.
    Metadata,
}

impl MissingGuarantee {
    /// The reason why a document is not replaced.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Create => {
                "is in object storage that makes objects which are there already (it does not keep \
                 to If-None-Match: *), so changes could get lost and are refused; docs/stores.md \
                 names servers that do"
            }
            Self::Replace => {
                "is in object storage that replaces objects which have changed (it does not keep to \
                 If-Match), so changes could get lost and are refused; docs/stores.md names servers \
                 that do"
            }
            Self::Match => {
                "is in object storage that does not replace an object although If-Match names its \
                 tag; docs/stores.md names servers that do"
            }
            Self::Metadata => {
                "is in object storage that keeps no metadata of objects, so a change whose answer is \
                 lost could not be found; docs/stores.md names servers that do"
            }
        }
    }
}

impl Bucket {
    /// Refuses a change that the storage cannot make safely.
    pub(super) async fn demand_conditions(&self, tenant: &TenantId) -> Result<(), DocumentError> {
        match self.lack().await {
            Ok(None) => Ok(()),
            Ok(Some(lack)) => {
                let (location, reason) = (self.locate(tenant), lack.reason());
                Err(DocumentError::NotReplaceable { location, reason })
            }
            Err(error) => Err(self.unreachable("write", tenant, error)),
        }
    }

    pub(super) async fn lack(&self) -> Result<Option<MissingGuarantee>, Error> {
        let lack = self.lack.get_or_try_init(|| async {
            let tried = self.try_conditions().await;
            match &tried {
                Ok(Some(lack)) => {
                    tracing::error!(store = self.place, "every document {}", lack.reason());
                }
                Ok(None) => {}
                Err(fault @ (Error::PermissionDenied { .. } | Error::Unauthenticated { .. })) => {
                    tracing::warn!(
                        store = self.place,
                        %fault,
                        "cannot test whether the object storage makes changes safely: allow reading and \
                         writing of .neokeys/probe below the prefix"
                    );
                    return Ok(None);
                }
                Err(_) => {}
            }
            tried
        });
        lack.await.copied()
    }

    async fn try_conditions(&self) -> Result<Option<MissingGuarantee>, Error> {
        let deadline = Instant::now() + PATIENCE;
        let path = self.prefix.clone().join(".neokeys").join("probe");
        let path = &path;
        let put = |mode: PutMode| {
            let id = self.ids.next().to_string();
            self.ask(deadline, move || {
                let (mode, attributes) = (mode.clone(), attributes(&[], &id));
                self.put(path, mode, Bytes::from(id.clone().into_bytes()), attributes)
            })
        };
        // Once it is there, whoever made it, it cannot be made.
        for is_there in [false, true] {
            match put(PutMode::Create).await {
                Ok(_) if is_there => return Ok(Some(MissingGuarantee::Create)),
                Err(error) if is_unknown_to_server(&error) => {
                    return Ok(Some(MissingGuarantee::Create));
                }
                Err(error) if !is_about_the_object(&error) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        for _ in 0..ATTEMPTS {
            let (now, has_ids) = self.probe(path, deadline).await?;
            if !has_ids {
                return Ok(Some(MissingGuarantee::Metadata));
            }
            let other = match self.cloud {
                Cloud::Google => UpdateVersion { version: Some("1".to_owned()), ..now.clone() },
                Cloud::Azure => UpdateVersion { e_tag: Some("\"0x1\"".to_owned()), version: None },
                Cloud::S3 => {
                    UpdateVersion { e_tag: Some(format!("\"{}\"", "0".repeat(32))), version: None }
                }
            };
            match put(PutMode::Update(other)).await {
                Ok(_) => return Ok(Some(MissingGuarantee::Replace)),
                Err(error) if is_unknown_to_server(&error) => {
                    return Ok(Some(MissingGuarantee::Replace));
                }
                Err(error) if !is_about_the_object(&error) => return Err(error),
                Err(_) => {}
            }
            match put(PutMode::Update(now)).await {
                Ok(_) => return Ok(None),
                Err(error) if !is_about_the_object(&error) => return Err(error),
                // Another node was faster.
                Err(_) => sleep(PAUSE).await,
            }
        }
        Ok(Some(MissingGuarantee::Match))
    }

    /// The state of the probe, and whether it has ids.
    async fn probe(&self, path: &Path, deadline: Instant) -> Result<(UpdateVersion, bool), Error> {
        let found = self.head(path, deadline).await?;
        let now = UpdateVersion { e_tag: found.meta.e_tag, version: found.meta.version };
        Ok((now, !ids_of(&found.attributes).is_empty()))
    }
}
