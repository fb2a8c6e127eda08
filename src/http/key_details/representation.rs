//! Keys with their details as answers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::schemas;
use crate::domain::{ApiKey, Digest, Minute, Scope, Timestamp, Usage};

/// A key with its details. Members may be added; ignore those that you do not know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "name": "crm-sync",
    "enabled": true,
    "permissions": ["orders:read"],
    "status": "active",
    "createdAt": "2026-11-26T20:00:00Z",
    "rotatedAt": "2026-11-26T21:00:00Z",
    "expiresAt": "2027-02-24T21:00:00Z",
    "lastUsedAt": "2026-11-26T21:04:00Z",
    "previousTokens": [
        {"expiresAt": "2026-11-27T21:00:00Z", "lastUsedAt": "2026-11-26T21:03:00Z"},
    ],
    "allowedIps": ["203.0.113.0/24"],
    "description": "CRM nightly",
    "owner": "sales@example.com",
    "labels": {"env": "prod"},
}))]
pub(crate) struct ApiKeyDetails<'k> {
    /// The name that it is addressed by.
    #[schema(schema_with = schemas::name)]
    name: &'k str,
    /// Whether it is turned on.
    enabled: bool,
    /// Its permissions.
    #[schema(schema_with = schemas::permissions)]
    permissions: Vec<&'k str>,
    /// Whether it may be used: `disabled` if it is turned off, whether or not its end has come too.
    #[schema(schema_with = schemas::status)]
    status: &'static str,
    /// When the service made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time, required = false)]
    created_at: Option<String>,
    /// When it got its newest token, where that is not its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time, required = false)]
    rotated_at: Option<String>,
    /// The first second in which it is not valid any more; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time, required = false)]
    expires_at: Option<String>,
    /// The minute in which its newest token was used last; absent: it was not since `trackingSince` of the
    /// list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time, required = false)]
    last_used_at: Option<String>,
    /// Its older tokens that are still valid, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 4)]
    previous_tokens: Vec<PreviousTokenDetails>,
    /// The addresses and networks that it may be used from; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::allowed_ips, required = false)]
    allowed_ips: Option<Vec<String>>,
    /// Its purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::description, required = false)]
    description: Option<&'k str>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::owner, required = false)]
    owner: Option<&'k str>,
    /// Its labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(schema_with = schemas::labels, required = false)]
    labels: BTreeMap<&'k str, &'k str>,
}

/// An older token that is still valid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "expiresAt": "2026-11-27T21:00:00Z", "lastUsedAt": "2026-11-26T21:03:00Z",
}))]
pub(in crate::http) struct PreviousTokenDetails {
    /// The first second in which it is not valid any more.
    #[schema(schema_with = schemas::time)]
    expires_at: String,
    /// The minute in which it was used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time, required = false)]
    last_used_at: Option<String>,
}

/// A key with its details and its new token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "name": "crm-sync",
    "enabled": true,
    "permissions": ["orders:read"],
    "status": "active",
    "createdAt": "2026-11-26T20:00:00Z",
    "rotatedAt": "2026-11-26T21:00:00Z",
    "expiresAt": "2027-02-24T21:00:00Z",
    "token": "nsk_3rzXqVYbR9mWfK2dT8hJ5nLsP6cG4vQ7eA1uB0yZxMoNkIjHgF",
}))]
pub(in crate::http) struct ApiKeyDetailsWithToken<'k> {
    #[serde(flatten)]
    details: ApiKeyDetails<'k>,
    /// The new token. It is shown here and never again.
    #[schema(schema_with = schemas::token)]
    token: &'k str,
}

/// A page of keys with their details. Members may be added; ignore those that you do not know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "items": [{
        "name": "crm-sync",
        "enabled": true,
        "permissions": ["orders:read"],
        "status": "active",
        "lastUsedAt": "2026-11-26T21:04:00Z",
    }],
    "next": "bmFtZSAtIGNybS1zeW5j",
    "trackingSince": "2026-11-01T08:00:00Z",
}))]
pub(in crate::http) struct ApiKeyDetailsList<'k> {
    /// The keys.
    #[schema(max_items = 1000)]
    pub(super) items: Vec<ApiKeyDetails<'k>>,
    /// The `cursor` of the next page; absent: this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::cursor, required = false)]
    pub(super) next: Option<String>,
    /// Since when uses of tokens are known.
    #[schema(schema_with = schemas::time)]
    pub(super) tracking_since: String,
}

impl<'k> ApiKeyDetails<'k> {
    /// A key as it is at a time, with when its tokens were used last.
    pub(crate) fn of(key: &'k ApiKey, now: Timestamp, usage: &Usage) -> Self {
        let details = key.details();
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let previous = details.previous_at(now).map(|token| PreviousTokenDetails {
            expires_at: token.expires_at.to_string(),
            last_used_at: last_used_at(usage, &token.digest),
        });
        let networks = details.limits.allowed_ips.as_ref();
        Self {
            name: key.name.as_str(),
            enabled: key.enabled,
            permissions: key.scopes.iter().map(Scope::as_str).collect(),
            status: key.status(now).as_str(),
            created_at: time(details.created_at),
            rotated_at: time(details.rotated_at),
            expires_at: time(details.limits.expires_at),
            last_used_at: last_used_at(usage, &key.digest),
            previous_tokens: previous.collect(),
            allowed_ips: networks.map(|them| them.iter().map(ToString::to_string).collect()),
            description: details.description.as_ref().map(|it| it.as_str()),
            owner: details.owner.as_ref().map(|it| it.as_str()),
            labels: details.labels.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect(),
        }
    }

    /// As its own holder may see it, who need not know who answers for it.
    pub(super) fn without_owner(self) -> Self {
        Self { owner: None, ..self }
    }

    /// With the token that it just got.
    pub(super) fn with_token(self, token: &'k str) -> ApiKeyDetailsWithToken<'k> {
        ApiKeyDetailsWithToken { details: self, token }
    }
}

fn last_used_at(usage: &Usage, token: &Digest) -> Option<String> {
    usage.last_used(token).map(|minute| in_seconds(minute).to_string())
}

/// The beginning of a minute.
pub(super) fn in_seconds(minute: Minute) -> Timestamp {
    Timestamp::from_epoch(minute.since_epoch())
}
