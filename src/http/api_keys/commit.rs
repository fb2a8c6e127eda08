//! The one place where handlers wait for a change.

use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpRequest};

use super::outcome;
use crate::auth::ScopedAuthorize;
use crate::auth::secret_in_text::tells_credential;
use crate::contract::Operation;
use crate::domain::{ApiKey, Commit, CommitError, Initiator, KeyName, KeyringEdit};
use crate::http::key_service::KeyService;
use crate::http::request::client::{Client, ClientGone};
use crate::http::request::preconditions::Preconditions;
use crate::http::request::request_id::RequestId;
use crate::problem::Problem;

/// Makes a change by the right of a caller, unless its client goes while it still waits for its turn.
pub(in crate::http) async fn commit<O: Operation>(
    request: &HttpRequest,
    keys: &KeyService,
    caller: &ScopedAuthorize<O>,
    preconditions: Preconditions,
    edit: KeyringEdit,
) -> Result<Arc<ApiKey>, Problem> {
    make(request, keys, caller.commit(edit, preconditions.into_precondition(), keys.grants)).await
}

/// The same, by whichever right the commit has.
pub(in crate::http) async fn make(
    request: &HttpRequest,
    keys: &KeyService,
    mut commit: Commit,
) -> Result<Arc<ApiKey>, Problem> {
    complete_initiator(request, keys, &mut commit.initiator);
    let edits = commit.together.iter().flat_map(|together| &together.edits);
    let names = std::iter::once(&commit.edit).chain(edits).map(KeyringEdit::name);
    let tells = |name: &&KeyName| tells_credential(request.headers(), name.as_str().as_bytes());
    commit.initiator.telling_names = names.filter(tells).cloned().collect();
    let committed = match request.conn_data::<Client>() {
        Some(client) => keys.repository.commit_unless_gone(commit, client.gone()),
        None => keys.repository.commit(commit),
    };
    let committed = committed.await;
    if matches!(committed, Err(CommitError::CallerGone)) {
        request.extensions_mut().insert(ClientGone);
    }
    Ok(committed.map_err(outcome::problem)?.key)
}

/// Adds the circumstances of a request to who asks.
pub(in crate::http) fn complete_initiator(
    request: &HttpRequest,
    keys: &KeyService,
    initiator: &mut Initiator,
) {
    let id = RequestId::of_change(request, RequestId::of(request.headers()));
    initiator.request_id = Some(id.as_str().into());
    initiator.address = keys
        .recorded_clients
        .as_ref()
        .and_then(|clients| Some(clients.find(request.peer_addr()?.ip(), request.headers())));
}
