//! The page's additions for pages of other origins: a preflight passes without a credential, and
//! nothing else does.

use super::way::{Configuration, GATEWAYS, Gateway, ORDERS, Way, identity};
use crate::documented;
use crate::raw::{Answer, ask};
use neokeys_testkit::token_of;

/// Replaces what must be there.
fn put(text: &str, place: &str, new: &str) -> String {
    assert!(text.contains(place), "{place} in {text}");
    text.replace(place, new)
}

/// The page's configuration of a gateway, with its values in their places.
fn with_preflights(gateway: Gateway) -> Configuration {
    let Configuration { first, second } = gateway.documented();
    let block = |language: &str| documented("gateways", language);
    match gateway {
        Gateway::Nginx => {
            let place = "    location = /neokeys {\n        internal;\n";
            let added = format!("{place}{}", block("nginx preflights"));
            Configuration { first: put(&first, place, &added), second }
        }
        Gateway::DebianCaddy | Gateway::Caddy => {
            let place = "\t\tforward_auth 127.0.0.1:8080 {\n";
            Configuration { first: put(&first, place, &block("caddyfile preflights")), second }
        }
        Gateway::HaProxy => {
            let place = "    http-request lua.neokeys 127.0.0.1:8080 scope=orders:read\n";
            Configuration { first: put(&first, place, &block("haproxy preflights")), second }
        }
        Gateway::Envoy | Gateway::EnvoyAppending => {
            let place = "                      routes:\n";
            let added = format!("{place}{}", block("yaml envoy-preflights"));
            Configuration { first: put(&first, place, &added), second }
        }
        #[cfg(feature = "ext-authz")]
        Gateway::EnvoyGrpc | Gateway::SecurityPolicy | Gateway::Istio => {
            let place = "                      routes:\n";
            let added = format!("{place}{}", block("yaml envoy-preflights"));
            Configuration { first: put(&first, place, &added), second }
        }
        Gateway::Traefik => {
            let place = "\n  middlewares:\n";
            let added = format!("{place}{}", block("yaml traefik-preflights"));
            let second = put(&second, place, &added);
            let lists = second.matches("      middlewares: [").count();
            assert_eq!(lists, 2, "both routers: {second}");
            let second = put(&second, "      middlewares: [", "      middlewares: [preflights, ");
            Configuration { first, second }
        }
    }
}

fn send(way: &Way, method: &str, lines: &[&str]) -> Answer {
    let lines: Vec<_> = lines.iter().map(|it| it.as_bytes().to_vec()).collect();
    ask(way.proxy.address(), method, ORDERS, &lines)
}

const ORIGIN: &str = "Origin: https://app.example.com";
const ASKED: &str = "Access-Control-Request-Method: POST";

#[tokio::test]
async fn a_preflight_passes_without_a_credential_and_without_an_identity() {
    for gateway in GATEWAYS {
        let way = Way::start(gateway, &with_preflights(gateway), "");
        let key = format!("X-API-KEY: {}", token_of("shop"));
        for more in [
            vec![],
            vec!["X-Auth-Tenant: demo", "X-Auth-Scopes: *", "X.Auth.Principal: owner"],
            vec!["Connection: X-Auth-Tenant", "X-Auth-Tenant: demo"],
            vec![&*key],
            vec!["Access-Control-Request-Headers: x-api-key, content-type"],
        ] {
            let lines = [vec![ORIGIN, ASKED], more].concat();
            let answer = send(&way, "OPTIONS", &lines);
            let label = format!("{gateway:?}: {lines:?}: {answer:?}");
            assert_eq!(answer.status, 200, "{label}");
            if gateway == Gateway::Traefik {
                let allowed = "access-control-allow-origin: https://app.example.com";
                assert!(answer.head.contains(allowed), "{label}");
                assert_eq!(way.upstream.reached(), 0, "{label}");
                continue;
            }
            let told = answer.json();
            assert_eq!((&told["method"], &told["path"]), (&"OPTIONS".into(), &ORDERS.into()));
            assert_eq!(identity(&told), serde_json::json!({}), "{label}");
            assert!(!told["headers"].to_string().contains(&token_of("shop")), "{label}");
        }
    }
}

#[tokio::test]
async fn what_only_looks_like_a_preflight_is_judged() {
    for gateway in GATEWAYS {
        let way = Way::start(gateway, &with_preflights(gateway), "");
        for (method, lines) in [
            ("OPTIONS", vec![]),
            ("OPTIONS", vec![ORIGIN]),
            ("OPTIONS", vec![ORIGIN, "Access_Control_Request_Method: POST"]),
            ("OPTIONS", vec![ORIGIN, "Access-Control-Request-Headers: x-api-key"]),
            ("GET", vec![ORIGIN, ASKED]),
            ("POST", vec![ORIGIN, ASKED]),
            ("POST", vec![ORIGIN, ASKED, "X-HTTP-Method-Override: OPTIONS"]),
            ("HEAD", vec![ORIGIN, ASKED]),
            ("options", vec![ORIGIN, ASKED]),
            ("OPTIONSX", vec![ORIGIN, ASKED]),
        ] {
            let answer = send(&way, method, &lines);
            let label = format!("{gateway:?}: {method} {lines:?}: {answer:?}");
            assert!(matches!(answer.status, 0 | 400 | 401 | 405 | 501), "{label}");
            assert_eq!(way.upstream.reached(), 0, "{label}");
        }
        let key = format!("X-API-KEY: {}", token_of("shop"));
        let answer = send(&way, "POST", &[ORIGIN, ASKED, &key]);
        assert_eq!(answer.status, 200, "{gateway:?}: {answer:?}");
    }
}

#[tokio::test]
async fn without_what_the_page_adds_a_preflight_needs_a_credential() {
    for way in super::way::ways() {
        let answer = send(&way, "OPTIONS", &[ORIGIN, ASKED]);
        assert_eq!(answer.status, 401, "{:?}: {answer:?}", way.gateway);
        assert_eq!(way.upstream.reached(), 0, "{:?}", way.gateway);
    }
}
