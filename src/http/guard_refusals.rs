//! Changes that the guard refuses, for the audit log: what the writer of a tenant refuses is recorded there.

use actix_web::{HttpMessage as _, HttpRequest};

use super::api_keys::complete_initiator;
use super::edge::matched_route::MatchedRoute;
use super::key_service::Keys;
use super::operations::{
    AmendApiKeyDetails, ApplyApiKeyPlan, CreateApiKeyDetails, EndPreviousTokens, RotateApiKey,
};
use crate::auth::secret_in_text::tells_credential;
use crate::auth::{RefusedAtGuard, path_parameter};
use crate::contract::{CreateApiKey, DeleteApiKey, Operation, UpdateApiKey, parameter};
use crate::domain::{ChangeKind, KeyName, RefusedChange};

/// The operations that change keys, by their names.
const CHANGES: [(&str, ChangeKind); 8] = [
    (CreateApiKey::NAME, ChangeKind::Create),
    (CreateApiKeyDetails::NAME, ChangeKind::Create),
    (UpdateApiKey::NAME, ChangeKind::Update),
    (AmendApiKeyDetails::NAME, ChangeKind::Update),
    (ApplyApiKeyPlan::NAME, ChangeKind::Update),
    (RotateApiKey::NAME, ChangeKind::Rotate),
    (EndPreviousTokens::NAME, ChangeKind::EndOverlap),
    (DeleteApiKey::NAME, ChangeKind::Delete),
];

/// Has it recorded that a request was refused, if it would have changed keys and the guard refused it.
pub(super) fn note(request: &HttpRequest) {
    let Some(RefusedAtGuard { tenant, scope, mut initiator }) = request.extensions_mut().remove()
    else {
        return;
    };
    let operation = MatchedRoute::of(request).and_then(|route| route.operation);
    let kind =
        operation.and_then(|it| CHANGES.iter().find(|(name, _)| *name == it.description.name));
    let (Some((_, kind)), Some(keys)) = (kind, request.app_data::<Keys>()) else { return };
    complete_initiator(request, keys, &mut initiator);
    let name = path_parameter(request.match_info(), parameter::KEY_NAME);
    let name = name.and_then(|name| KeyName::parse(&name).ok());
    let tells = |name: &&KeyName| tells_credential(request.headers(), name.as_str().as_bytes());
    initiator.telling_names = name.iter().filter(tells).cloned().collect();
    keys.repository.note_refusal(RefusedChange {
        tenant,
        key: name,
        kind: *kind,
        reason: format!("the caller lacks the scope {scope}"),
        initiator,
    });
}

#[cfg(test)]
mod tests {
    use super::CHANGES;
    use crate::http::operations;

    /// Asking for a state, or ending a token by who holds it, needs no scope that changes keys.
    #[test]
    fn every_operation_that_changes_keys_is_named() {
        let writes = |scope: &str| scope == "tenant.apiKey:write";
        let mut due: Vec<_> =
            operations::all().filter(|it| writes(it.scope)).map(|it| it.name).collect();
        let mut named: Vec<_> = CHANGES.iter().map(|(name, _)| *name).collect();
        due.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, due);
    }
}
