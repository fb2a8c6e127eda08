//! Any bytes as the form of an introspection: it is answered, or refused with a reason.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use neokeys_fuzz::{ADMIN, Service};
use serde_json::Value;

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
}

fuzz_target!(|form: &[u8]| {
    let head = format!(
        "POST /api/t/introspect HTTP/1.1\r\nHost: t\r\nX-API-KEY: {ADMIN}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n"
    );
    let answer = SERVICE.with_borrow_mut(|service| service.ask(head.as_bytes(), form));
    assert!([200, 400, 413].contains(&answer.status), "{}", answer.status);
    let said: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    if answer.status == 200 {
        let is_admin = form.windows(ADMIN.len()).any(|window| window == ADMIN.as_bytes());
        let is_encoded = form.contains(&b'%') || form.contains(&b'+');
        assert!(said["active"] == false || is_admin || is_encoded, "{said}");
    }
});
