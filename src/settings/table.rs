//! The one table of settings.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde::de::Deserializer;

use super::Settings;
use super::addresses::{Address, Network, Origin};
use super::amounts::{AboveZero, ShortTime, Size, Time};
use super::form::{Form, List, One, Optional, Yaml};
use crate::contract::PublicUrl;
use crate::domain::TokenPrefix;
use crate::storage::StoreUrl;

/// The prefix of every environment variable that is a setting.
pub(super) const VARIABLE_PREFIX: &str = "NEOKEYS_";

/// A setting as its users see it.
pub(super) struct Setting {
    /// Its dotted name, which is its path in the file.
    pub(super) name: &'static str,
    help: &'static str,
    show: fn(&Settings) -> String,
}

impl Setting {
    /// `NEOKEYS_AUTH__GRANTS` for `auth.grants`.
    pub(super) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.replace('.', "__").to_ascii_uppercase())
    }
}

macro_rules! settings {
    ($($(#[doc = $help:literal])+ $name:literal => $($field:ident).+ : $form:ty;)+) => {
        /// Every setting, in the order of the file.
        pub(super) const SETTINGS: &[Setting] = &[$(Setting {
            name: $name,
            help: concat!($($help),+),
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
    /// Where to listen: an IP address and a port.
    "listen" => listen: One<SocketAddr>;
    /// The address by which callers reach the service where a proxy gives it another one, such as
    /// https://example.com/neokeys: in Location, problem types and the served documents.
    "public_url" => contract.public_url: Optional<PublicUrl>;
    /// Where the keys are: file:DIR, etcd://HOST:PORT,…/PREFIX, s3://BUCKET/PREFIX,
    /// az://CONTAINER/PREFIX, gs://BUCKET/PREFIX, or memory: for a trial. A file that sets more of
    /// the store writes it as store.url.
    "store" => store: One<StoreUrl>;
    /// How old knowledge may be that is served from etcd (null: 2s) or object storage (null: 1s).
    /// 0: every request asks the store.
    "store.max_staleness" => max_staleness: Optional<ShortTime>;
    /// The claim of a bearer token that names the caller's tenants.
    "auth.bearer.tenants_claim" => auth.bearer.tenants_claim: Yaml<_>;
    /// Whose bearer tokens are taken: a list of { issuer, audience, jwks, ca, http_host,
    /// algorithms, access_tokens_only }.
    "auth.bearer.issuers" => auth.bearer.issuers: Yaml<_>;
    /// Which permissions a caller may give a key: any, or subset for those that it holds itself.
    "auth.grants" => auth.grants: Yaml<_>;
    /// What new tokens start with.
    "auth.token_prefix" => auth.token_prefix: One<TokenPrefix>;
    /// How many credentials that are not valid an address has in a minute before it is turned away
    /// with 429; a request without one is no failure. 0: nobody is slowed down.
    "auth.throttle.failures_per_minute" => auth.throttle.failures_per_minute: Yaml<_>;
    /// The proxies whose Forwarded or X-Forwarded-For says a client's address, as addresses or
    /// networks such as 10.0.0.0/8.
    "auth.throttle.trusted_proxies" => auth.throttle.trusted_proxies: List<Network>;
    /// A list of addresses that the served documents name in place of the contract's servers.
    "contract.servers" => contract.servers: List<Address>;
    /// Where the served documents say that a user signs in, in place of the contract's address.
    "contract.authorization_url" => contract.authorization_url: Optional<Address>;
    /// Whether there is a page, /swagger-ui/, that shows the documents to anybody: true or false.
    "swagger_ui.enabled" => swagger_ui.enabled: Yaml<_>;
    /// The client id that Swagger UI's sign-in starts with: what the identity provider knows it by.
    "swagger_ui.client_id" => swagger_ui.client_id: Yaml<_>;
    /// The scopes that are ticked in Swagger UI's sign-in.
    "swagger_ui.scopes" => swagger_ui.scopes: Yaml<_>;
    /// Origins whose pages may call from a browser, such as https://console.example.com. None by
    /// default.
    "cors.origins" => cors.origins: List<Origin>;
    /// The largest target and headers of a request together; at most 128KiB, where HTTP parsing ends.
    "limits.head" => limits.head: One<AboveZero<Size<usize>>>;
    /// The largest request body.
    "limits.body" => limits.body: One<AboveZero<Size<usize>>>;
    /// How long a request may take to arrive up to its body, from its first byte.
    "limits.head_time" => limits.head_time: One<AboveZero<Time>>;
    /// How long a request's body may take to arrive.
    "limits.body_time" => limits.body_time: One<AboveZero<Time>>;
    /// How long a connection is kept between requests. 0s: each has one request.
    "limits.idle_time" => limits.idle_time: One<Time>;
    /// How long a client may take nothing of what is sent to it; then its connection is ended.
    "limits.stall_time" => limits.stall_time: One<AboveZero<Time>>;
    /// The most connections at once; further ones wait to be accepted.
    "limits.connections" => limits.connections: Yaml<_>;
    /// The largest security.yml.
    "limits.document" => document_limit: One<AboveZero<Size<u64>>>;
    /// How long a change waits for somebody who goes on writing to the tenant's security.yml; then it
    /// is refused. Who stands still is waited for two seconds, whatever this is.
    "limits.edit_time" => edit_time: One<Time>;
    /// How many bytes of documents are kept in memory; the tenants used least lately make room.
    "limits.loaded" => loaded_limit: One<Size<u64>>;
    /// How long requests in flight may take to end once the service is told to stop. 0s: they are cut
    /// off.
    "limits.shutdown" => limits.shutdown: One<Time>;
    /// A PEM file with the server's certificate and those that lead to its root; with tls.key, the
    /// service speaks TLS, and reads both again when they change.
    "tls.certificate" => tls.certificate: Yaml<_>;
    /// A PEM file with the certificate's private key.
    "tls.key" => tls.key: Yaml<_>;
    /// Where Prometheus finds the metrics, at /metrics: an IP address and a port of their own, such
    /// as 127.0.0.1:9464. Anybody who reaches it may read them. Not served by default.
    "metrics.listen" => metrics.listen: Optional<SocketAddr>;
    /// The collector to which traces are sent over OTLP (HTTP, protobuf), such as
    /// http://127.0.0.1:4318. None are sent by default.
    "traces.endpoint" => traces.endpoint: Optional<Address>;
    /// Of the requests whose traceparent decides nothing, one in so many is traced.
    "traces.one_in" => traces.one_in: Yaml<_>;
    /// How log lines look: text or json.
    "log.format" => log.format: Yaml<_>;
    /// The least grave log lines that are written: off, error, warn, info, debug or trace.
    "log.level" => log.level: Yaml<_>;
    /// Whether the line of a request that was refused (401, 403, 429) says from which address it came.
    "log.client_address" => log.client_address: Yaml<_>;
}

/// Every setting with its help, its environment variable and its default, for a terminal.
#[must_use]
pub fn help() -> String {
    let defaults = Settings::default();
    let mut text = String::from(
        "Settings (in the file by these names; the environment goes before the file, and lists in \
         it are written [a, b] or a,b):\n",
    );
    for setting in SETTINGS {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n  {}\n         {}\n          {}  [default: {}]\n",
            setting.name,
            setting.help,
            setting.variable(),
            (setting.show)(&defaults)
        );
    }
    text
}
