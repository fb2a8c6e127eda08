//! Every gateway of the page, started with what stands there.

use serde_json::{Value, json};

use crate::documented;
use crate::proxy::{Proxy, free_address};
use crate::upstream::Upstream;
use neokeys_testkit::{Client, Reply, Service, document, entry, token_of};

/// A gateway of `docs/gateways/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    Nginx,
    DebianCaddy,
    Caddy,
    HaProxy,
    Traefik,
    Envoy,
    /// The same, appending its caller's path to the address that it asks.
    EnvoyAppending,
    /// The same, asking over gRPC.
    #[cfg(feature = "ext-authz")]
    EnvoyGrpc,
    /// An Envoy that Envoy Gateway has set up by a `SecurityPolicy`, the demand in neokeys' table.
    #[cfg(feature = "ext-authz")]
    SecurityPolicy,
    /// Likewise by Istio.
    #[cfg(feature = "ext-authz")]
    Istio,
}

pub const GATEWAYS: [Gateway; if cfg!(feature = "ext-authz") { 10 } else { 7 }] = [
    Gateway::Nginx,
    Gateway::DebianCaddy,
    Gateway::Caddy,
    Gateway::HaProxy,
    Gateway::Traefik,
    Gateway::Envoy,
    Gateway::EnvoyAppending,
    #[cfg(feature = "ext-authz")]
    Gateway::EnvoyGrpc,
    #[cfg(feature = "ext-authz")]
    Gateway::SecurityPolicy,
    #[cfg(feature = "ext-authz")]
    Gateway::Istio,
];

/// The files of a gateway: the one that it is started with, and one that this names.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub first: String,
    pub second: String,
}

impl Gateway {
    /// The page's configuration of it.
    pub fn documented(self) -> Configuration {
        let block = |language: &str| documented("gateways", language);
        let (first, second) = match self {
            Self::Nginx => (block("nginx"), String::new()),
            Self::DebianCaddy | Self::Caddy => (block("caddyfile"), String::new()),
            Self::HaProxy => (block("haproxy"), block("lua")),
            Self::Traefik => (block("yaml traefik.yml"), block("yaml neokeys.yml")),
            Self::Envoy => (block("yaml envoy.yaml"), String::new()),
            Self::EnvoyAppending => (appending(&block("yaml envoy.yaml")), String::new()),
            // Whoever tries everything is no caller that a limit is for.
            #[cfg(feature = "ext-authz")]
            Self::EnvoyGrpc => {
                (limited_to(1_000_000, &block("yaml envoy-grpc.yaml")), String::new())
            }
            #[cfg(feature = "ext-authz")]
            Self::SecurityPolicy => {
                let filter = block("yaml envoy-gateway-filter");
                (set_up_by_others(&filter, &block("yaml envoy-gateway-route")), String::new())
            }
            #[cfg(feature = "ext-authz")]
            Self::Istio => (set_up_by_others(&block("yaml istio-filters"), ""), String::new()),
        };
        Configuration { first, second }
    }

    /// Whether it takes away a family of headers, and not only those that it has by name.
    pub fn knows_families(self) -> bool {
        self != Self::Nginx
    }

    /// Whether the page has it ask for any tenant of a path, and not for those that it names.
    pub fn takes_any_tenant(self) -> bool {
        !matches!(self, Self::Traefik) && !self.is_envoy() || self.leaves_demands_to_neokeys()
    }

    /// Whether neokeys' own table says what is demanded.
    fn leaves_demands_to_neokeys(self) -> bool {
        #[cfg(feature = "ext-authz")]
        return matches!(self, Self::SecurityPolicy | Self::Istio);
        #[cfg(not(feature = "ext-authz"))]
        false
    }

    pub fn is_envoy(self) -> bool {
        matches!(self, Self::Envoy | Self::EnvoyAppending) || self.asks_over_grpc()
    }

    pub fn asks_over_grpc(self) -> bool {
        #[cfg(feature = "ext-authz")]
        return matches!(self, Self::EnvoyGrpc | Self::SecurityPolicy | Self::Istio);
        #[cfg(not(feature = "ext-authz"))]
        false
    }

    /// Where it asks a service.
    fn asks(self, service: &Service) -> &str {
        let address = if self.asks_over_grpc() { service.ext_authz() } else { None };
        address.unwrap_or(service.origin()).split_once("://").unwrap().1
    }

    fn start(self, here: String, with: &Configuration) -> Proxy {
        let Configuration { first, second } = with;
        match self {
            Self::Nginx => Proxy::nginx_http(here, first),
            Self::DebianCaddy => Proxy::caddyfile(here, first),
            Self::Caddy => Proxy::newer_caddyfile(here, first),
            Self::HaProxy => Proxy::haproxy(here, second, first),
            Self::Traefik => Proxy::traefik(here, first, second),
            Self::Envoy | Self::EnvoyAppending => Proxy::envoy(here, first),
            #[cfg(feature = "ext-authz")]
            Self::EnvoyGrpc | Self::SecurityPolicy | Self::Istio => Proxy::envoy(here, first),
        }
    }
}

/// The page's Envoy with the page's line for an address to which the caller's path is appended.
fn appending(configuration: &str) -> String {
    let line = documented("gateways", "yaml envoy-appended");
    let mut text = configuration.to_owned();
    for tenant in ["demo", "acme"] {
        let fixed = format!("path_override: /auth/{tenant}?scope=orders:read");
        assert!(text.contains(&fixed), "{fixed} in {text}");
        text = text.replace(&fixed, &line.trim().replace("demo", tenant));
    }
    text
}

/// The page's Envoy without its own words on demands, and with the filters that others write.
#[cfg(feature = "ext-authz")]
fn set_up_by_others(filters: &str, route: &str) -> String {
    let page = limited_to(1_000_000, &documented("gateways", "yaml envoy-grpc.yaml"));
    let (head, rest) =
        page.split_once("                        - match: { prefix: /shops/demo/ }\n").unwrap();
    let rest = &rest[rest.find("                http_filters:\n").unwrap()..];
    let filter = rest.find("                  - name: envoy.filters.http.ext_authz\n").unwrap();
    let next = rest.find("                  - name: envoy.filters.http.local_ratelimit").unwrap();
    format!(
        "{head}                        - match: {{ prefix: /shops/ }}\n                          route: {{ cluster: shops }}\n\
         {route}{}{filters}{}",
        &rest[..filter],
        &rest[next..]
    )
}

/// The page's Envoy with another number of requests that a key may make in a minute.
#[cfg(feature = "ext-authz")]
pub fn limited_to(requests: u32, configuration: &str) -> String {
    let written = |number: u32| {
        format!("max_tokens: {number}, tokens_per_fill: {number}, fill_interval: 60s")
    };
    assert!(configuration.contains(&written(600)), "{configuration}");
    configuration.replace(&written(600), &written(requests))
}

/// The page's table of demands.
pub fn table() -> String {
    let block = documented("gateways", "yaml ext_authz-routes");
    let (_, rows) = block.split_once("listen: 127.0.0.1:9191\n").expect("the page's table");
    rows.to_owned()
}

/// Everything that a request passes on its way.
pub struct Way {
    pub gateway: Gateway,
    pub service: Service,
    pub upstream: Upstream,
    pub proxy: Proxy,
}

/// Puts an address of this run in the place of one that the page has.
fn placed(text: &str, documented_port: u16, actual: &str) -> String {
    let port = actual.rsplit(':').next().unwrap();
    text.replace(&format!("127.0.0.1:{documented_port}"), actual)
        .replace(&format!("port_value: {documented_port}"), &format!("port_value: {port}"))
}

/// Puts the addresses of this run in the place of those that the page has.
pub fn at(with: &Configuration, here: &str, neokeys: &str, shops: &str) -> Configuration {
    let place = |text: &str| {
        let text = placed(&placed(text, 8000, here), 8080, neokeys);
        let text = placed(&text, 9191, neokeys);
        placed(&text, 9000, shops)
    };
    let placed = Configuration { first: place(&with.first), second: place(&with.second) };
    let whole = format!("{}{}", placed.first, placed.second);
    for address in [here, neokeys, shops] {
        assert!(whole.contains(address.rsplit(':').next().unwrap()), "{address} in {whole}");
    }
    placed
}

/// Two tenants of which the first has a key for every purpose.
fn start_service(settings: &str) -> Service {
    let keys = [
        entry("shop", true, &["orders:read", "orders:write"]),
        entry("clerk", true, &["stock:read"]),
        entry("owner", true, &["*"]),
        entry("admin", true, &["tenant.apiKey:write"]),
        entry("off", false, &["*"]),
    ];
    let others = [entry("other", true, &["orders:read"])];
    Service::builder()
        .tenant("demo", &document(&keys))
        .tenant("acme", &document(&others))
        .settings(settings)
        .start()
}

/// Every gateway as the page has it, each before a service of its own.
pub fn ways() -> impl Iterator<Item = Way> {
    GATEWAYS.into_iter().map(|gateway| Way::start(gateway, &gateway.documented(), ""))
}

impl Way {
    /// A way with this configuration, and these settings of neokeys.
    pub fn start(gateway: Gateway, with: &Configuration, settings: &str) -> Self {
        Self::start_with(gateway, with, settings, "")
    }

    /// The same, with these settings below `ext_authz` where the gateway asks over gRPC.
    pub fn start_with(gateway: Gateway, with: &Configuration, settings: &str, grpc: &str) -> Self {
        let rows = if gateway.leaves_demands_to_neokeys() { table() } else { String::new() };
        let grpc = format!("ext_authz:\n  listen: 127.0.0.1:0\n{rows}{grpc}");
        let grpc = if gateway.asks_over_grpc() { &grpc } else { "" };
        let service = start_service(&format!("{settings}{grpc}"));
        let (upstream, here) = (Upstream::start(), free_address());
        let with = at(with, &here, gateway.asks(&service), upstream.address());
        let proxy = gateway.start(here, &with);
        Self { gateway, service, upstream, proxy }
    }

    /// A gateway as the page has it, with anything in the place of neokeys.
    pub fn before(gateway: Gateway, neokeys: &str) -> (Proxy, Upstream) {
        let (upstream, here) = (Upstream::start(), free_address());
        let with = at(&gateway.documented(), &here, neokeys, upstream.address());
        (gateway.start(here, &with), upstream)
    }

    pub fn client(&self) -> Client {
        self.proxy.client()
    }

    pub fn caller(&self, key: &str) -> Client {
        self.client().with_api_key(&token_of(key))
    }

    /// Sends a request that must be refused before the service behind sees anything.
    pub async fn refused(&self, client: &Client, path: &str, status: u16) -> Reply {
        let before = self.upstream.reached();
        let reply = client.get(path).await;
        assert_eq!(reply.status, status, "{:?}: {path}: {reply:?}", self.gateway);
        assert_eq!(self.upstream.reached(), before, "{:?}: {path}", self.gateway);
        reply
    }
}

/// The headers that say who calls, as the page has them.
pub const IDENTITY: [&str; 6] = [
    "x-auth-tenant",
    "x-auth-principal",
    "x-auth-issuer",
    "x-auth-scopes",
    "x-auth-method",
    "x-auth-expires",
];

/// A header's name for a service that knows letters, digits and one mark (RFC 3875
/// §4.1.18).
pub fn taken_for(name: &str) -> String {
    let mark = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    name.chars().map(mark).collect()
}

/// The headers that came through and whose names could be taken for those of the identity.
pub fn identity(told: &Value) -> Value {
    let headers = told["headers"].as_object().unwrap().iter();
    // Some gateways pass on what is empty, and some leave it out.
    let told = |value: &Value| value != &json!([""]);
    headers
        .filter(|(name, it)| IDENTITY.contains(&&*taken_for(name)) && told(it))
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect()
}

pub fn of_shop() -> Value {
    json!({
        "x-auth-tenant": ["demo"],
        "x-auth-principal": ["shop"],
        "x-auth-scopes": ["orders:read orders:write"],
        "x-auth-method": ["api_key"],
    })
}

pub const ORDERS: &str = "/shops/demo/orders";
