//! The HTTP layer's parts, from the settings and the layers below.

use std::sync::Arc;

use actix_web::web::Data;

use super::Counts;
use crate::audit::AuditTrail;
use crate::auth::Throttle;
use crate::auth::bearer::BearerVerifier;
use crate::auth::client_address::ClientAddresses;
use crate::clock::SystemClock;
use crate::domain::KeyRepository;
use crate::http::{
    self, Console, ConsoleParts, Documents, HttpParts, KeyService, RequestObserver, SwaggerUi,
};
use crate::settings::Settings;
use crate::storage::DocumentRepository;
use crate::traces::Traces;

/// The parts. `own_page` is where `serve --dev` listens.
pub(super) fn http_parts(
    settings: &Settings,
    counts: &Counts,
    store: Arc<DocumentRepository>,
    bearer: Arc<BearerVerifier>,
    traces: Option<Arc<Traces>>,
    own_page: Option<&str>,
) -> HttpParts {
    let Settings { auth, contract, swagger_ui, limits, log, .. } = settings;
    // Behind a proxy, the browser's name for this server may be in no header.
    let origin = own_page.filter(|_| contract.public_url.is_none()).map(str::to_owned);
    let console = settings.console.enabled.then(|| {
        Console::new(ConsoleParts {
            config: &settings.console,
            issuers: bearer.health().into_iter().map(|it| it.issuer).collect(),
            tenants_claim: &auth.bearer.tenants_claim,
            grants: auth.grants,
            policy: &settings.keys,
            origin: origin.clone(),
        })
    });
    HttpParts {
        console,
        observer: traces.map(|traces| traces as Arc<dyn RequestObserver>),
        keys: Data::new(KeyService {
            clock: Arc::new(SystemClock),
            recorded_clients: settings
                .storage
                .audit
                .addresses
                .then(|| ClientAddresses::new(&auth.throttle.trusted_proxies)),
            trail: Arc::clone(&store) as Arc<dyn AuditTrail>,
            repository: store as Arc<dyn KeyRepository>,
            bearer,
            grants: auth.grants,
            scopes: http::ScopeCatalogue::new(&settings.scopes),
            policy: settings.keys.clone(),
            token_prefix: auth.token_prefix.clone(),
        }),
        requests: Arc::clone(&counts.requests),
        authentications: Arc::clone(&counts.authentications),
        refused_clients: log
            .client_address
            .then(|| ClientAddresses::new(&auth.throttle.trusted_proxies)),
        clients: ClientAddresses::new(&auth.throttle.trusted_proxies),
        key_prefix: auth.keys_as_bearers.then(|| auth.token_prefix.clone()),
        leaks: None,
        security_txt: http::SecurityTxt::new(&settings.security),
        throttle: Arc::new(Throttle::new(&auth.throttle)),
        public_url: contract.public_url.clone(),
        documents: Documents::render(contract),
        swagger_ui: swagger_ui.enabled.then(|| SwaggerUi::new(swagger_ui, contract, origin)),
        limits: limits.clone(),
    }
}
