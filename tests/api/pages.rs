//! The addresses beside the operations.

use crate::KEYS;
use neokeys_testkit::{Client, Service};

#[tokio::test]
async fn swagger_ui_is_served_from_the_program_and_held_to_this_server() {
    let service = Service::start();
    let client = service.client();
    for path in ["/", "/swagger-ui"] {
        let reply = client.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("location")),
            (308, "swagger-ui/"),
            "{path}"
        );
    }
    let page = client.get("/swagger-ui/").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("connect-src 'self';") && policy.contains("script-src 'self';"),
        "{policy}"
    );
    let initializer = client.get("/swagger-ui/swagger-initializer.js").await;
    assert!(initializer.text().contains("\"../openapi/v1.json\""), "{}", initializer.text());
    let style = client.get("/swagger-ui/index.css").await;
    assert!(style.text().contains("html.dark-mode"), "{}", style.text());
    assert_eq!(client.get("/swagger-ui/oauth2-redirect.html").await.status, 200);
    assert_eq!(client.get("/swagger-ui/nothing").await.problem(), "path-not-found");
}

#[tokio::test]
async fn the_process_says_that_it_lives_and_is_ready() {
    let service = Service::start();
    assert_eq!(service.client().get("/health/live").await.json()["status"], "live");
    let ready = service.client().get("/health/ready").await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()),
        (200, serde_json::json!({"status": "ready"}))
    );
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_explanation() {
    let service = Service::start();
    let problem = service.client().get("/nowhere").await.json();
    let page = service.client().get(problem["type"].as_str().unwrap()).await;
    assert!(page.text().starts_with(problem["title"].as_str().unwrap()), "{}", page.text());
    let index = service.client().get("/problems/").await;
    assert!(index.text().contains("409  /problems/name-taken"), "{}", index.text());
    assert_eq!(service.client().get("/problems/nothing").await.status, 404);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuer = format!("http://{closed}");
    let service = Service::builder().other_issuer(&issuer).start();
    let ready = service.client().get("/health/ready").await.json();
    assert_eq!(ready["status"], "degraded");
    let told =
        format!("the keys of issuer {issuer} are not up to date: the issuer does not answer");
    assert_eq!(ready["faults"], serde_json::json!([told]));
    assert_eq!(service.admin().get(KEYS).await.status, 200);
}

#[tokio::test]
async fn a_head_that_the_parser_does_not_take_is_refused_below_everything() {
    let service = Service::start();
    let client = Client::of_another(service.origin());
    let many = (0..200).fold(client.request("GET", KEYS), |it, _| it.header("x-one-more", "1"));
    let reply = many.send().await;
    assert!(matches!(reply.status.as_u16(), 400 | 431), "{reply:?}");
    assert!(reply.body.is_empty(), "{reply:?}");
    assert_eq!(service.admin().get(KEYS).await.status, 200);
}

#[tokio::test]
async fn metrics_are_nowhere_unless_they_are_given_an_address_of_their_own() {
    let service = Service::start();
    assert_eq!(service.metrics(), None);
    assert_eq!(service.client().get("/metrics").await.status, 404);
    let service = Service::builder().settings("metrics:\n  listen: 127.0.0.1:0\n").start();
    assert_eq!(service.client().get("/metrics").await.status, 404);
    let metrics = Client::of_another(service.metrics().unwrap()).get("").await;
    assert!(metrics.text().contains("neokeys_build_info"), "{metrics:?}");
}

#[tokio::test]
async fn a_store_whose_folder_is_gone_is_cut_off_until_it_is_back() {
    let service = Service::builder().settings("metrics:\n  listen: 127.0.0.1:0\n").start();
    let document = service.document_path("t1");
    let store = document.parent().unwrap().parent().unwrap();
    let aside = store.with_extension("unmounted");
    let ready = async || service.client().get("/health/ready").await;
    let scrape = async || Client::of_another(service.metrics().unwrap()).get("").await;
    assert_eq!(ready().await.status, 200);
    std::fs::rename(store, &aside).unwrap();
    let told = ready().await;
    assert_eq!((told.status.as_u16(), told.json()["status"].as_str()), (503, Some("cut-off")));
    assert_eq!(service.client().get("/health/live").await.status, 200);
    assert!(scrape().await.text().contains("\nneokeys_store_reachable 0\n"));
    std::fs::rename(&aside, store).unwrap();
    assert_eq!(ready().await.status, 200);
    assert!(scrape().await.text().contains("\nneokeys_store_reachable 1\n"));
}
