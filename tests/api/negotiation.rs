//! How answers are labelled.

use crate::{KEYS, key};
use neokeys_testkit::Service;

#[tokio::test]
async fn an_answer_is_labelled_as_the_caller_accepts_it_best() {
    let service = Service::start();
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/plain;q=0.5, text/json;q=0.6", "text/json; charset=utf-8"),
        ("application/xml", "application/json"),
        ("", "application/json"),
    ] {
        let reply = service.admin().request("GET", KEYS).header("accept", accept).send().await;
        assert_eq!(reply.header("content-type"), expected, "{accept}");
        assert_eq!(reply.json().as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn a_problem_is_labelled_likewise_and_as_a_problem_for_those_who_say_so() {
    let service = Service::start();
    for (accept, expected) in [
        ("*/*", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("application/problem+json", "application/problem+json"),
        ("application/json, application/problem+json", "application/problem+json"),
    ] {
        for path in [key("nobody"), "/nowhere".to_owned()] {
            let reply = service.admin().request("GET", &path).header("accept", accept).send().await;
            assert_eq!(reply.header("content-type"), expected, "{accept} {path}");
            assert_eq!(reply.json()["status"], 404);
        }
    }
}
