//! Replacing objects, and finding out what became of a write that nobody answered.
//!
//! Every write leaves an id of its own in the object's metadata, after those of the writes before
//! it. Where an answer was lost, the ids say whether the write was done, even when others wrote
//! since. They are asked for before every write, which costs a request and shows a conflict early.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use object_store::{
    Attribute, Attributes, Error, GetOptions, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::{Instant, sleep};

use super::{Bucket, PAUSE, READ_PATIENCE, Tagged, is_of_the_moment, no_tag};
use crate::domain::TenantId;
use crate::storage::document_store::{CreateTenantError, DocumentError, Version, WriteError};
use crate::storage::moment::Moment;
use crate::storage::url::Cloud;

/// How long a write waits for an answer.
const WRITE_PATIENCE: Duration = Duration::from_secs(12);
/// Ids that are kept in an object. So many writes may follow one whose answer was lost.
const KEPT: usize = 16;
/// The metadata that holds them; no hyphen, which Azure does not take.
const IDS: &str = "neokeyswrites";

/// Ids of writes that nobody else gives.
#[derive(Debug)]
pub(super) struct Ids {
    process: u64,
    count: AtomicU64,
}

impl Ids {
    /// None where the system gives no random numbers.
    pub(super) fn new() -> Option<Self> {
        let mut process = [0; 8];
        SystemRandom::new().fill(&mut process).ok()?;
        Some(Self { process: u64::from_be_bytes(process), count: AtomicU64::new(0) })
    }

    fn next(&self) -> String {
        format!("{:016x}.{:x}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// The ids of the writes that made an object, the oldest first.
pub(super) fn ids_of(attributes: &Attributes) -> Vec<String> {
    let ids = attributes.get(&Attribute::Metadata(Cow::Borrowed(IDS)));
    let ids = ids.map_or("", |ids| ids.as_ref());
    ids.split_whitespace().map(str::to_owned).collect()
}

fn attributes(before: &[String], id: &str) -> Attributes {
    let mut ids = String::new();
    for id in &before[before.len().saturating_sub(KEPT - 1)..] {
        // Writing to a String cannot fail.
        let _ = write!(ids, "{id} ");
    }
    ids.push_str(id);
    Attributes::from_iter([(Attribute::Metadata(Cow::Borrowed(IDS)), ids)])
}

/// An object as it is now.
struct State {
    tagged: Tagged,
    ids: Vec<String>,
    is_empty: bool,
}

/// What the ids of an object say of a write.
enum Trace {
    Done,
    NotDone,
    Unknown,
}

impl State {
    /// Whether this is what a write expects: this tag, or no document.
    fn is(&self, expected: Option<&Tagged>) -> bool {
        match expected {
            Some(expected) => {
                self.tagged.tag == expected.tag && self.tagged.generation == expected.generation
            }
            None => self.is_empty && self.ids.is_empty(),
        }
    }

    /// What became of a write on top of what these ids made.
    fn trace(&self, before: &[String], id: &str) -> Trace {
        if self.ids.iter().any(|known| known == id) {
            return Trace::Done;
        }
        let is_whole = match before.last() {
            // The one before it is there, so ours would be too.
            Some(last) => self.ids.contains(last),
            None => !self.ids.is_empty() && self.ids.len() < KEPT,
        };
        if is_whole { Trace::NotDone } else { Trace::Unknown }
    }
}

impl Bucket {
    /// Puts a document in the place of the one with this tag, or of none.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        expected: Option<Tagged>,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        let id = self.ids.next();
        let mut before: Option<Vec<String>> = None;
        let mut in_doubt = false;
        let end = |in_doubt, error| match in_doubt {
            true => WriteError::Uncertain(error),
            false => WriteError::Refused(error),
        };
        loop {
            let state = match self.state(tenant).await {
                Ok(Some(state)) => state,
                Ok(None) if in_doubt => return Err(WriteError::Uncertain(self.lost(tenant))),
                Ok(None) => return Err(WriteError::NoSuchTenant),
                Err(error) => return Err(end(in_doubt, error)),
            };
            if !state.is(expected.as_ref()) {
                let before = before.as_deref().unwrap_or_default();
                return match state.trace(before, &id) {
                    _ if !in_doubt => Err(WriteError::Conflict),
                    Trace::NotDone => Err(WriteError::Conflict),
                    Trace::Unknown => Err(WriteError::Uncertain(self.lost(tenant))),
                    Trace::Done => {
                        let is_latest = state.ids.last() == Some(&id);
                        let tagged = if is_latest { state.tagged } else { Tagged::superseded() };
                        let no_tag = || WriteError::Uncertain(no_tag(self.locate(tenant)));
                        tagged.version().ok_or_else(no_tag)
                    }
                };
            }
            let checked = Moment::now();
            let attributes = attributes(&state.ids, &id);
            before.get_or_insert(state.ids);
            let update =
                UpdateVersion { e_tag: Some(state.tagged.tag), version: state.tagged.generation };
            match self.put(tenant, PutMode::Update(update), bytes.clone(), attributes).await {
                Ok(put) => {
                    let generation = match self.cloud {
                        Cloud::Google => put.version,
                        Cloud::S3 | Cloud::Azure => None,
                    };
                    let tag = put.e_tag.unwrap_or_default();
                    let version = Tagged { checked, tag, generation }.version();
                    return version
                        .ok_or_else(|| WriteError::Uncertain(no_tag(self.locate(tenant))));
                }
                // Somebody was faster: look again.
                Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {}
                Err(Error::NotFound { .. }) if !in_doubt => return Err(WriteError::NoSuchTenant),
                Err(error) => {
                    let is_of_the_moment = is_of_the_moment(&error);
                    in_doubt |= is_of_the_moment;
                    if !is_of_the_moment || Instant::now() + PAUSE >= deadline {
                        return Err(end(in_doubt, self.unreachable("write", tenant, error)));
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Makes an empty object.
    pub(super) async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        loop {
            let put = self.put(tenant, PutMode::Create, Bytes::new(), Attributes::new()).await;
            match put {
                Ok(_) => return Ok(()),
                // Of the same making by another, nobody can tell it, and nobody need.
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                    return Err(CreateTenantError::Exists);
                }
                Err(error) if is_of_the_moment(&error) && Instant::now() + PAUSE < deadline => {
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    let error = self.unreachable("make", tenant, error);
                    return Err(CreateTenantError::Failed(error));
                }
            }
        }
    }

    async fn put(
        &self,
        tenant: &TenantId,
        mode: PutMode,
        bytes: Bytes,
        attributes: Attributes,
    ) -> Result<object_store::PutResult, Error> {
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        let put = self.objects.put_opts(&self.path(tenant), PutPayload::from(bytes), options).await;
        let is_answer = put.as_ref().err().is_none_or(super::is_about_the_object);
        self.note(is_answer, put.as_ref().err());
        put
    }

    /// The object's tag and ids; none where there is no such tenant.
    async fn state(&self, tenant: &TenantId) -> Result<Option<State>, DocumentError> {
        let path = self.path(tenant);
        let checked = Moment::now();
        let found = self.ask(READ_PATIENCE, || {
            let (path, options) = (&path, GetOptions { head: true, ..GetOptions::default() });
            async move { self.objects.get_opts(path, options).await }
        });
        let found = match found.await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.unreachable("look at", tenant, error)),
        };
        let tagged = self.tagged(tenant, checked, &found.meta);
        let tagged = tagged.ok_or_else(|| no_tag(self.locate(tenant)))?;
        let (ids, is_empty) = (ids_of(&found.attributes), found.meta.size == 0);
        Ok(Some(State { tagged, ids, is_empty }))
    }

    fn lost(&self, tenant: &TenantId) -> DocumentError {
        let source = "the answer was lost, and the object does not show what was done";
        let location = self.locate(tenant);
        DocumentError::Unreachable { action: "write", location, source: source.into() }
    }
}
