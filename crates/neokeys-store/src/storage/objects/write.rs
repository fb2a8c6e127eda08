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
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    PutResult, UpdateVersion,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::{Instant, sleep, timeout_at};

use super::read::silent;
use super::{Bucket, ObjectVersion, PAUSE, is_of_the_moment, no_tag};
use crate::domain::TenantId;
use crate::storage::boot_time::BootTime;
use crate::storage::document_store::{CreateTenantError, DocumentError, Version, WriteError};

/// How long a change waits for an answer, with all that is asked for it.
const WRITE_PATIENCE: Duration = Duration::from_secs(8);
/// How long to wait at first before a write that was refused is tried again.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// WriteIds that are kept in an object. So many writes may follow one whose answer was lost.
const KEPT: usize = 16;
/// The metadata that holds them; no hyphen, which Azure does not take.
const IDS: &str = "neokeyswrites";
/// The metadata of an object that was made empty: the id of who made it.
const MADE_BY: Attribute = Attribute::Metadata(Cow::Borrowed("neokeysmade"));

/// WriteIds of writes that nobody else gives.
#[derive(Debug)]
pub(super) struct WriteIds {
    process: u64,
    count: AtomicU64,
}

impl WriteIds {
    /// None where the system gives no random numbers.
    pub(super) fn new() -> Option<Self> {
        let mut process = [0; 8];
        SystemRandom::new().fill(&mut process).ok()?;
        Some(Self { process: u64::from_be_bytes(process), count: AtomicU64::new(0) })
    }

    pub(super) fn next(&self) -> String {
        format!("{:016x}.{:x}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// The ids of the writes that made an object, the oldest first.
pub(super) fn ids_of(attributes: &Attributes) -> Vec<String> {
    let ids = attributes.get(&Attribute::Metadata(Cow::Borrowed(IDS)));
    let ids = ids.map_or("", |ids| ids.as_ref());
    ids.split_whitespace().map(str::to_owned).collect()
}

/// The metadata of an object that is written on top of what these ids made.
pub(super) fn attributes(before: &[String], id: &str) -> Attributes {
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
    tagged: ObjectVersion,
    /// Which write it is, where conditions name that in the place of the tag.
    generation: Option<String>,
    ids: Vec<String>,
    made_by: Option<String>,
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
    fn is(&self, expected: Option<&ObjectVersion>) -> bool {
        match expected {
            Some(expected) => self.tagged.tag == expected.tag,
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

/// A write under way.
struct Write<'b> {
    bucket: &'b Bucket,
    tenant: &'b TenantId,
    expected: Option<ObjectVersion>,
    bytes: Bytes,
    id: String,
    /// It may have been done: nobody answered, or not yet.
    in_doubt: bool,
}

impl Bucket {
    /// Puts a document in the place of the one with this tag, or of none.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        expected: Option<ObjectVersion>,
        bytes: Bytes,
    ) -> Result<Version, WriteError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        let id = self.ids.next();
        let mut write = Write { bucket: self, tenant, expected, bytes, id, in_doubt: false };
        match timeout_at(deadline, write.carry_out(deadline)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(write.failed(silent())),
        }
    }

    /// Makes an empty object.
    pub(super) async fn create_tenant(&self, tenant: &TenantId) -> Result<(), CreateTenantError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        self.demand_conditions(tenant).await.map_err(CreateTenantError::Failed)?;
        let (path, id) = (self.path(tenant), self.ids.next());
        let made = self.ask(deadline, || {
            let attributes = Attributes::from_iter([(MADE_BY, id.clone())]);
            self.put(&path, PutMode::Create, Bytes::new(), attributes)
        });
        let error = match made.await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. }) {
            // It may be there by our own doing, of which the answer was lost.
            let state = self.state(tenant, deadline).await.map_err(CreateTenantError::Failed)?;
            let is_ours = state.is_some_and(|state| state.made_by.as_ref() == Some(&id));
            return if is_ours { Ok(()) } else { Err(CreateTenantError::Exists) };
        }
        Err(CreateTenantError::Failed(self.unreachable("make", tenant, error)))
    }

    /// Takes an object away that was the expected one a moment ago: object storage takes objects
    /// away without a condition.
    pub(super) async fn remove_tenant(
        &self,
        tenant: &TenantId,
        expected: Option<ObjectVersion>,
    ) -> Result<(), WriteError> {
        let deadline = Instant::now() + WRITE_PATIENCE;
        match self.state(tenant, deadline).await.map_err(WriteError::Refused)? {
            None => return Err(WriteError::NoSuchTenant),
            Some(state) if !state.is(expected.as_ref()) => return Err(WriteError::Conflict),
            Some(_) => {}
        }
        let path = &self.path(tenant);
        match self.ask(deadline, || self.objects.delete(path)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => {
                let in_doubt = is_of_the_moment(&error);
                let error = self.unreachable("take away", tenant, error);
                Err(if in_doubt {
                    WriteError::Uncertain(error)
                } else {
                    WriteError::Refused(error)
                })
            }
        }
    }

    pub(super) async fn put(
        &self,
        path: &Path,
        mode: PutMode,
        bytes: Bytes,
        attributes: Attributes,
    ) -> Result<PutResult, Error> {
        let options = PutOptions { mode, attributes, ..PutOptions::default() };
        self.objects.put_opts(path, PutPayload::from(bytes), options).await
    }

    /// The object as it is now; none where there is no such tenant.
    async fn state(
        &self,
        tenant: &TenantId,
        deadline: Instant,
    ) -> Result<Option<State>, DocumentError> {
        let path = self.path(tenant);
        let checked = BootTime::now();
        let found = self.ask(deadline, || {
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
        let made_by = found.attributes.get(&MADE_BY).map(|id| id.to_string());
        let (ids, is_empty) = (ids_of(&found.attributes), found.meta.size == 0);
        Ok(Some(State { tagged, generation: found.meta.version, ids, made_by, is_empty }))
    }
}

impl Write<'_> {
    async fn carry_out(&mut self, deadline: Instant) -> Result<Version, WriteError> {
        let bucket = self.bucket;
        let mut before: Option<Vec<String>> = None;
        let mut pause = SHORT_PAUSE;
        bucket.demand_conditions(self.tenant).await.map_err(WriteError::Refused)?;
        loop {
            let state = match bucket.state(self.tenant, deadline).await {
                Ok(Some(state)) => state,
                Ok(None) if self.in_doubt => return Err(WriteError::Uncertain(self.lost())),
                Ok(None) => return Err(WriteError::NoSuchTenant),
                Err(error) => return Err(self.undecided(error)),
            };
            if !state.is(self.expected.as_ref()) || state.ids.contains(&self.id) {
                return self.judge(state, before.as_deref());
            }
            let checked = BootTime::now();
            let attributes = attributes(&state.ids, &self.id);
            before.get_or_insert(state.ids);
            let update = UpdateVersion { e_tag: Some(state.tagged.tag), version: state.generation };
            let was_in_doubt = std::mem::replace(&mut self.in_doubt, true);
            let path = bucket.path(self.tenant);
            let put = bucket.put(&path, PutMode::Update(update), self.bytes.clone(), attributes);
            let put = put.await;
            let is_answer = put.as_ref().err().is_none_or(super::is_about_the_object);
            bucket.note(is_answer, put.as_ref().err());
            match put {
                Ok(put) => {
                    let tag = put.e_tag.unwrap_or_default();
                    let version = ObjectVersion { checked, tag }.version();
                    let no_tag = || WriteError::Uncertain(no_tag(bucket.locate(self.tenant)));
                    return version.ok_or_else(no_tag);
                }
                // Somebody was faster, or the server believes so: look again.
                Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {
                    self.in_doubt = was_in_doubt;
                }
                Err(Error::NotFound { .. }) if !was_in_doubt => {
                    return Err(WriteError::NoSuchTenant);
                }
                Err(error) => {
                    let is_of_the_moment = is_of_the_moment(&error);
                    self.in_doubt = was_in_doubt || is_of_the_moment;
                    if !is_of_the_moment || Instant::now() + PAUSE >= deadline {
                        return Err(self.failed(error));
                    }
                    pause = PAUSE;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE);
        }
    }

    /// What became of the write, now that another document is there. The write's own id comes before
    /// what a server said: some refuse a write that they have done.
    fn judge(&self, state: State, before: Option<&[String]>) -> Result<Version, WriteError> {
        // None was sent.
        let Some(before) = before else { return Err(WriteError::Conflict) };
        match state.trace(before, &self.id) {
            Trace::NotDone => Err(WriteError::Conflict),
            Trace::Unknown if !self.in_doubt => Err(WriteError::Conflict),
            Trace::Unknown => Err(WriteError::Uncertain(self.lost())),
            Trace::Done => {
                let is_latest = state.ids.last() == Some(&self.id);
                let tagged = if is_latest { state.tagged } else { ObjectVersion::superseded() };
                let no_tag = || WriteError::Uncertain(no_tag(self.bucket.locate(self.tenant)));
                tagged.version().ok_or_else(no_tag)
            }
        }
    }

    fn failed(&self, error: Error) -> WriteError {
        self.undecided(self.bucket.unreachable("write", self.tenant, error))
    }

    fn undecided(&self, error: DocumentError) -> WriteError {
        match self.in_doubt {
            true => WriteError::Uncertain(error),
            false => WriteError::Refused(error),
        }
    }

    fn lost(&self) -> DocumentError {
        let source = "the answer was lost, and the object does not show what was done";
        let location = self.bucket.locate(self.tenant);
        DocumentError::Unreachable { action: "write", location, source: source.into() }
    }
}
