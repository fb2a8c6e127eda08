//! A resource server in Python, with what `docs/introspection.md` says.

use crate::service::Service;
use crate::tools::{folder, python, run, write};

const PAGE: &str = include_str!("../../docs/introspection.md");

/// The answers of a service behind the page's protector: one line a caller.
const USE: &str = r#"
import sys
from types import SimpleNamespace

from authlib.oauth2 import OAuth2Error

for authorization in sys.argv[1:]:
    headers = {"Authorization": authorization} if authorization else {}
    request = SimpleNamespace(headers=headers, method="GET", uri="/orders")
    try:
        token = require_oauth.validate_request(["orders:read"], request)
        print(200, token["sub"], token["token_type"])
    except OAuth2Error as refused:
        print(refused.status_code, refused.error)
"#;

#[test]
fn authlib_lets_in_whom_neokeys_vouches_for() {
    let folder = folder("introspection");
    let (_, program) = PAGE.split_once("```python\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    write(&folder.join("orders.py"), &format!("{program}{USE}"));
    let service = Service::start();
    let create = |name: &str, permissions: &[&str], more: &[&str]| {
        let permissions = permissions.iter().flat_map(|it| ["--permission", it]);
        let command = ["keys", "create", name, "--tenant", "demo"].into_iter();
        let command: Vec<_> = command.chain(permissions).chain(more.iter().copied()).collect();
        service.command(&command).trim().to_owned()
    };
    let gateway = create("gateway", &["tenant.apiKey:read"], &[]);
    let bearer = |token: String| format!("Bearer {token}");
    let callers = [
        bearer(create("shop", &["stock:read", "orders:read"], &[])),
        bearer(create("clerk", &["stock:read"], &[])),
        bearer(create("off", &["orders:read"], &["--disabled"])),
        bearer("not-a-token".to_owned()),
        String::new(),
        bearer(service.token.clone()),
    ];
    let mut program = python("python", &folder);
    let program = program.arg("orders.py").args(&callers).env("INTROSPECTION_KEY", &gateway);
    let told = run(program.env("INTROSPECTION_URL", &service.url));
    let expected = [
        "200 shop Bearer",
        "403 insufficient_scope",
        "401 invalid_token",
        "401 invalid_token",
        "401 missing_authorization",
        // Its scope is *, which Authlib takes for a scope like any other.
        "403 insufficient_scope",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}
