//! A server that falls silent, anywhere in its answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use reqwest::Url;

use super::{Credential, ServerAccess};
use crate::cli::Place;
use crate::cli::access::{KeyAccess as _, KeyFilter, NotApplied, PlannedSteps};
use crate::cli::web::Trust;
use crate::domain::{DesiredKeys, ManagedBy, PlanReach, TenantId};

/// How long the server may say nothing. It says nothing more, so any limit does.
const LIMIT: Duration = Duration::from_millis(20);

/// Access to a server that says this, and then nothing for as long as somebody waits.
fn silent_after(answer: &'static str) -> ServerAccess {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                head.read_line(&mut line).unwrap();
            }
            stream.write_all(answer.as_bytes()).unwrap();
            kept.push(stream);
        }
    });
    let client = Trust::with_silence(LIMIT).client(&url).unwrap();
    let credential = Credential::bearer("the test", "token").unwrap();
    ServerAccess::new(url, client, &credential, &Place { config: None, store: None })
}

#[tokio::test]
async fn a_server_that_says_nothing_more_is_not_waited_for() {
    let tenant = TenantId::parse("demo").unwrap();
    let desired = DesiredKeys { managed_by: ManagedBy::parse("git").unwrap(), keys: Vec::new() };
    let plan = PlannedSteps { state: "s".to_owned(), steps: Vec::new() };
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\": [",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n{",
    ] {
        let access = silent_after(answer);
        let filter = KeyFilter::default();
        let listed = access.list_keys(&tenant, &filter).await.err().unwrap();
        let tenants = access.list_tenants().await.err().unwrap();
        let exported = access.export_log(&tenant, &mut |_| Ok(())).await.err().unwrap();
        for failure in [listed, tenants, exported] {
            assert!(
                failure.message().ends_with(" does not answer in time"),
                "{answer:?}: {failure}"
            );
        }
        let applied = access.apply_plan(&tenant, &desired, PlanReach::default(), &plan, None);
        let Err(NotApplied::Uncertain(told)) = applied.await.unwrap() else { panic!("{answer:?}") };
        assert!(told.contains("does not answer in time; it may be done"), "{told}");
    }
}
