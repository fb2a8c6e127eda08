//! The one place where handlers wait for a change.

use std::sync::Arc;

use actix_web::{HttpMessage as _, HttpRequest};

use super::{Keys, outcome};
use crate::domain::{ApiKey, Commit, CommitError};
use crate::http::request::client::{Client, ClientGone};
use crate::problem::Problem;

/// Makes a change, unless its client goes while it still waits for its turn.
pub(super) async fn commit(
    request: &HttpRequest,
    keys: &Keys,
    commit: Commit,
) -> Result<Arc<ApiKey>, Problem> {
    let committed = match request.conn_data::<Client>() {
        Some(client) => keys.commit_unless_gone(commit, client.gone()),
        None => keys.commit(commit),
    };
    let committed = committed.await;
    if matches!(committed, Err(CommitError::CallerGone)) {
        request.extensions_mut().insert(ClientGone);
    }
    Ok(committed.map_err(outcome::problem)?.key)
}
