//! Who may do what: every operation of the contract against every kind of caller, as one table
//! that anybody can review, `snapshots/who_may.txt`.

use std::fmt::Write as _;

use neokeys::contract::{OPERATIONS, OperationDescription};
use neokeys::http::EXTENSIONS;
use serde_json::json;

use crate::KEYS;
use neokeys_testkit::{Claims, Client, Issuer, Reply, Service, token_of};

/// Every kind of caller, with the headers that it sends.
pub fn callers(service: &Service) -> Vec<(&'static str, Client)> {
    let nobody = service.client();
    let key = |name: &str| nobody.with_api_key(&token_of(name));
    let sign = |claims: Claims| nobody.with_bearer(&service.issuer.sign(&claims));
    let jwt = |tenants: &[&str], permissions: &[&str]| sign(Claims::new(tenants, permissions));
    let good = || Claims::new(&["t1"], &["*"]);
    let (read, write) = ("tenant.apiKey:read", "tenant.apiKey:write");
    let read_token = service.issuer.token(&["t1"], &[read]);
    vec![
        ("nobody", nobody.clone()),
        ("malformed bearer", nobody.with_bearer("not.a.jwt")),
        ("another scheme", nobody.with("authorization", "Basic dTpw")),
        ("empty key", nobody.with_api_key("")),
        ("key sent twice", key("admin").with_api_key(&token_of("admin"))),
        ("unknown key", key("nobody")),
        ("disabled key", key("off")),
        ("key of another tenant", key("other")),
        ("read key", key("reader")),
        ("write key", key("writer")),
        ("* key", key("admin")),
        ("expired JWT", sign(good().expired())),
        ("JWT, wrong audience", sign(good().with("aud", "https://other.test/"))),
        ("JWT, wrong issuer", sign(good().with("iss", "https://other.test/"))),
        ("JWT, another's key", nobody.with_bearer(&Issuer::generate().sign(&good()))),
        ("JWT of another tenant", jwt(&["t2"], &["*"])),
        ("JWT of no tenant", jwt(&[], &["*"])),
        ("JWT without scopes", jwt(&["t1"], &[])),
        (
            "JWT look-alike scopes",
            jwt(&["t1"], &["tenant.*", "tenant.apiKey", "TENANT.APIKEY:READ"]),
        ),
        ("JWT read", jwt(&["t1"], &[read])),
        ("JWT write", jwt(&["t1"], &[write])),
        ("JWT audit", jwt(&["t1"], &["tenant.audit:read"])),
        ("JWT *", jwt(&["t1"], &["*"])),
        ("JWT * of all tenants", jwt(&["*"], &["*"])),
        ("JWT * of a list with *", jwt(&["t9", "*"], &["*"])),
        ("write key + JWT read", key("writer").with_bearer(&read_token)),
        ("unknown key + JWT *", key("nobody").with_bearer(&service.issuer.token(&["t1"], &["*"]))),
        ("* key + expired JWT", key("admin").with_bearer(&service.issuer.sign(&good().expired()))),
    ]
}

/// Calls an operation in a way that succeeds for those who may.
pub async fn call(
    service: &Service,
    client: &Client,
    operation: &OperationDescription,
    cell: usize,
) -> Reply {
    let name = format!("target-{cell}");
    let rights = json!({"enabled": true, "permissions": ["p"]});
    let creates = operation.method == "POST";
    if operation.path.contains("{keyName}") || operation.path.contains("/audit/") {
        let target = json!({"name": name, "permissions": ["p"]});
        assert_eq!(service.admin().post(KEYS, target).await.status, 201);
    }
    let path = operation.path.replace("{tenantId}", "t1").replace("{keyName}", &name);
    let path = path.replace("{path:.*}", "0/000.p/1");
    let path = if path.ends_with("/proof") { path + "?sequence=0" } else { path };
    let request = client.request(operation.method.as_str(), &path);
    let merge_patch = "application/merge-patch+json";
    let request = match operation.method.as_str() {
        "PUT" => request.json(rights),
        "PATCH" => request.body(r#"{"owner": "x"}"#).header("content-type", merge_patch),
        _ if path.ends_with("/rotate") => request.json(json!({"overlapSeconds": 60})),
        _ if path.ends_with("/apiKeyPlans") => {
            let list = service.admin().get("/api/t1/admin/apiKeyDetails").await;
            let wanted =
                json!({"managedBy": "x", "apiKeys": [{"name": name, "permissions": ["p"]}]});
            request.header("if-match", list.header("etag")).json(wanted)
        }
        _ if creates => request.json(json!({"name": name, "permissions": ["p"]})),
        _ => request,
    };
    request.send().await
}

/// Each kind of caller, and what each of these operations answers it.
async fn table(operations: &[OperationDescription]) -> String {
    let service = Service::start();
    let mut table = format!("{:24}", "");
    for operation in operations {
        write!(table, "{:26}", operation.name).unwrap();
    }
    let mut cell = 0;
    for (caller, client) in callers(&service) {
        write!(table, "\n{caller:24}").unwrap();
        for operation in operations {
            cell += 1;
            let reply = call(&service, &client, operation, cell).await;
            let problem = if reply.status.is_success() { String::new() } else { reply.problem() };
            write!(table, "{:26}", format!("{} {problem}", reply.status.as_u16())).unwrap();
        }
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[tokio::test]
async fn who_may_do_what_is_as_reviewed() {
    let table = table(OPERATIONS).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("who_may", table);
    });
}

#[tokio::test]
async fn who_may_do_what_with_details_is_as_reviewed() {
    let is_shown = |path: &str| path.contains("/admin/apiKey") || path.ends_with("/scopes");
    let on_details = EXTENSIONS.iter().filter(|it| is_shown(it.path));
    let operations: Vec<_> = on_details.cloned().collect();
    assert_eq!(operations.len(), 8);
    let table = table(&operations).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("who_may_with_details", table);
    });
}

#[tokio::test]
async fn who_may_read_the_audit_log_is_as_reviewed() {
    let on_log = EXTENSIONS.iter().filter(|it| it.path.contains("/admin/audit/"));
    let operations: Vec<_> = on_log.cloned().collect();
    assert_eq!(operations.len(), 5);
    let table = table(&operations).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("who_may_audit", table);
    });
}

#[tokio::test]
async fn who_may_list_tenants_is_as_reviewed() {
    let on_tenants = EXTENSIONS.iter().filter(|it| it.name == "ListTenants");
    let table = table(&on_tenants.cloned().collect::<Vec<_>>()).await;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("who_may_list_tenants", table);
    });
}

#[tokio::test]
async fn every_invalid_credential_reads_the_same() {
    let service = Service::start();
    let mut bodies = std::collections::HashSet::new();
    for (caller, client) in callers(&service) {
        let reply = client.get(KEYS).await;
        if reply.status == 401 && caller != "nobody" {
            let mut body = reply.json();
            body.as_object_mut().unwrap().remove("requestId");
            bodies.insert((body.to_string(), reply.header("www-authenticate").to_owned()));
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let nobody = service.client().get(KEYS).await;
    assert_eq!(nobody.header("www-authenticate"), "Bearer realm=\"neokeys\"");
}

#[tokio::test]
async fn the_challenge_names_the_scope_that_is_missing() {
    let service = Service::start();
    let reply = service.client().with_api_key(&token_of("writer")).get(KEYS).await;
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer realm=\"neokeys\", error=\"insufficient_scope\", scope=\"tenant.apiKey:read\""
    );
}

#[tokio::test]
async fn who_may_is_decided_before_a_body_is_read_or_a_tenant_is_shown() {
    let service = Service::start();
    let reader = service.client().with_api_key(&token_of("reader"));
    for body in ["{", "[]", &"x".repeat(100_000)] {
        let post = |client: &Client| client.request("POST", KEYS).body(body.to_owned()).send();
        assert_eq!(post(&service.client()).await.status, 401);
        assert_eq!(post(&reader).await.status, 403);
    }
    let foreign = service.client().with_bearer(&service.issuer.token(&["t1"], &["*"]));
    let (exists, does_not) =
        (foreign.get("/api/t2/admin/apiKeys").await, foreign.get("/api/t3/admin/apiKeys").await);
    let body = |reply: &Reply| {
        let mut json = reply.json();
        json.as_object_mut().unwrap().remove("requestId");
        json
    };
    assert_eq!((exists.status, body(&exists)), (does_not.status, body(&does_not)));
    assert_eq!(exists.status, 403);
}
