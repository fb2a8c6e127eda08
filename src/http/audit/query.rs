//! The query of a list of events: filters and page.

use std::time::Duration;

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

use super::cursor;
use crate::audit::EventFilter;
use crate::domain::{TenantId, Timestamp};
use crate::http::request::form;
use crate::problem::{Faults, Problem};

/// The events of a page where the query names no number, and the most that it may name.
const PAGE: usize = 100;
const MOST: usize = 1000;

/// Filters and page of a list of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventQuery {
    pub(super) filter: EventFilter,
    pub(super) limit: usize,
    /// The sequence that the page ends before, if a cursor names it.
    pub(super) before: Option<u64>,
}

impl EventQuery {
    /// Takes a query about a tenant's log.
    ///
    /// # Errors
    /// A 400 that names every parameter that is unknown, repeated, or has no such value.
    pub(super) fn parse(query: &str, tenant: &TenantId) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let mut parsed = Self { filter: EventFilter::default(), limit: PAGE, before: None };
        let mut seen = Vec::new();
        for (name, value) in form::pairs(query.as_bytes()) {
            if seen.contains(&name) {
                faults.add(&name, "The parameter is repeated; send it once.");
                continue;
            }
            if let Err(sentence) = parsed.read(&name, &value, tenant) {
                faults.add(&name, sentence);
            }
            seen.push(name);
        }
        if let (Some(from), Some(to)) = (parsed.filter.from, parsed.filter.to)
            && from > to
        {
            faults.add("from", "The value is after that of to.");
        }
        if faults.is_empty() { Ok(parsed) } else { Err(Problem::validation(faults)) }
    }

    fn read(&mut self, name: &str, value: &str, tenant: &TenantId) -> Result<(), String> {
        let text = || Some(value.to_owned());
        let filter = &mut self.filter;
        match name {
            "from" => filter.from = Some(time(value)?),
            "to" => filter.to = Some(time(value)?),
            "key" => filter.key = text(),
            "actor" => filter.actor = text(),
            "action" => filter.action = text(),
            "outcome" => {
                filter.is_done = Some(match value {
                    "success" => true,
                    "failure" => false,
                    _ => return Err("The value must be success or failure.".to_owned()),
                });
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                self.limit =
                    limit.ok_or_else(|| format!("The value must be a number from 1 to {MOST}."))?;
            }
            "cursor" => {
                let before = cursor::parse(value, tenant);
                let fault = "The value is not the member next of an answer about this tenant.";
                self.before = Some(before.ok_or(fault)?);
            }
            _ => return Err("There is no such parameter.".to_owned()),
        }
        Ok(())
    }
}

/// A time, since the Unix epoch. Nothing was logged before that.
fn time(value: &str) -> Result<Duration, String> {
    let time = Timestamp::parse(value).map_err(|error| format!("The value {error}."))?;
    Ok(Duration::from_secs(u64::try_from(time.seconds_since_epoch()).unwrap_or(0)))
}

impl IntoParams for EventQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let number = number
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(MOST));
        let parameter = |name: &str, schema: ObjectBuilder, description: &str| {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
            let schema: RefOr<Schema> = schema.build().into();
            parameter.description(Some(description)).schema(Some(schema)).build()
        };
        vec![
            parameter("from", time(), "Events at this time and later."),
            parameter("to", time(), "Events before this time."),
            parameter("key", text(), "Events of the key of this name."),
            parameter("actor", text(), "Events by the actor of this name."),
            parameter("action", text(), "Events with this `activity_name`, such as `Rotate`."),
            parameter(
                "outcome",
                text().enum_values(Some(["success", "failure"])),
                "Changes that were made, or that were refused.",
            ),
            parameter("limit", number, "The largest number of events on a page; 100 by default."),
            parameter("cursor", text(), "The member `next` of the page before."),
        ]
    }
}
