//! The annotations of the operations beyond the contract, together.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{protected_resource, security_txt};
use crate::http::{
    audit, forward_auth, introspection, key_details, key_plans, leaks, revocation, scope_list,
    tenant_list,
};

/// The name of the security scheme for an API key as a client's secret.
pub(crate) const CLIENT_SECRET: &str = "client-secret";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "neokeys: extensions",
        version = "1.0.0",
        description = "The operations for gateways, resource servers and the life of keys. They are not part \
            of the documented contract."
    ),
    tags(
        (name = "API key details", description = "The life of keys: expiry, rotation, networks, texts for \
            people."),
        (name = "Audit log", description = "Who did what to which key, and the proof that nothing was \
            removed."),
        (name = "Discovery", description = "What a client can find out before it has a credential."),
        (name = "Gateways", description = "Questions of gateways."),
        (name = "Introspection", description = "Questions of resource servers."),
        (name = "Scopes", description = "The scopes that keys can be given."),
        (name = "Tenants", description = "The tenants of a caller."),
        (name = "Revocation", description = "The end of tokens that leaked."),
    ),
    paths(
        key_details::list_api_key_details,
        key_details::create_api_key_details,
        key_details::get_api_key_details,
        key_details::amend_api_key_details,
        key_details::rotate_api_key,
        key_details::end_previous_tokens,
        key_plans::apply_api_key_plan,
        key_details::get_own_api_key,
        key_details::end_own_token,
        audit::list_audit_events,
        audit::export_audit_log,
        audit::get_audit_checkpoint,
        audit::get_audit_tile,
        audit::get_audit_proof,
        forward_auth::forward_auth,
        forward_auth::forward_auth_of_path,
        introspection::introspect,
        revocation::revoke,
        leaks::report_github,
        scope_list::list_scopes,
        tenant_list::list_tenants,
        protected_resource::of_all,
        protected_resource::of_tenant,
        security_txt::security_txt,
    ),
    components(schemas(
        introspection::IntrospectionResponse<'_>,
        introspection::Audience<'_>,
        audit::AuditEvent,
        audit::AuditEventList,
        leaks::MatchLabel,
        protected_resource::ProtectedResource<'_>,
        scope_list::ScopeList<'_>,
        scope_list::ListedScope<'_>,
        tenant_list::TenantList<'_>,
        tenant_list::ListedTenant<'_>,
        key_plans::ApiKeyPlan<'_>,
        key_plans::ApiKeyPlanStep<'_>,
        key_plans::MemberChangeDescription<'_>,
        key_details::ApiKeyDetails<'_>,
        key_details::ApiKeyDetailsList<'_>,
        key_details::ApiKeyDetailsWithToken<'_>,
        key_details::PreviousTokenDetails,
    )),
    modifiers(&ClientSecret),
)]
struct Annotations;

/// The document that utoipa collects from the annotations of the operations beyond the contract.
#[must_use]
pub fn collected_extensions() -> utoipa::openapi::OpenApi {
    Annotations::openapi()
}

struct ClientSecret;

impl Modify for ClientSecret {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(
            "An API key as a client's secret (RFC 6749 §2.3.1), as it is or percent-encoded. The user name is not looked at.",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(CLIENT_SECRET, SecurityScheme::Http(scheme.build()));
    }
}
