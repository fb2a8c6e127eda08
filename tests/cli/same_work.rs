//! The work that a refusal makes, counted in calls of the system: it does not tell whether a tenant is
//! there.

use neokeys::contract::{API_KEY_HEADER_TEXT, OPERATIONS, parameter};

use crate::serve::get;
use neokeys_testkit::workplace::Workplace;

/// Requests to each tenant. A document that was written a moment ago is read again for a while.
const ROUNDS: usize = 120;
/// Those of the end, which are compared.
const SETTLED: usize = 30;

#[test]
fn a_refusal_makes_the_same_work_whether_the_tenant_is_there_or_not() {
    let place = Workplace::new();
    let tenants = ["with", "without", "nowhere", "a-file"];
    std::fs::create_dir_all(place.path("data/without")).unwrap();
    std::fs::create_dir_all(place.path("data/with")).unwrap();
    place.write("data/a-file", "no folder");
    let hash = "0".repeat(64);
    let entry = format!("  - {{ name: k, permissions: [p], hash: {hash} }}");
    place.write("data/with/security.yml", &format!("apiKeys:\n{entry}\n"));
    // Nobody reads the log here, and a pipe has an end.
    place.write("neokeys.yml", "log: { level: error }\n");
    let server = place.serve_traced("%file");
    let key = format!("{API_KEY_HEADER_TEXT}: unknown");
    for _ in 0..ROUNDS {
        for tenant in tenants {
            let path = OPERATIONS[0].path.replace(&format!("{{{}}}", parameter::TENANT_ID), tenant);
            assert!(get(server.address(), &path, &key).starts_with("HTTP/1.1 401 "), "{tenant}");
        }
    }
    server.terminate();
    let trace = place.read("trace");
    // Each request is told from the next by the tenant that it is about, since they take turns.
    let mut requests: Vec<(&str, usize)> = Vec::new();
    let mut roots = 0;
    for line in trace.lines() {
        let about = |tenant: &&&str| {
            line.contains(&format!("\"data/{tenant}/"))
                || line.contains(&format!("\"data/{tenant}\""))
        };
        match (tenants.iter().find(about), requests.last_mut()) {
            (Some(tenant), Some((last, calls))) if last == tenant => *calls += 1,
            (Some(tenant), _) => requests.push((tenant, 1)),
            (None, Some((_, calls))) if line.contains("\"data\"") => {
                *calls += 1;
                roots += 1;
            }
            (None, _) => {}
        }
    }
    assert!(roots > 0 && requests.len() >= tenants.len() * ROUNDS, "{roots} {requests:?}");
    let settled = &requests[requests.len() - tenants.len() * SETTLED..];
    let least = settled.iter().map(|(_, calls)| *calls).min().unwrap();
    let others: Vec<_> = settled.iter().filter(|(_, calls)| *calls != least).collect();
    assert!(others.is_empty(), "{least} calls, but {others:?}");
}
