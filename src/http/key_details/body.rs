//! The bodies of requests about details.

use std::time::Duration;

use serde_json::Value;

use super::values::{MEMBERS, read, read_detail, timestamp};
use crate::contract::{CreateApiKeyRequest, OperationWithBody, RequestBody};
use crate::domain::{DetailsPatch, LONGEST_SPAN, Patch, Timestamp};
use crate::http::operations::{AmendApiKeyDetails, CreateApiKeyDetails, RotateApiKey};

/// A new key and its details.
#[derive(Debug, Default)]
pub(crate) struct CreateRequest {
    /// The members that the contract has.
    pub(super) key: CreateApiKeyRequest,
    pub(super) details: DetailsPatch,
}

impl OperationWithBody for CreateApiKeyDetails {
    type Body = CreateRequest;
}

impl RequestBody for CreateRequest {
    const REQUIRED: &'static [&'static str] = CreateApiKeyRequest::REQUIRED;

    fn read_member(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>> {
        if let Some(outcome) = read_detail(&mut self.details, name, value) {
            return outcome;
        }
        let of_contract = ["name", "enabled", "permissions"];
        if of_contract.contains(&name) {
            return self.key.read_member(name, value);
        }
        Err(unknown(of_contract.iter().chain(&MEMBERS)))
    }
}

/// Changes of a key's details (RFC 7396).
#[derive(Debug, Default)]
pub(crate) struct AmendRequest(pub(super) DetailsPatch);

impl OperationWithBody for AmendApiKeyDetails {
    type Body = AmendRequest;
}

impl RequestBody for AmendRequest {
    const REQUIRED: &'static [&'static str] = &[];

    fn read_member(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>> {
        if let Some(outcome) = read_detail(&mut self.0, name, value) {
            return outcome;
        }
        Err(match name {
            "enabled" | "permissions" => vec![format!(
                "The member {name} is changed with PUT at the key's address in apiKeys."
            )],
            "name" => vec!["A key's name cannot be changed; use PUT for its permissions.".to_owned()],
            "hash" => vec![
                "A key's hash cannot be set; rotate the key for a new token, or use PUT to disable it."
                    .to_owned(),
            ],
            _ => unknown(MEMBERS.iter()),
        })
    }
}

/// An overlap in whole seconds, which JSON may write as `60` or `60.0`.
pub(in crate::http) fn read_overlap(value: &Value) -> Result<Duration, Vec<String>> {
    let whole = |number: f64| Duration::try_from_secs_f64(number).ok();
    let span = value.as_f64().filter(|number| number.fract() == 0.0).and_then(whole);
    span.filter(|span| *span <= LONGEST_SPAN).ok_or_else(|| {
        let most = LONGEST_SPAN.as_secs();
        vec![format!("The value must be a whole number of seconds from 0 to {most}.")]
    })
}

/// A rotation.
#[derive(Debug, Default)]
pub(crate) struct RotateRequest {
    /// How long the present token is valid yet.
    pub(super) overlap: Option<Duration>,
    /// The end of the key from now on.
    pub(super) expires_at: Patch<Timestamp>,
}

impl RotateRequest {
    pub(super) const OVERLAP: &'static str = "overlapSeconds";
}

impl OperationWithBody for RotateApiKey {
    type Body = RotateRequest;
}

impl RequestBody for RotateRequest {
    const REQUIRED: &'static [&'static str] = &[Self::OVERLAP];

    fn read_member(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>> {
        match name {
            Self::OVERLAP => {
                self.overlap = Some(read_overlap(value)?);
                Ok(())
            }
            "expiresAt" => read(&mut self.expires_at, value, timestamp),
            _ => Err(unknown([Self::OVERLAP, "expiresAt"].iter())),
        }
    }
}

fn unknown<'n>(members: impl Iterator<Item = &'n &'n str>) -> Vec<String> {
    let names: Vec<_> = members.copied().collect();
    vec![format!("There is no such member; the members are: {}.", names.join(", "))]
}
