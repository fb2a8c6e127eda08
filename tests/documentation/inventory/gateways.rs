//! The blocks of the pages on gateways.

use super::Fate::{self, Run, Shown};

const HOSTILE: &[&str] = &[
    "proxies::gateways::hostile::no_caller_gives_itself_an_identity_and_no_credential_comes_through",
    "proxies::gateways::judged::whoever_may_passes_with_who_it_is_and_without_its_credential",
];
const PREFLIGHTS: &[&str] = &[
    "proxies::gateways::preflights::a_preflight_passes_without_a_credential_and_without_an_identity",
];
const GRPC_TABLE: &[&str] =
    &["proxies::gateways::envoy_grpc::the_table_demands_by_method_and_path"];
const GRPC_SETTINGS: &[&str] =
    &["documentation::configurations::the_settings_of_gateways_are_settings"];

/// Page, first line, and fate.
pub(super) const GATEWAYS: &[(&str, &str, Fate)] = &[
    (
        "docs/gateways.md",
        "GET /auth/{tenantId}?scope=…",
        Shown("the shape of a request: api::forward_auth sends it"),
    ),
    (
        "docs/gateways.md",
        "GET /auth/{tenantId}/for/{scopes}/{path…}",
        Shown("the shape of a request: api::forward_auth_of_path sends it"),
    ),
    ("docs/gateways/caddy.md", "http://127.0.0.1:8000 {", Run(HOSTILE)),
    ("docs/gateways/caddy.md", "\t\t@judged not {", Run(PREFLIGHTS)),
    (
        "docs/gateways/envoy-gateway.md",
        "apiVersion: gateway.envoyproxy.io/v1alpha1",
        Shown("it needs a cluster; what Envoy is given for it is run"),
    ),
    (
        "docs/gateways/envoy-gateway.md",
        "                  - name: envoy.filters.http.ext_authz/securitypolicy/default/neokeys",
        Run(HOSTILE),
    ),
    (
        "docs/gateways/envoy-gateway.md",
        "                          typed_per_filter_config:",
        Run(HOSTILE),
    ),
    ("docs/gateways/envoy-grpc.md", "static_resources:", Run(HOSTILE)),
    ("docs/gateways/envoy-grpc.md", "ext_authz:", Run(GRPC_SETTINGS)),
    ("docs/gateways/envoy-grpc.md", "ext_authz:", Run(GRPC_TABLE)),
    (
        "docs/gateways/envoy.md",
        "                                  path_prefix: /auth/demo/for/orders:read",
        Run(HOSTILE),
    ),
    ("docs/gateways/envoy.md", "static_resources:", Run(HOSTILE)),
    ("docs/gateways/envoy.md", "                        - match:", Run(PREFLIGHTS)),
    (
        "docs/gateways/haproxy.md",
        "-- http-request lua.neokeys ADDRESS QUERY: lets the request pass if neokeys says so.",
        Run(HOSTILE),
    ),
    ("docs/gateways/haproxy.md", "global", Run(HOSTILE)),
    (
        "docs/gateways/haproxy.md",
        "    http-request lua.neokeys 127.0.0.1:8080 scope=orders:read unless { method OPTIONS } { req.hdr(access-control-request-method) -m found }",
        Run(PREFLIGHTS),
    ),
    (
        "docs/gateways/istio.md",
        "# MeshConfig",
        Shown("it needs a cluster; what Envoy is given for it is run"),
    ),
    ("docs/gateways/istio.md", "                  - name: envoy.filters.http.rbac", Run(HOSTILE)),
    (
        "docs/gateways/nginx.md",
        "upstream neokeys { server 127.0.0.1:8080; keepalive 16; }",
        Run(HOSTILE),
    ),
    (
        "docs/gateways/nginx.md",
        "        set $preflight \"$request_method $http_access_control_request_method\";",
        Run(PREFLIGHTS),
    ),
    ("docs/gateways/traefik.md", "entryPoints:", Run(HOSTILE)),
    ("docs/gateways/traefik.md", "http:", Run(HOSTILE)),
    ("docs/gateways/traefik.md", "    preflights:", Run(PREFLIGHTS)),
];
