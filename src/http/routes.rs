//! Every address of the service, on one screen.

use std::sync::Arc;

use actix_web::web::{ServiceConfig, ThinData};

use super::api_keys;
use super::audit;
use super::console::{self, Console};
use super::edge::exchange::RequestObserver;
use super::edge::request_tally::RequestTally;
use super::forward_auth::{forward_auth, forward_auth_of_path, vet_appended_path};
use super::introspection::introspect;
use super::key_details;
use super::key_plans;
use super::key_service::Keys;
use super::leaks::{Leaks, report_github};
use super::operations::{
    APPENDED_PATH, AmendApiKeyDetails, ApplyApiKeyPlan, CreateApiKeyDetails, EndOwnToken,
    EndPreviousTokens, ExportAuditLog, FORWARD_AUTH, GetApiKeyDetails, GetAuditCheckpoint,
    GetAuditProof, GetAuditTile, GetOwnApiKey, IntrospectToken, ListApiKeyDetails, ListAuditEvents,
    ListScopes, ListTenants, ReportLeaks, RevokeToken, RotateApiKey,
};
use super::pages::openapi::Documents;
use super::pages::security_txt::SecurityTxt;
use super::pages::swagger_ui::SwaggerUi;
use super::pages::{health, openapi, problem_pages, protected_resource, security_txt, swagger_ui};
use super::request::limits::LimitsConfig;
use super::revocation::revoke;
use super::router::{Address, Router};
use super::scope_list::list_scopes;
use super::tenant_list::list_tenants;
use crate::auth::client_address::ClientAddresses;
use crate::auth::{AuthenticationTally, Authenticator, Credentials, Throttle};
use crate::contract::{
    CreateApiKey, DeleteApiKey, GetApiKey, ListApiKeys, Operation, PublicUrl, UpdateApiKey,
};
use crate::domain::TokenPrefix;
use crate::problem::PAGES;

/// The state of the handlers; cheap to clone for each worker.
#[derive(Clone)]
pub(crate) struct HttpParts {
    /// The keys, and what they are made with.
    pub keys: Keys,
    /// Who failed to authenticate how often.
    pub throttle: Arc<Throttle>,
    /// How authentications come out.
    pub authentications: Arc<AuthenticationTally>,
    /// Who is told of each request, if anybody is.
    pub observer: Option<Arc<dyn RequestObserver>>,
    /// Who finds out from where a request came, if refusals are logged with that.
    pub refused_clients: Option<ClientAddresses>,
    /// Counts of requests.
    pub requests: Arc<RequestTally>,
    /// The proxies whose word on a client's address is taken.
    pub clients: ClientAddresses,
    /// The beginning of API keys that gateways may pass on as bearer tokens, if they may.
    pub key_prefix: Option<TokenPrefix>,
    /// Bounds on requests.
    pub limits: LimitsConfig,
    /// Where callers reach it, if a proxy gives it an address of its own.
    pub public_url: Option<PublicUrl>,
    /// The work on reports of leaked tokens, if any are taken.
    pub leaks: Option<Leaks>,
    /// Whom to tell of a vulnerability, if the deployment says so.
    pub security_txt: Option<SecurityTxt>,
    /// The OpenAPI documents.
    pub documents: Documents,
    /// The page that shows them, if there is one.
    pub swagger_ui: Option<SwaggerUi>,
    /// The page on which people manage keys, if there is one.
    pub console: Option<Console>,
}

impl HttpParts {
    /// Who finds out who calls.
    pub(crate) fn authenticator(&self) -> Authenticator {
        let (repository, bearer) = (&self.keys.repository, &self.keys.bearer);
        Authenticator::new(Arc::clone(repository), Arc::clone(bearer))
            .counted_by(Arc::clone(&self.authentications))
            .throttled_by(Arc::clone(&self.throttle))
            .behind(self.clients.clone())
            .taking_keys_as_bearers(self.key_prefix.clone())
    }
}

/// Adds every address.
pub(crate) fn configure(config: &mut ServiceConfig, parts: &HttpParts) {
    if let Some(observer) = &parts.observer {
        config.app_data(ThinData(Arc::clone(observer)));
    }
    if let Some(url) = &parts.public_url {
        config.app_data(ThinData(url.clone()));
    }
    if let Some(clients) = &parts.refused_clients {
        config.app_data(ThinData(clients.clone()));
    }
    config
        .app_data(parts.keys.clone())
        .app_data(ThinData(parts.authenticator()))
        .app_data(ThinData(Arc::clone(&parts.requests)))
        .app_data(ThinData(parts.limits.clone()))
        .app_data(ThinData(parts.documents.clone()));
    let mut router = Router::default();
    router
        .add(Address::at(FORWARD_AUTH).any(Credentials::PassedOn, forward_auth))
        .add(
            Address::at(APPENDED_PATH)
                .vetted_by(vet_appended_path)
                .any(Credentials::PassedOn, forward_auth_of_path),
        )
        .add(
            Address::at(GetApiKey::PATH)
                .operation::<GetApiKey, _, _>(Credentials::InHeaders, api_keys::get_api_key)
                .operation::<UpdateApiKey, _, _>(Credentials::InHeaders, api_keys::update_api_key)
                .operation::<DeleteApiKey, _, _>(Credentials::InHeaders, api_keys::delete_api_key),
        )
        .add(
            Address::at(IntrospectToken::PATH)
                .operation::<IntrospectToken, _, _>(Credentials::OfClients, introspect),
        )
        .add(
            Address::at(ListApiKeys::PATH)
                .operation::<ListApiKeys, _, _>(Credentials::InHeaders, api_keys::list_api_keys)
                .operation::<CreateApiKey, _, _>(Credentials::InHeaders, api_keys::create_api_key),
        )
        .add(Address::page("/health/live", health::live))
        .add(Address::page("/health/ready", health::ready))
        .add(Address::at(RevokeToken::PATH).public::<RevokeToken, _, _>(revoke))
        .add(
            Address::at(GetApiKeyDetails::PATH)
                .operation::<GetApiKeyDetails, _, _>(
                    Credentials::InHeaders,
                    key_details::get_api_key_details,
                )
                .operation::<AmendApiKeyDetails, _, _>(
                    Credentials::InHeaders,
                    key_details::amend_api_key_details,
                ),
        )
        .add(
            Address::at(ListApiKeyDetails::PATH)
                .operation::<ListApiKeyDetails, _, _>(
                    Credentials::InHeaders,
                    key_details::list_api_key_details,
                )
                .operation::<CreateApiKeyDetails, _, _>(
                    Credentials::InHeaders,
                    key_details::create_api_key_details,
                ),
        )
        .add(
            Address::at(RotateApiKey::PATH).operation::<RotateApiKey, _, _>(
                Credentials::InHeaders,
                key_details::rotate_api_key,
            ),
        )
        .add(Address::at(EndPreviousTokens::PATH).operation::<EndPreviousTokens, _, _>(
            Credentials::InHeaders,
            key_details::end_previous_tokens,
        ))
        .add(Address::at(ApplyApiKeyPlan::PATH).operation::<ApplyApiKeyPlan, _, _>(
            Credentials::InHeaders,
            key_plans::apply_api_key_plan,
        ))
        .add(
            Address::at(GetOwnApiKey::PATH)
                .operation::<GetOwnApiKey, _, _>(
                    Credentials::InHeaders,
                    key_details::get_own_api_key,
                )
                .operation::<EndOwnToken, _, _>(Credentials::InHeaders, key_details::end_own_token),
        )
        .add(
            Address::at(ListAuditEvents::PATH).operation::<ListAuditEvents, _, _>(
                Credentials::InHeaders,
                audit::list_audit_events,
            ),
        )
        .add(
            Address::at(ExportAuditLog::PATH)
                .operation::<ExportAuditLog, _, _>(Credentials::InHeaders, audit::export_audit_log),
        )
        .add(Address::at(GetAuditCheckpoint::PATH).operation::<GetAuditCheckpoint, _, _>(
            Credentials::InHeaders,
            audit::get_audit_checkpoint,
        ))
        .add(
            Address::at(GetAuditTile::PATH)
                .operation::<GetAuditTile, _, _>(Credentials::InHeaders, audit::get_audit_tile),
        )
        .add(
            Address::at(GetAuditProof::PATH)
                .operation::<GetAuditProof, _, _>(Credentials::InHeaders, audit::get_audit_proof),
        )
        .add(
            Address::at(ListScopes::PATH)
                .operation::<ListScopes, _, _>(Credentials::InHeaders, list_scopes),
        )
        .add(
            Address::at(ListTenants::PATH)
                .operation::<ListTenants, _, _>(Credentials::InHeaders, list_tenants),
        )
        .add(Address::page(protected_resource::OF_ALL, protected_resource::of_all))
        .add(Address::page(protected_resource::OF_TENANT, protected_resource::of_tenant))
        .add(Address::page(PAGES, problem_pages::index))
        .add(Address::page(problem_pages::ENTRY, problem_pages::entry));
    if let Some(leaks) = &parts.leaks {
        config.app_data(ThinData(leaks.clone()));
        router.add(Address::at(ReportLeaks::PATH).public::<ReportLeaks, _, _>(report_github));
    }
    if let Some(security_txt) = &parts.security_txt {
        config.app_data(ThinData(security_txt.clone()));
        router.add(Address::page(security_txt::PATH, security_txt::security_txt));
    }
    if let Some(console) = &parts.console {
        config.app_data(ThinData(console.clone()));
        router
            .add(Address::page("/console", console::redirect))
            .add(Address::page("/console/{file:.*}", console::file));
    }
    if let Some(swagger_ui) = &parts.swagger_ui {
        config.app_data(ThinData(swagger_ui.clone()));
        router
            .add(Address::page("/", swagger_ui::redirect))
            .add(Address::page("/swagger-ui", swagger_ui::redirect))
            .add(Address::page("/swagger-ui/{file:.*}", swagger_ui::file));
    }
    for path in parts.documents.paths() {
        router.add(Address::page(path, openapi::document));
    }
    config.default_service(router.into_factory());
}
