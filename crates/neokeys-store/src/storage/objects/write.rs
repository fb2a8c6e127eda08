//! Replacing objects, and finding out what became of a write that nobody answered.
//!
//! Every write leaves an id of its own in the object's metadata, after those of the writes before
//! it. Where an answer was lost, the ids say whether the write was done, even when others wrote
//! since. They are asked for before every write, which costs a request and shows a conflict early.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion,
};
use tokio::time::{Instant, sleep, timeout_at};

use super::requests::silent;
use super::{Bucket, ObjectVersion, PAUSE, is_of_the_moment};
use crate::domain::TenantId;
use crate::storage::boot_time::BootTime;
use crate::storage::document_store::{DocumentError, Version, WriteError};
use crate::storage::remote::RemoteDocuments as _;

/// How long a change waits for an answer, with all that is asked for it.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(8);
/// How long to wait at first before a write that was refused is tried again.
const SHORT_PAUSE: Duration = Duration::from_millis(10);
/// Ids that are kept in an object. So many writes may follow one whose answer was lost.
const KEPT: usize = 16;
/// The metadata that holds them; no hyphen, which Azure does not take.
const IDS: &str = "neokeyswrites";
/// The metadata of an object that was made empty: the id of who made it.
pub(super) const MADE_BY: Attribute = Attribute::Metadata(Cow::Borrowed("neokeysmade"));

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
pub(super) struct State {
    version: ObjectVersion,
    /// Which write it is, where conditions name that in the place of the tag.
    generation: Option<String>,
    ids: Vec<String>,
    pub(super) made_by: Option<String>,
    is_empty: bool,
}

/// The evidence of a write in the ids of an object.
enum Trace {
    Done,
    NotDone,
    Unknown,
}

impl State {
    /// Whether this is what a write expects: this tag, or no document.
    pub(super) fn is(&self, expected: Option<&ObjectVersion>) -> bool {
        match expected {
            Some(expected) => self.version.tag == expected.tag,
            None => self.is_empty && self.ids.is_empty(),
        }
    }

    /// The evidence of a write on top of what these ids made.
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
    pub(super) bucket: &'b Bucket,
    pub(super) tenant: &'b TenantId,
    pub(super) expected: Option<&'b ObjectVersion>,
    pub(super) bytes: Bytes,
    pub(super) id: String,
    /// It may have been done: nobody answered, or not yet.
    pub(super) in_doubt: bool,
}

impl Bucket {
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

    /// Puts a document in the place of the one that is expected, as the write of this id.
    pub(super) async fn replace(
        &self,
        tenant: &TenantId,
        expected: &Version,
        bytes: Bytes,
        id: String,
        deadline: Instant,
    ) -> Result<Version, WriteError> {
        let expected = expected.state();
        let mut write = Write { bucket: self, tenant, expected, bytes, id, in_doubt: false };
        match timeout_at(deadline, write.carry_out(deadline)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(write.failed(silent())),
        }
    }

    /// The object as it is now; none where there is no such tenant.
    pub(super) async fn state(
        &self,
        tenant: &TenantId,
        deadline: Instant,
    ) -> Result<Option<State>, DocumentError> {
        let path = self.path(tenant);
        let checked = BootTime::now();
        let found = match self.head(&path, deadline).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.unreachable("look at", tenant, error)),
        };
        let version = self.version(tenant, checked, found.meta.e_tag)?;
        let made_by = found.attributes.get(&MADE_BY).map(|id| id.to_string());
        let (ids, is_empty) = (ids_of(&found.attributes), found.meta.size == 0);
        Ok(Some(State { version, generation: found.meta.version, ids, made_by, is_empty }))
    }
}

impl Write<'_> {
    pub(super) async fn carry_out(&mut self, deadline: Instant) -> Result<Version, WriteError> {
        let bucket = self.bucket;
        let mut before: Option<Vec<String>> = None;
        let mut pause = SHORT_PAUSE;
        bucket.demand_conditions(self.tenant).await.map_err(WriteError::Refused)?;
        loop {
            let state = match bucket.state(self.tenant, deadline).await {
                Ok(Some(state)) => state,
                Ok(None) if self.in_doubt => return Err(WriteError::Uncertain(self.lost())),
                Ok(None) => return Err(WriteError::NoSuchTenant),
                Err(error) => return Err(WriteError::of(error, self.in_doubt)),
            };
            if !state.is(self.expected) || state.ids.contains(&self.id) {
                return self.settle(state, before.as_deref());
            }
            let checked = BootTime::now();
            let attributes = attributes(&state.ids, &self.id);
            before.get_or_insert(state.ids);
            let update =
                UpdateVersion { e_tag: Some(state.version.tag), version: state.generation };
            let was_in_doubt = std::mem::replace(&mut self.in_doubt, true);
            let path = bucket.path(self.tenant);
            let put = bucket.put(&path, PutMode::Update(update), self.bytes.clone(), attributes);
            let put = put.await;
            let is_answer = put.as_ref().err().is_none_or(super::is_about_the_object);
            bucket.note(is_answer, put.as_ref().err());
            match put {
                Ok(put) => {
                    let version = bucket.version(self.tenant, checked, put.e_tag);
                    return version.map(Version::of).map_err(WriteError::Uncertain);
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

    /// The outcome of the write, now that another document is there. The write's own id comes before
    /// what a server said: some refuse a write that they have done.
    fn settle(&self, state: State, before: Option<&[String]>) -> Result<Version, WriteError> {
        // None was sent.
        let Some(before) = before else { return Err(WriteError::Conflict) };
        match state.trace(before, &self.id) {
            Trace::NotDone => Err(WriteError::Conflict),
            Trace::Unknown if !self.in_doubt => Err(WriteError::Conflict),
            Trace::Unknown => Err(WriteError::Uncertain(self.lost())),
            Trace::Done => {
                let is_latest = state.ids.last() == Some(&self.id);
                let superseded = ObjectVersion::superseded;
                Ok(Version::of(if is_latest { state.version } else { superseded() }))
            }
        }
    }

    pub(super) fn failed(&self, error: Error) -> WriteError {
        WriteError::of(self.bucket.unreachable("write", self.tenant, error), self.in_doubt)
    }

    fn lost(&self) -> DocumentError {
        let source = "the answer was lost, and the object does not show what was done";
        let location = self.bucket.locate(self.tenant);
        DocumentError::Unreachable { action: "write", location, source: source.into() }
    }
}
