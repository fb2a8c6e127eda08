//! A server that falls silent, anywhere in its answer.

use std::time::Duration;

use neokeys_testkit::fixed_answer::serve_fixed_answer;
use reqwest::Url;

use super::{Credential, ServerAccess};
use crate::cli::Place;
use crate::cli::access::{KeyAccess as _, KeyFilter, NotApplied, PlannedSteps};
use crate::cli::web::Trust;
use crate::domain::{DesiredKeys, ManagedBy, PlanReach, TenantId};

/// How long the server may say nothing. It says nothing more, so any limit does.
const LIMIT: Duration = Duration::from_millis(20);

/// Access to a server that says this, and then nothing for as long as somebody waits.
fn silent_after(answer: &str) -> ServerAccess {
    let url = Url::parse(&serve_fixed_answer(answer.to_owned())).unwrap();
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
