//! Any bytes as the value of `Authorization`: no token is good, since nobody has the issuer's key.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::{Corpus, fuzz_target};
use neokeys_fuzz::Service;

thread_local! {
    static SERVICE: RefCell<Service> = RefCell::new(Service::start());
}

fuzz_target!(|value: &[u8]| -> Corpus {
    // A line's end would begin another header.
    if value.iter().any(|byte| b"\r\n".contains(byte)) {
        return Corpus::Reject;
    }
    let mut head = b"GET /api/t/admin/apiKeys HTTP/1.1\r\nHost: t\r\nAuthorization: ".to_vec();
    head.extend(value);
    head.extend(b"\r\n");
    let answer = SERVICE.with_borrow_mut(|service| service.ask(&head, b""));
    assert!([400, 401, 431].contains(&answer.status), "{}", answer.status);
    Corpus::Keep
});
