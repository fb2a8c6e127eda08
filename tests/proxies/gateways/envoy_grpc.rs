//! Envoy asking over gRPC: it logs and counts by whom neokeys found, shows a certificate,
//! and leaves the demand to neokeys' own table.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::way::{Configuration, Gateway, ORDERS, Way, identity, limited_to, of_shop, table};
use crate::documented;
use crate::raw::get;
use neokeys_testkit::{document, entry, token_of};

const GRPC: Gateway = Gateway::EnvoyGrpc;

fn page() -> String {
    documented("gateways", "yaml envoy-grpc.yaml")
}

fn way(first: String, settings: &str) -> Way {
    Way::start(GRPC, &Configuration { first, second: String::new() }, settings)
}

/// Replaces what must be there.
fn put(text: &str, place: &str, new: &str) -> String {
    assert!(text.contains(place), "{place} in {text}");
    text.replace(place, new)
}

#[tokio::test]
async fn the_access_log_says_who_was_found() {
    let way = way(page(), "");
    assert_eq!(way.caller("shop").get(ORDERS).await.status, 200);
    assert_eq!(way.caller("nobody").get(ORDERS).await.status, 401);
    let expected = ["200 demo shop [\"orders:read\",\"orders:write\"]", "401 - - -"];
    let deadline = Instant::now() + Duration::from_secs(60);
    // Envoy writes it from time to time.
    while way.proxy.output().lines().ne(expected) {
        assert!(Instant::now() < deadline, "{:?}", way.proxy.output());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_limit_counts_each_key_of_each_tenant_for_itself() {
    let way = way(limited_to(3, &page()), "");
    way.service.replace_document("acme", &document(&[entry("shop", true, &["orders:read"])]));
    // The same name and the same token in two tenants: two keys.
    for path in [ORDERS, "/shops/acme/orders"] {
        for _ in 0..3 {
            assert_eq!(way.caller("shop").get(path).await.status, 200, "{path}");
        }
        assert_eq!(way.caller("shop").get(path).await.status, 429, "{path}");
    }
    assert_eq!(way.caller("owner").get(ORDERS).await.status, 200);
    assert_eq!(way.caller("nobody").get(ORDERS).await.status, 401);
    assert_eq!(way.upstream.reached(), 7);
}

/// The page's Envoy, whose routes leave the demand to the table, which is the page's too.
fn with_table(normalizing: bool) -> Way {
    let mut first = limited_to(1_000_000, &page());
    for tenant in ["demo", "acme"] {
        let own = format!(
            "check_settings: {{ context_extensions: {{ tenant: {tenant}, scope: \"orders:read\" }} }}"
        );
        first = put(&first, &own, "check_settings: {}");
        first = put(&first, &format!("prefix: /shops/{tenant}/"), "prefix: /");
    }
    if !normalizing {
        first = put(&first, "normalize_path: true", "normalize_path: false");
        first = put(&first, "merge_slashes: true", "merge_slashes: false");
        first = put(&first, "REJECT_REQUEST\n", "KEEP_UNCHANGED\n");
    }
    Way::start_with(GRPC, &Configuration { first, second: String::new() }, "", &table())
}

#[tokio::test]
async fn the_table_demands_by_method_and_path() {
    let way = with_table(true);
    assert_eq!(identity(&way.caller("shop").get(ORDERS).await.json()), of_shop());
    let post = |key: &str| way.caller(key).request("POST", ORDERS);
    assert_eq!(post("shop").body("x").send().await.status, 200);
    let reader = entry("reader", true, &["orders:read"]);
    way.service.replace_document("demo", &document(&[reader]));
    assert_eq!(way.caller("reader").get(ORDERS).await.status, 200);
    let refused = post("reader").body("x").send().await;
    assert_eq!(refused.status, 403);
    assert!(refused.header("www-authenticate").ends_with("scope=\"orders:write\""), "{refused:?}");
    way.refused(&way.caller("reader"), "/elsewhere", 404).await;
}

/// Paths that are no orders of tenant `demo`, or may be read as others.
const HOSTILE: [&str; 14] = [
    "/shops/demo%2forders",
    "/shops/demo%2F..%2Facme/orders",
    "/shops//demo/orders",
    "/shops/demo/../acme/orders",
    "/shops/demo/%2e%2e/acme/orders",
    "/shops/demo/%252e%252e/acme/orders",
    "/shops/demo/..;/acme/orders",
    "/shops/demo;x=y/orders",
    "/shops/demo/..%5cacme/orders",
    "/shops/acme/orders?scope=none",
    "/shops/acme/orders?/shops/demo/orders",
    "/shops/de%20mo/orders",
    "/elsewhere/demo/orders",
    "/Shops/demo/orders",
];

#[tokio::test]
async fn without_envoys_own_reading_of_paths_the_table_lets_no_other_be_meant() {
    let way = with_table(false);
    let key = format!("X-API-KEY: {}", token_of("shop")).into_bytes();
    let ask = |path: &str| get(way.proxy.address(), path, std::slice::from_ref(&key));
    for path in HOSTILE {
        let answer = ask(path);
        assert!(matches!(answer.status, 400 | 401 | 403 | 404), "{path}: {answer:?}");
    }
    assert_eq!(ask(&format!("/shops/acme/{}", "x".repeat(30_000))).status, 401);
    assert_eq!(way.upstream.reached(), 0);
    assert_eq!(identity(&ask("/shops/%64emo/orders?x=/../").json()), of_shop());
}

#[tokio::test]
async fn a_slip_in_what_the_route_says_lets_nobody_in() {
    let own = "context_extensions: { tenant: demo, scope: \"orders:read\" }";
    for slip in [
        "context_extensions: { tenant: demo, scopes: \"orders:read\" }",
        "context_extensions: { tenant: demo, scope: \"orders:read,orders:write\\\"\" }",
        "context_extensions: { tenant: demo, scope: \"\" }",
        "context_extensions: { tenant: \"de mo\", scope: \"orders:read\" }",
        "context_extensions: { scope: \"orders:read\" }",
    ] {
        let way = way(put(&page(), own, slip), "");
        for key in ["shop", "owner"] {
            way.refused(&way.caller(key), ORDERS, 400).await;
        }
    }
}

/// A key and what certifies it, in files of a folder.
struct Certified<'f> {
    folder: &'f Path,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl<'f> Certified<'f> {
    fn new(folder: &'f Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let made = Self { folder, authority };
        made.put(&format!("{name}.pem"), &made.authority.pem());
        made
    }

    fn certify(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        self.put(&format!("{name}.pem"), &certificate.pem());
        self.put(&format!("{name}.key"), &key.serialize_pem());
    }

    #[expect(clippy::disallowed_methods, reason = "a test's file need not outlive a power cut")]
    fn put(&self, file: &str, text: &str) {
        fs::write(self.folder.join(file), text).unwrap();
    }
}

/// The page's Envoy, asking over TLS, with this certificate of its own if any.
fn over_tls(folder: &Path, own: Option<&str>) -> String {
    let at = |file: &str| folder.join(file).display().to_string();
    let own = own.map_or_else(String::new, |name| {
        format!(
            "tls_certificates: [{{ certificate_chain: {{ filename: {} }}, private_key: {{ filename: {} }} }}], ",
            at(&format!("{name}.pem")),
            at(&format!("{name}.key")),
        )
    });
    let socket = format!(
        "    - name: neokeys\n      transport_socket:\n        name: envoy.transport_sockets.tls\n        \
         typed_config:\n          \"@type\": \
         type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n          \
         common_tls_context: {{ {own}validation_context: {{ trusted_ca: {{ filename: {} }} }} }}\n",
        at("servers.pem"),
    );
    put(&page(), "    - name: neokeys\n", &socket)
}

#[tokio::test]
async fn only_a_gateway_with_a_certificate_is_listened_to_where_one_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let servers = Certified::new(folder.path(), "servers");
    servers.certify("neokeys");
    let gateways = Certified::new(folder.path(), "gateways");
    gateways.certify("envoy");
    // By an authority that nobody named.
    Certified::new(folder.path(), "strangers").certify("stranger");
    let at = |file: &str| folder.path().join(file).display().to_string();
    let tls = format!("tls:\n  certificate: {}\n  key: {}\n", at("neokeys.pem"), at("neokeys.key"));
    let rows = format!("  client_ca: {}\n", at("gateways.pem"));
    for (own, status) in [(Some("envoy"), 200), (Some("stranger"), 403), (None, 403)] {
        let first = over_tls(folder.path(), own);
        let with = Configuration { first, second: String::new() };
        let way = Way::start_with(GRPC, &with, &tls, &rows);
        assert_eq!(way.caller("shop").get(ORDERS).await.status, status, "{own:?}");
    }
    // Without that setting, TLS alone.
    let way = way(over_tls(folder.path(), None), &tls);
    assert_eq!(way.caller("shop").get(ORDERS).await.status, 200);
}
