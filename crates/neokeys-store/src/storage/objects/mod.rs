//! Documents in object storage: one object a tenant, replaced on condition of its ETag.
//!
//! A document that was asked for less than `max_staleness` ago is served without asking again; an
//! older one is asked for on condition that it changed. Writing is [mod@write]'s. A tenant exists when
//! its object does; one that is empty and was not written by neokeys is a tenant without a document.

mod documents;
mod environment;
mod log;
mod probe;
mod requests;
mod usage;
mod version;
mod write;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, RetryConfig};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use self::probe::MissingGuarantee;
use self::version::ObjectVersion;
use super::boot_time::BootTime;
use super::document_store::{DOCUMENT_NAME, DocumentError};
use super::remote::{RemoteDocuments as _, RemoteStore};
use super::url::{Cloud, ObjectsUrl};
use super::write_ids::WriteIds;
use crate::domain::{NoRandomBytes, TenantId};

/// How old knowledge may be that is served, if nothing else is set.
const DEFAULT_MAX_STALENESS: Duration = Duration::from_secs(1);
/// How long one request may take.
const REQUEST_TIME: &str = "5s";
/// How long a read waits for an answer, with all that is asked for it.
const READ_PATIENCE: Duration = Duration::from_secs(3);
/// How long to wait before a request is tried again.
const PAUSE: Duration = Duration::from_millis(100);
/// How often storage that did not answer is asked whether it does.
const KNOCK: Duration = Duration::from_secs(2);

/// A store of documents in a bucket or container.
pub type ObjectsStore = RemoteStore<Bucket>;

/// A bucket or container, and the part of it that is ours.
pub struct Bucket {
    objects: Box<dyn ObjectStore>,
    cloud: Cloud,
    prefix: Path,
    ids: WriteIds,
    document_limit: u64,
    max_staleness: Duration,
    /// The guarantee that safe changes need and the storage lacks, once that is known.
    lack: OnceCell<Option<MissingGuarantee>>,
    /// The last request was answered.
    is_reached: AtomicBool,
    /// Where the objects are, for people.
    place: String,
}

/// Why object storage cannot be used. That it does not answer is no reason: it may later.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ObjectsOpenError {
    #[error("the settings of {cloud} in the environment cannot be used: {fault}")]
    Environment {
        cloud: &'static str,
        /// The fault, without the values of the variables.
        fault: String,
    },
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
}

impl ObjectsStore {
    /// The store at this address; a document may have `document_limit` bytes. Who we are is said by
    /// the cloud's own environment variables; `variables` go before those of the process. Returns
    /// before anybody answered.
    ///
    /// # Errors
    /// [`ObjectsOpenError`] when the environment does not say enough.
    pub fn open(
        url: &ObjectsUrl,
        document_limit: u64,
        max_staleness: Option<Duration>,
        variables: &[(&str, &str)],
    ) -> Result<Self, ObjectsOpenError> {
        let bucket = Bucket {
            objects: connect(url, variables)?,
            cloud: url.cloud,
            prefix: Path::from(url.prefix.as_str()),
            ids: WriteIds::new()?,
            document_limit,
            max_staleness: max_staleness.unwrap_or(DEFAULT_MAX_STALENESS),
            lack: OnceCell::new(),
            is_reached: AtomicBool::new(false),
            place: url.to_string(),
        };
        let store = Self::start("objects", bucket).map_err(ObjectsOpenError::Thread)?;
        store.spawn(|bucket| async move { bucket.knock().await });
        Ok(store)
    }
}

fn connect(
    url: &ObjectsUrl,
    variables: &[(&str, &str)],
) -> Result<Box<dyn ObjectStore>, ObjectsOpenError> {
    // A repetition that we do not know of would make a success look like a conflict.
    let retry = || RetryConfig { max_retries: 0, ..RetryConfig::default() };
    macro_rules! build {
        ($cloud:literal, $builder:ty, $name:ident) => {{
            let builder = <$builder>::from_env().with_retry(retry()).$name(url.bucket.as_str());
            let all = [("timeout", REQUEST_TIME)].iter().chain(variables);
            let builder = all.fold(builder, |builder, (name, value)| {
                match name.to_ascii_lowercase().parse() {
                    Ok(name) => builder.with_config(name, *value),
                    Err(_not_a_setting) => builder,
                }
            });
            Box::new(builder.build().map_err(|error| environment::fault($cloud, &error))?)
        }};
    }
    Ok(match url.cloud {
        Cloud::S3 => build!("S3 (AWS_…)", AmazonS3Builder, with_bucket_name),
        Cloud::Azure => build!("Azure (AZURE_…)", MicrosoftAzureBuilder, with_container_name),
        Cloud::Google => build!("Google (GOOGLE_…)", GoogleCloudStorageBuilder, with_bucket_name),
    })
}

impl Bucket {
    fn path(&self, tenant: &TenantId) -> Path {
        self.prefix.clone().join(tenant.as_str()).join(DOCUMENT_NAME)
    }

    fn unreachable(&self, action: &'static str, tenant: &TenantId, source: Error) -> DocumentError {
        DocumentError::Unreachable { action, location: self.locate(tenant), source: source.into() }
    }

    /// The version of an object with this tag.
    fn version(
        &self,
        tenant: &TenantId,
        checked: BootTime,
        tag: Option<String>,
    ) -> Result<ObjectVersion, DocumentError> {
        match tag.filter(|tag| !tag.is_empty()) {
            Some(tag) => Ok(ObjectVersion { checked, tag }),
            None => Err(DocumentError::NotReplaceable {
                location: self.locate(tenant),
                reason: "has no ETag, so it cannot be replaced safely",
            }),
        }
    }

    fn note(&self, is_reached: bool, fault: Option<&Error>) {
        if self.is_reached.swap(is_reached, Ordering::Relaxed) == is_reached {
            return;
        }
        match fault {
            Some(fault) if !is_reached => {
                tracing::error!(store = self.place, %fault, "the object storage does not answer");
            }
            _ => tracing::info!(store = self.place, "the object storage answers"),
        }
    }

    /// Asks storage that did not answer whether it does, for ever.
    async fn knock(&self) {
        let mut is_first = true;
        loop {
            if !self.is_reached.load(Ordering::Relaxed) {
                let path = self.prefix.clone().join(".neokeys");
                let options = GetOptions { head: true, ..GetOptions::default() };
                let found = self.objects.get_opts(&path, options).await;
                let is_answer = found.as_ref().err().is_none_or(is_about_the_object);
                if let (true, Err(fault)) = (is_first && !is_answer, &found) {
                    tracing::error!(
                        store = self.place,
                        %fault,
                        "the object storage does not answer; correct the setting store, or the \
                         cloud's environment variables"
                    );
                }
                is_first = false;
                self.note(is_answer, found.as_ref().err());
            }
            sleep(KNOCK).await;
        }
    }
}

/// Whether an error is an answer about the object, and not about the way to it.
fn is_about_the_object(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound { .. }
            | Error::AlreadyExists { .. }
            | Error::Precondition { .. }
            | Error::NotModified { .. }
    )
}

/// Whether the same request may do better a little later.
fn is_of_the_moment(error: &Error) -> bool {
    let is_final = |status| matches!(status, 400..=407 | 409..=428 | 430..=499 | 501);
    matches!(error, Error::Generic { .. }) && !status_of(error).is_some_and(is_final)
}

/// Whether a server says that it has never heard of what was asked, as some do of conditions.
fn is_unknown_to_server(error: &Error) -> bool {
    status_of(error) == Some(501)
}

/// The status of an answer that is an error of no kind. The crate keeps it to itself but for the text.
fn status_of(error: &Error) -> Option<u16> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if let Some((_, rest)) = text.split_once("status code: ") {
            return rest.get(..3)?.parse().ok();
        }
        cause = error.source();
    }
    None
}
