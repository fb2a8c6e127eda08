//! The query of a list of events: filters and page.

use std::time::Duration;

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::cursor;
use crate::audit::{Action, EventFilter};
use crate::domain::{TenantId, Timestamp};
use crate::http::request::query::{self, PAGE, parameter, text};
use crate::problem::Problem;

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
        let mut parsed = Self { filter: EventFilter::default(), limit: PAGE, before: None };
        let mut faults = query::read(query, &[], |name, value| parsed.read(name, value, tenant));
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
            "action" => {
                let name = Action::parse_name(value);
                let name = name.map_err(|error| format!("The value {error}."))?;
                filter.action = Some(name.to_owned());
            }
            "outcome" => {
                filter.is_done = Some(match value {
                    "success" => true,
                    "failure" => false,
                    _ => return Err("The value must be success or failure.".to_owned()),
                });
            }
            "limit" => self.limit = query::limit(value)?,
            "cursor" => {
                let before = cursor::parse(value, tenant);
                let fault = "The value is not the member next of an answer about this tenant.";
                self.before = Some(before.ok_or(fault)?);
            }
            _ => return query::unknown(),
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
        vec![
            parameter("from", query::time(), "Events at this time and later."),
            parameter("to", query::time(), "Events before this time."),
            parameter("key", text(), "Events of the key of this name."),
            parameter("actor", text(), "Events by the actor of this name."),
            parameter("action", text(), "Events with this `activity_name`, such as `Rotate`."),
            parameter(
                "outcome",
                text().enum_values(Some(["success", "failure"])),
                "Changes that were made, or that were refused.",
            ),
            query::limit_parameter("events"),
            parameter("cursor", text(), "The member `next` of the page before."),
        ]
    }
}
