//! The query of a list of details: filters, order and page.

use std::cmp::Ordering;

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::representation::in_seconds;
use crate::domain::{ApiKey, KeyName, KeyStatus, Label, Timestamp, Usage};
use crate::http::request::query::{self, PAGE, parameter, place_of, text, time, to_cursor};
use crate::problem::Problem;

/// Filters, order and page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListQuery {
    filter: Filter,
    order: Order,
    limit: usize,
    after: Option<Cursor>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Filter {
    status: Option<KeyStatus>,
    expires_before: Option<Timestamp>,
    unused_since: Option<Timestamp>,
    permission: Option<String>,
    owner: Option<String>,
    labels: Vec<(Label, Option<Label>)>,
}

/// An order of keys. Those without the time that it is about come last, and names decide the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    by: SortKey,
    is_descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortKey {
    Name,
    CreatedAt,
    ExpiresAt,
    LastUsedAt,
}

/// The place behind the last key of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    time: Option<Timestamp>,
    name: KeyName,
}

const SORT_KEYS: [(&str, SortKey); 4] = [
    ("name", SortKey::Name),
    ("createdAt", SortKey::CreatedAt),
    ("expiresAt", SortKey::ExpiresAt),
    ("lastUsedAt", SortKey::LastUsedAt),
];

impl ListQuery {
    /// Takes a query.
    ///
    /// # Errors
    /// A 400 that names every parameter that is unknown, repeated, or has no such value.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        let order = Order { by: SortKey::Name, is_descending: false };
        let mut parsed = Self { filter: Filter::default(), order, limit: PAGE, after: None };
        let mut cursor = None;
        let mut faults =
            query::read(query, &["label"], |name, value| parsed.read(name, value, &mut cursor));
        if let Some(text) = cursor {
            match parsed.order.cursor(&text) {
                Some(after) => parsed.after = Some(after),
                None => faults.add(
                    "cursor",
                    "The value is not the member next of an answer with the same sort.",
                ),
            }
        }
        if faults.is_empty() { Ok(parsed) } else { Err(Problem::validation(faults)) }
    }

    fn read(&mut self, name: &str, value: &str, cursor: &mut Option<String>) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| format!("The value {error}.");
        match name {
            "status" => {
                let status = KeyStatus::find(value);
                self.filter.status =
                    Some(status.ok_or("The value must be active, disabled or expired.")?);
            }
            "expiresBefore" => {
                self.filter.expires_before =
                    Some(Timestamp::parse(value).map_err(|error| told(&error))?);
            }
            "unusedSince" => {
                self.filter.unused_since =
                    Some(Timestamp::parse(value).map_err(|error| told(&error))?);
            }
            "permission" => self.filter.permission = Some(value.to_owned()),
            "owner" => self.filter.owner = Some(value.to_owned()),
            "label" => {
                let (label, value) = match value.split_once('=') {
                    Some((label, value)) => (label, Some(value)),
                    None => (value, None),
                };
                let label = Label::parse(label).map_err(|error| told(&error))?;
                let value = value.map(Label::parse).transpose().map_err(|error| told(&error))?;
                self.filter.labels.push((label, value));
            }
            "sort" => {
                let (is_descending, by) =
                    value.strip_prefix('-').map_or((false, value), |by| (true, by));
                let known = SORT_KEYS.iter().find(|(name, _)| *name == by);
                let (_, by) = known.ok_or_else(|| {
                    let names: Vec<_> = SORT_KEYS.iter().map(|(name, _)| *name).collect();
                    format!(
                        "The value must be one of {}, with - before it for the opposite order.",
                        names.join(", ")
                    )
                })?;
                self.order = Order { by: *by, is_descending };
            }
            "limit" => self.limit = query::limit(value)?,
            "cursor" => *cursor = Some(value.to_owned()),
            _ => return query::unknown(),
        }
        Ok(())
    }

    /// The keys of the page, and the cursor of the next one, if there is one.
    pub(super) fn page<'k>(
        &self,
        keys: impl Iterator<Item = &'k ApiKey>,
        now: Timestamp,
        usage: &Usage,
    ) -> (Vec<&'k ApiKey>, Option<String>) {
        let is_after = |key: &&ApiKey| {
            let place = self.order.place(key, usage);
            self.after.as_ref().is_none_or(|after| self.order.compare(&place, after).is_gt())
        };
        let mut found: Vec<_> =
            keys.filter(|key| self.filter.takes(key, now, usage)).filter(is_after).collect();
        let compare = |a: &&ApiKey, b: &&ApiKey| {
            self.order.compare(&self.order.place(a, usage), &self.order.place(b, usage))
        };
        if found.len() > self.limit {
            // The page alone is put in order, however many there are.
            found.select_nth_unstable_by(self.limit, compare);
            found.truncate(self.limit + 1);
        }
        let is_more = found.len() > self.limit;
        found.truncate(self.limit);
        found.sort_unstable_by(compare);
        let last = found.last().filter(|_| is_more);
        let next = last.map(|key| self.order.place(key, usage).to_text(self.order));
        (found, next)
    }
}

impl Filter {
    fn takes(&self, key: &ApiKey, now: Timestamp, usage: &Usage) -> bool {
        let details = key.details();
        self.status.is_none_or(|status| key.status(now) == status)
            && self
                .expires_before
                .is_none_or(|before| details.limits.expires_at.is_some_and(|end| end < before))
            && self.unused_since.is_none_or(|since| is_unused_since(key, since, usage))
            && self
                .permission
                .as_ref()
                .is_none_or(|wanted| key.scopes.iter().any(|scope| scope.as_str() == wanted))
            && self.owner.as_ref().is_none_or(|wanted| {
                details.owner.as_ref().is_some_and(|owner| owner.as_str() == wanted)
            })
            && self.labels.iter().all(|(label, wanted)| {
                let found = details.labels.get(label);
                found.is_some_and(|found| wanted.as_ref().is_none_or(|wanted| wanted == found))
            })
    }
}

/// Whether no token of a key was used since a time. Where nobody knows, since uses are not tracked for so
/// long, nobody says so: the key may be in use.
pub(crate) fn is_unused_since(key: &ApiKey, since: Timestamp, usage: &Usage) -> bool {
    let is_older = key.details().created_at.is_none_or(|made| made < since);
    is_older
        && match key.last_used(usage) {
            Some(last) => in_seconds(last) < since,
            None => in_seconds(usage.tracking_since()) <= since,
        }
}

impl Order {
    fn place(self, key: &ApiKey, usage: &Usage) -> Cursor {
        let time = match self.by {
            SortKey::Name => None,
            SortKey::CreatedAt => key.details().created_at,
            SortKey::ExpiresAt => key.details().limits.expires_at,
            SortKey::LastUsedAt => usage.last_used(&key.digest).map(in_seconds),
        };
        Cursor { time, name: key.name.clone() }
    }

    fn compare(self, a: &Cursor, b: &Cursor) -> Ordering {
        let directed = |order: Ordering| if self.is_descending { order.reverse() } else { order };
        let times = match (a.time, b.time) {
            (Some(a), Some(b)) => directed(a.cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        times.then_with(|| directed(a.name.as_str().cmp(b.name.as_str())))
    }

    /// The place that a cursor names, if it is one of this order.
    fn cursor(self, text: &str) -> Option<Cursor> {
        let text = place_of(text)?;
        let mut parts = text.splitn(3, ' ');
        let (order, time, name) = (parts.next()?, parts.next()?, parts.next()?);
        let time = match time {
            "-" => None,
            time => Some(Timestamp::parse(time).ok()?),
        };
        let cursor = Cursor { time, name: KeyName::parse(name).ok()? };
        (order == self.to_text()).then_some(cursor)
    }

    fn to_text(self) -> String {
        let name = SORT_KEYS.iter().find(|(_, by)| *by == self.by).map_or("", |(name, _)| name);
        format!("{}{name}", if self.is_descending { "-" } else { "" })
    }
}

impl Cursor {
    /// The text that a caller sends for the next page.
    fn to_text(&self, order: Order) -> String {
        let time = self.time.map_or("-".to_owned(), |time| time.to_string());
        to_cursor(&format!("{} {time} {}", order.to_text(), self.name.as_str()))
    }
}

impl IntoParams for ListQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            parameter(
                "status",
                text().enum_values(Some(KeyStatus::ALL.map(KeyStatus::as_str))),
                "Keys of this status.",
            ),
            parameter(
                "expiresBefore",
                time(),
                "Keys that expire, or have expired, before this time.",
            ),
            parameter(
                "unusedSince",
                time(),
                "Keys created before this time of which no token was used since. If uses have not been tracked \
                 for that long, keys without a use are left out.",
            ),
            parameter("permission", text(), "Keys with exactly this permission."),
            parameter("owner", text(), "Keys of this owner."),
            parameter(
                "label",
                text().pattern(Some("^[A-Za-z0-9_./-]{1,63}(=[A-Za-z0-9_./-]{1,63})?$")),
                "Keys with this label: `env` with any value, or `env=prod`. If repeated, a key must have all \
                 of them.",
            ),
            parameter(
                "sort",
                text().pattern(Some("^-?(name|createdAt|expiresAt|lastUsedAt)$")),
                "The order: `name` (the default), `createdAt`, `expiresAt` or `lastUsedAt`; a `-` in front \
                 reverses it. Keys without that time come last.",
            ),
            query::limit_parameter("keys"),
            parameter(
                "cursor",
                text(),
                "The member `next` of the page before, with the same `sort`.",
            ),
        ]
    }
}
