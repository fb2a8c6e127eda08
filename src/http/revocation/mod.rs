//! `POST /api/{tenantId}/revoke`: the end of a token by whoever holds it (RFC 7009).
//!
//! Invariant: status, headers and body of the answer are the same whether the token was one or not, and in
//! whichever tenant; a token that was none counts as a failed authentication of its sender's address.

mod form;

use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use smol_str::SmolStr;
use utoipa::openapi::ResponseBuilder;

use super::api_keys::make;
use super::key_service::Keys;
use super::operations::RevokeToken;
use super::refusals::{PublicBodyRefused, PublicRefused};
use crate::auth::{Authenticator, HeldToken, denial, path_tenant};
use crate::contract::{ListApiKeys, Operation as _};
use crate::domain::{Digest, ReadError, TenantId};
use crate::problem::{Problem, ProblemType};

use form::{RevocationForm, RevocationRequest};

/// The answer, whatever the token was.
pub(super) struct Revoked;

impl utoipa::IntoResponses for Revoked {
    fn responses()
    -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        let response = ResponseBuilder::new().description("The token does not work, now or later.");
        [("200".to_owned(), response.build().into())].into()
    }
}

#[utoipa::path(
    post,
    path = RevokeToken::PATH,
    operation_id = "revokeToken",
    tag = RevokeToken::TAG,
    summary = RevokeToken::SUMMARY,
    description = RevokeToken::DESCRIPTION,
    params(ListApiKeys),
    request_body(content((RevocationForm = "application/x-www-form-urlencoded"))),
    responses(Revoked, PublicRefused, PublicBodyRefused),
    security(()),
)]
pub(super) async fn revoke(
    request: HttpRequest,
    authenticator: ThinData<Authenticator>,
    keys: Keys,
    body: RevocationRequest,
) -> Result<HttpResponse, Problem> {
    let (throttle, headers) = (authenticator.throttle(), request.headers());
    let sender = request.peer_addr().map(|peer| peer.ip());
    if let Some(wait) = throttle.wait(sender, headers) {
        return Err(denial::too_many_failures(wait));
    }
    let tenant = path_tenant(request.match_info());
    let is_token = match &tenant {
        Some(tenant) => end(&request, &keys, tenant, &body).await?,
        None => false,
    };
    if !is_token && let Some(wait) = throttle.failed(sender, headers) {
        return Err(denial::too_many_failures(wait));
    }
    Ok(HttpResponse::Ok().finish())
}

/// Ends the token, if it is one of the tenant's; says whether it was.
async fn end(
    request: &HttpRequest,
    keys: &Keys,
    tenant: &TenantId,
    body: &RevocationRequest,
) -> Result<bool, Problem> {
    let keyring = match keys.repository.get_keyring(tenant).await {
        Ok(keyring) => keyring,
        Err(ReadError::NoSuchTenant) => return Ok(false),
        Err(error @ ReadError::Unavailable(_)) => return Err(denial::unreadable(error)),
    };
    let digest = Digest::of(body.expose().as_bytes());
    let Some(held) = HeldToken::find(&keyring, tenant, digest) else { return Ok(false) };
    let mut commit = held.end(held.key().as_str());
    commit.initiator.reason = Some(body.reason().into()).filter(|it: &SmolStr| !it.is_empty());
    match make(request, keys, commit).await {
        Ok(_) => {}
        // It went meanwhile.
        Err(problem) if is_gone(&problem) => return Ok(true),
        Err(problem) => return Err(problem),
    }
    tracing::warn!(
        tenant.id = %tenant,
        key.name = %held.key(),
        token.current = held.is_current(),
        reason = body.reason(),
        "a token was revoked by its holder"
    );
    Ok(true)
}

/// Whether a change was refused since its token, its key or its tenant is not there any more.
fn is_gone(problem: &Problem) -> bool {
    let gone = [ProblemType::Unauthorized, ProblemType::KeyNotFound, ProblemType::TenantNotFound];
    gone.contains(&problem.kind())
}
