//! The one table of settings.

use std::net::SocketAddr;

use serde::de::Deserializer;

use super::Settings;
use super::addresses::{Address, Contact, Network, Origin};
use super::amounts::{AboveZero, ShortTime, Size, Time};
use super::note_key::NoteKey;
use super::spans::{Span, SpanOrZero};
use super::value_form::{Form, List, One, Optional, Yaml};
use crate::auth::ReporterKeys;
use crate::contract::PublicUrl;
use crate::domain::TokenPrefix;
use crate::storage::StoreUrl;

/// The prefix of every environment variable that is a setting.
pub(super) const VARIABLE_PREFIX: &str = "NEOKEYS_";

/// A setting as its users see it.
pub(super) struct Setting {
    /// Its dotted name, which is its path in the file.
    pub(super) name: &'static str,
    /// Its description in `serve --help` and the book. A doc comment starts with a blank.
    pub(super) meaning: &'static str,
    show: fn(&Settings) -> String,
}

impl Setting {
    /// `NEOKEYS_AUTH__GRANTS` for `auth.grants`.
    pub(super) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.replace('.', "__").to_ascii_uppercase())
    }

    /// The value that holds where nothing is set.
    pub(super) fn default(&self) -> String {
        (self.show)(&Settings::default())
    }
}

macro_rules! settings {
    ($($(#[doc = $help:literal])+ $name:literal => $($field:ident).+ : $form:ty;)+) => {
        /// Every setting, in the order of the file.
        pub(super) const SETTINGS: &[Setting] = &[$(Setting {
            name: $name,
            meaning: concat!($($help),+),
            show: |settings| <$form as Form>::show(&settings.$($field).+),
        }),+];

        /// Puts a value in a setting's place. A name that is not in the table changes nothing.
        pub(super) fn assign<'de, D: Deserializer<'de>>(
            settings: &mut Settings,
            name: &str,
            value: D,
        ) -> Result<(), D::Error> {
            match name {
                $($name => settings.$($field).+ = <$form as Form>::read(value)?,)+
                _ => {}
            }
            Ok(())
        }
    };
}

settings! {
    /// The IP address and port to listen on.
    "listen" => listen: One<SocketAddr>;
    /// The URL by which callers reach the service, if a proxy gives it another, such as
    /// https://example.com/neokeys. It is used in Location headers, problem types and the served documents.
    "public_url" => contract.public_url: Optional<PublicUrl>;
    /// Where the keys are kept: file:DIR, etcd://HOST:PORT,…/PREFIX, s3://BUCKET/PREFIX,
    /// az://CONTAINER/PREFIX, gs://BUCKET/PREFIX, or memory: for a trial. Called store.url in a file
    /// that also sets another setting of store.
    "store" => store: One<StoreUrl>;
    /// How stale a document may be that is served from memory, on etcd (null: 2s) or object storage
    /// (null: 1s). 0: every request asks the store.
    "store.max_staleness" => storage.max_staleness: Optional<ShortTime>;
    /// How often the last use of each token is written down, in a folder (null: 60s), etcd (null: 300s)
    /// or object storage (null: 900s). 0s: as soon as possible. A crash loses what was not written.
    "store.usage_period" => storage.usage_period: Optional<Time>;
    /// The claim of a bearer token that lists the caller's tenants.
    "auth.bearer.tenants_claim" => auth.bearer.tenants_claim: Yaml<_>;
    /// The issuers whose bearer tokens are accepted, each { issuer, audience, jwks, ca, http_host,
    /// algorithms, access_tokens_only }. Without any, no bearer token is valid.
    "auth.bearer.issuers" => auth.bearer.issuers: Yaml<_>;
    /// Which permissions a caller may give to a key: any, or subset for only those that it holds
    /// itself.
    "auth.grants" => auth.grants: Yaml<_>;
    /// The prefix of new tokens.
    "auth.token_prefix" => auth.token_prefix: One<TokenPrefix>;
    /// Whether forward-auth and ext_authz take an API key with this prefix as a bearer token too
    /// (Authorization: Bearer nsk_…), for gateways that pass on no other header: true or false.
    "auth.keys_as_bearers" => auth.keys_as_bearers: Yaml<_>;
    /// How many requests with an invalid credential a client address may send in a minute before it
    /// is answered with 429. Requests without a credential do not count. 0: no limit.
    "auth.throttle.failures_per_minute" => auth.throttle.failures_per_minute: Yaml<_>;
    /// The proxies whose Forwarded or X-Forwarded-For header is believed, as addresses or networks
    /// such as 10.0.0.0/8.
    "auth.throttle.trusted_proxies" => auth.throttle.trusted_proxies: List<Network>;
    /// How long a new or rotated key is valid if the request names no expiry, such as 90d. null: a new
    /// key as long as keys.max_lifetime allows, a rotated one until its present expiry.
    "keys.default_lifetime" => keys.default_lifetime: Optional<Span>;
    /// The longest lifetime that a caller may give a key, such as 365d. If it is set, every new key
    /// expires. null: no maximum.
    "keys.max_lifetime" => keys.max_lifetime: Optional<Span>;
    /// How long the old token may stay valid after a rotation, at most. null: no maximum.
    "keys.max_overlap" => keys.max_overlap: Optional<SpanOrZero>;
    /// The scopes that keys may be given, each { name, description, group, deprecated }, for people to
    /// choose from. Called scopes.list in a file that also sets scopes.check.
    "scopes" => scopes.known: Yaml<_>;
    /// How to treat a scope of a key that is neither listed in scopes nor one of neokeys' own:
    /// off (nothing), warn (a log line) or refuse (400).
    "scopes.check" => scopes.check: Yaml<_>;
    /// The type under which GitHub's secret scanning reports this deployment's tokens, at /leaks/github.
    /// null: no reports are accepted.
    "leaks.github.token_type" => leaks.token_type: Yaml<_>;
    /// Where GitHub's public keys are: an https URL, or file:PATH.
    "leaks.github.keys" => leaks.keys: One<ReporterKeys>;
    /// How to treat a token that is reported as leaked: disable (it is revoked, and if it is the newest one,
    /// the key is disabled) or report (a log line).
    "leaks.action" => leaks.action: Yaml<_>;
    /// Where to report a vulnerability, as mailto:, tel: or https: addresses, for
    /// /.well-known/security.txt. Empty: there is none.
    "security.contact" => security.contact: List<Contact>;
    /// The server URLs in the served documents. Empty: public_url, or the contract's own.
    "contract.servers" => contract.servers: List<Address>;
    /// The sign-in URL in the served documents. null: the contract's own.
    "contract.authorization_url" => contract.authorization_url: Optional<Address>;
    /// Whether Swagger UI is served, at /swagger-ui/: true or false.
    "swagger_ui.enabled" => swagger_ui.enabled: Yaml<_>;
    /// The OAuth client id that the sign-in of Swagger UI starts with.
    "swagger_ui.client_id" => swagger_ui.client_id: Yaml<_>;
    /// The scopes that the sign-in of Swagger UI selects at first.
    "swagger_ui.scopes" => swagger_ui.scopes: Yaml<_>;
    /// Whether the console is served, at /console/: true or false.
    "console.enabled" => console.enabled: Yaml<_>;
    /// The OAuth client id of the console, a public client with /console/signed-in.html as its redirect
    /// address.
    "console.client_id" => console.client_id: Yaml<_>;
    /// The scopes that the console asks for at its sign-in.
    "console.scopes" => console.scopes: Yaml<_>;
    /// The issuer at which the console signs in. null: the first of auth.bearer.issuers.
    "console.issuer" => console.issuer: Optional<Address>;
    /// The origins whose pages may call from a browser, such as https://console.example.com.
    "cors.origins" => cors.origins: List<Origin>;
    /// The largest request target and headers together; 128KiB at most, the limit of the HTTP
    /// parser.
    "limits.head" => limits.head: One<AboveZero<Size<usize>>>;
    /// The largest request body.
    "limits.body" => limits.body: One<AboveZero<Size<usize>>>;
    /// How long the target and headers of a request may take to arrive, from the first byte.
    "limits.head_time" => limits.head_time: One<AboveZero<Time>>;
    /// How long the body of a request may take to arrive, from its first byte.
    "limits.body_time" => limits.body_time: One<AboveZero<Time>>;
    /// How long an idle connection is kept open between requests. 0s: every connection serves one
    /// request.
    "limits.idle_time" => limits.idle_time: One<Time>;
    /// How long a client may read nothing of its response before the connection is closed.
    "limits.stall_time" => limits.stall_time: One<AboveZero<Time>>;
    /// The most connections at once; further ones wait to be accepted. Lowered at the start if the
    /// limit of open files does not allow for them.
    "limits.connections" => limits.connections: Yaml<_>;
    /// The largest security.yml.
    "limits.document" => storage.document_limit: One<AboveZero<Size<u64>>>;
    /// How long a change waits while somebody keeps writing to the tenant's security.yml; then it is
    /// refused with 503. A file that is open but does not change is waited for two seconds, whatever
    /// this is.
    "limits.edit_time" => storage.edit_time: One<Time>;
    /// How many bytes of documents are kept in memory; the tenants least recently used make room.
    "limits.loaded" => storage.loaded_limit: One<Size<u64>>;
    /// How long requests in flight may take to finish when the service is asked to stop. 0s: they are
    /// cut off.
    "limits.shutdown" => limits.shutdown: One<Time>;
    /// Whether every change of keys is recorded in its tenant's audit log before it is made.
    "audit.enabled" => storage.audit.enabled: Yaml<_>;
    /// The name of the key that signs audit logs, given when it is created. null: the host's name.
    "audit.origin" => storage.audit.origin: Yaml<_>;
    /// The file with the key that signs the heads of audit logs; created if it does not exist. null:
    /// audit.key in the folder .neokeys of the store.
    "audit.signing_key" => storage.audit.signing_key: Yaml<_>;
    /// Further keys that verify heads of audit logs, as neokeys audit keygen prints them: those of
    /// earlier signing keys.
    "audit.verify_keys" => storage.audit.verify_keys: List<NoteKey>;
    /// Whether the audit log has the address that a change came from.
    "audit.addresses" => storage.audit.addresses: Yaml<_>;
    /// A PEM file with the server's certificate and its chain. Without it, the service speaks plain
    /// HTTP.
    "tls.certificate" => tls.certificate: Yaml<_>;
    /// A PEM file with the certificate's private key. Both files are read again when they change.
    "tls.key" => tls.key: Yaml<_>;
    /// The IP address and port where metrics are served to Prometheus, at /metrics, such as
    /// 127.0.0.1:9464. Anybody who can reach it may read them. null: no metrics.
    "metrics.listen" => metrics.listen: Optional<SocketAddr>;
    /// The IP address and port where Envoy may ask over gRPC (ext_authz), such as 127.0.0.1:9191, over TLS if
    /// tls.certificate is set. null: nowhere.
    "ext_authz.listen" => ext_authz.listen: Optional<SocketAddr>;
    /// A PEM file with the authorities of the certificates that Envoy has to show there, read at the start.
    /// null: none is asked for.
    "ext_authz.client_ca" => ext_authz.client_ca: Yaml<_>;
    /// The demands there on requests whose route in Envoy names no tenant, each { path, methods, scope,
    /// any }; the first whose path, such as /shops/{tenantId}/, and whose methods cover a request. Others are
    /// refused.
    "ext_authz.routes" => ext_authz.routes: Yaml<_>;
    /// The OTLP collector (HTTP, protobuf) to which traces are sent, such as http://127.0.0.1:4318.
    /// null: no traces.
    "traces.endpoint" => traces.endpoint: Optional<Address>;
    /// One request in this many is traced, unless the caller's traceparent decides.
    "traces.one_in" => traces.one_in: Yaml<_>;
    /// The format of log lines: text or json.
    "log.format" => log.format: Yaml<_>;
    /// The least severe log lines that are written: off, error, warn, info, debug or trace.
    "log.level" => log.level: Yaml<_>;
    /// Whether the log line of a refused request (401, 403, 429) has the client's address.
    "log.client_address" => log.client_address: Yaml<_>;
}

/// Every setting with its help, its environment variable and its default, for a terminal.
pub fn help() -> String {
    let mut text = String::from(
        "Settings, by their names in the file. Environment variables override the file; in them, lists \
         are written [a, b] or a,b.\n",
    );
    for setting in SETTINGS {
        let (name, meaning) = (setting.name, setting.meaning);
        let (variable, default) = (setting.variable(), setting.default());
        text.push_str(&format!(
            "\n  {name}\n         {meaning}\n          {variable}  [default: {default}]\n"
        ));
    }
    text
}
