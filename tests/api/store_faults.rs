//! Files that people broke.

use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::{Service, document, entry, token_of};

#[tokio::test]
async fn a_faulty_entry_never_authenticates_and_takes_its_name() {
    let faulty = "  - name: broken\n    permissions: ['*']\n    hash: nonsense\n".to_owned();
    let service = Service::builder()
        .tenant(
            "t1",
            &document(&[
                entry("admin", true, &["*"]),
                faulty,
                entry("twin", true, &["*"]),
                entry("twin", true, &["*"]),
            ]),
        )
        .start();
    let list = service.admin().get(KEYS).await.json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(service.client().with_api_key(&token_of("twin")).get(KEYS).await.status, 401);
    for name in ["broken", "twin"] {
        let update = json!({"enabled": false, "permissions": ["p"]});
        for reply in [
            service.admin().get(&key(name)).await,
            service.admin().put(&key(name), update).await,
            service.admin().delete(&key(name)).await,
        ] {
            assert_eq!((reply.status.as_u16(), reply.problem()), (404, "key-not-found".into()));
            let told = "is invalid: ";
            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("at line ") && detail.contains(told), "{detail}");
        }
        let reply = service.admin().post(KEYS, json!({"name": name, "permissions": ["p"]})).await;
        assert_eq!(reply.problem(), "name-taken");
        assert!(reply.json()["detail"].as_str().unwrap().contains("line "), "{reply:?}");
    }
}

#[tokio::test]
async fn the_last_good_version_is_served_when_a_file_breaks() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    let good = service.read_document("t1");
    service.replace_document("t1", "apiKeys: [\n");
    assert_eq!(service.admin().get(KEYS).await.json().as_array().unwrap().len(), 4);
    let reply = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (503, "store-unavailable".into()));
    assert_eq!(reply.header("retry-after"), "5");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with("has to correct it (`neokeys check` says where)."), "{detail}");
    assert_eq!(service.read_document("t1"), "apiKeys: [\n");
    let ready = service.client().get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()["status"].clone()), (200, json!("degraded")));
    assert!(!ready.text().contains("t1"), "a page for anybody names no tenant: {}", ready.text());

    service.replace_document("t1", &good);
    assert_eq!(
        service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await.status,
        201
    );
    assert_eq!(service.client().get("/health/ready").await.json()["status"], "ready");
}

#[tokio::test]
async fn a_file_that_was_never_good_is_not_available() {
    let service = Service::builder().tenant("t1", "apiKeys: [\n").start();
    assert_eq!(service.admin().get(KEYS).await.problem(), "store-unavailable");
    let bearer = service.client().with_bearer(&service.issuer.token(&["t1"], &["*"]));
    let reply = bearer.get(KEYS).await;
    assert_eq!(reply.problem(), "store-unavailable");
    let other = service.client().with_bearer(&service.issuer.token(&["t2"], &["*"]));
    assert_eq!(other.get(KEYS).await.status, 403);
}

#[tokio::test]
async fn an_edit_by_hand_counts_from_the_next_request_on() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    for round in 0..50 {
        let name = format!("hand-{round}");
        let entries = [entry("admin", true, &["*"]), entry(&name, true, &["tenant.apiKey:read"])];
        service.replace_document("t1", &document(&entries));
        let client = service.client().with_api_key(&token_of(&name));
        assert_eq!(client.get(KEYS).await.status, 200, "{name}");
        service.replace_document("t1", &document(&[entry("admin", true, &["*"])]));
        assert_eq!(client.get(KEYS).await.status, 401, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_is_gone_says_nothing_of_its_tenants() {
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    let store = service.document_path("t1").parent().unwrap().parent().unwrap().to_owned();
    let aside = store.with_extension("unmounted");
    std::fs::rename(&store, &aside).unwrap();
    let bearer = service.client().with_bearer(&service.issuer.token(&["*"], &["*"]));
    for tenant in ["t2", "t3"] {
        let reply = bearer.get(&format!("/api/{tenant}/admin/apiKeys")).await;
        assert_eq!(reply.problem(), "store-unavailable", "{tenant}");
    }
    let other = service.client().with_api_key(&token_of("other"));
    assert_eq!(other.get("/api/t2/admin/apiKeys").await.status, 503);
    let ready = service.client().get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["status"], "cut-off");
    std::fs::rename(&aside, &store).unwrap();
    assert_eq!(other.get("/api/t2/admin/apiKeys").await.status, 200);
}

/// The detail of a 503 that says what to do, and asks nobody to come back.
fn demand_what_to_do(reply: &neokeys_testkit::Reply, says: &str) {
    assert_eq!((reply.status.as_u16(), reply.problem()), (503, "store-unavailable".into()));
    assert!(reply.find_header("retry-after").is_none(), "{reply:?}");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(says) && !detail.contains("Try again"), "{detail}");
}

#[tokio::test]
async fn a_refusal_that_stays_says_what_to_do_and_not_to_try_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let service = Service::start();
    let path = service.document_path("t1");
    let admin = service.admin();
    let create = || admin.post(KEYS, json!({"name": "n", "permissions": ["p"]}));

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    demand_what_to_do(&create().await, "give it write permission");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();

    let other_name = path.with_file_name("link");
    std::fs::hard_link(&path, &other_name).unwrap();
    demand_what_to_do(&create().await, "keep one name");
    std::fs::remove_file(&other_name).unwrap();

    let good = service.read_document("t1");
    service.replace_document("t1", &format!("{good}# {}\n", "x".repeat(17 << 20)));
    demand_what_to_do(&create().await, "limits.document");
    service.replace_document("t1", &good);

    // A file that is mounted by itself, as containers do it.
    let from = path.with_file_name("from");
    std::fs::copy(&path, &from).unwrap();
    let mount = |arguments: &[&std::ffi::OsStr]| {
        let status = std::process::Command::new(arguments[0]).args(&arguments[1..]).status();
        status.is_ok_and(|status| status.success())
    };
    let bound = mount(&["mount".as_ref(), "--bind".as_ref(), from.as_ref(), path.as_ref()]);
    // Only root can mount a file.
    assert!(bound || !rustix::process::geteuid().is_root());
    if bound {
        let refused = create().await;
        assert!(mount(&["umount".as_ref(), path.as_ref()]));
        demand_what_to_do(&refused, "mount the folder");
    }
    assert_eq!(create().await.status, 201);
}

#[tokio::test]
async fn a_document_that_goes_on_changing_is_told_as_that() {
    use std::io::Write as _;
    let service = Service::start();
    assert_eq!(service.admin().get(KEYS).await.status, 200);
    let path = service.document_path("t1");
    let (done, stop) = std::sync::mpsc::channel::<()>();
    let (opened, is_open) = std::sync::mpsc::channel::<()>();
    let hand = std::thread::spawn(move || {
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        opened.send(()).unwrap();
        while stop.recv_timeout(std::time::Duration::from_millis(5)).is_err() {
            file.write_all(b"# drip\n").unwrap();
        }
    });
    is_open.recv().unwrap();
    let reply = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    assert_eq!((reply.status.as_u16(), reply.problem()), (503, "document-being-edited".into()));
    assert_eq!(reply.header("retry-after"), "5");
    done.send(()).unwrap();
    hand.join().unwrap();
    let reply = service.admin().post(KEYS, json!({"name": "n", "permissions": ["p"]})).await;
    assert_eq!(reply.status, 201);
    assert!(service.read_document("t1").contains("# drip\n"));
}
