//! Any bytes as the body of a new key: it is made as it was asked for, or refused with a reason.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use neokeys_fuzz::{ADMIN, Service};
use serde_json::Value;

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
}

fn head(method: &str, path: &str) -> Vec<u8> {
    format!(
        "{method} /api/t/admin/apiKeys{path} HTTP/1.1\r\nHost: t\r\nX-API-KEY: {ADMIN}\r\n\
         Content-Type: application/json\r\n"
    )
    .into_bytes()
}

fuzz_target!(|body: &[u8]| {
    SERVICE.with_borrow_mut(|service| {
        let answer = service.ask(&head("POST", ""), body);
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != 201 {
            assert!([400, 409, 413].contains(&answer.status), "{}: {text}", answer.status);
            return;
        }
        let asked: Value = serde_json::from_slice(body).expect("what is taken is JSON");
        let made: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        assert_eq!(asked["name"], made["name"]);
        assert_eq!(asked.get("enabled").unwrap_or(&Value::Bool(true)), &made["enabled"]);
        let path = format!("/{}", made["name"].as_str().expect("a name is text"));
        assert_eq!(service.ask(&head("DELETE", &path), b"").status, 204);
    });
});
