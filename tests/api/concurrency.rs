//! Many at once: nothing is lost, torn, or valid after its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::{KEYS, key};
use neokeys_testkit::{Client, Service};

/// Writers at once.
const WRITERS: usize = 64;

/// Creates, uses, updates and deletes keys of one writer; every answer must be what a lone caller
/// would get.
async fn write(anybody: Client, admin: Client, writer: usize, rounds: usize) {
    for round in 0..rounds {
        let name = format!("w{writer}-r{round}");
        let body = json!({"name": name, "permissions": ["tenant.apiKey:read"]});
        let created = admin.post(KEYS, body).await;
        assert_eq!(created.status, 201, "{created:?}");
        let token = created.json()["token"].as_str().unwrap().to_owned();
        let own = anybody.with_api_key(&token);
        assert_eq!(own.get(&key(&name)).await.status, 200);
        let off = json!({"enabled": false, "permissions": ["tenant.apiKey:read"]});
        assert_eq!(admin.put(&key(&name), off).await.status, 200);
        assert_eq!(own.get(&key(&name)).await.status, 401, "disabled");
        if round % 2 == 0 {
            assert_eq!(admin.delete(&key(&name)).await.status, 204);
            assert_eq!(own.get(&key(&name)).await.status, 401, "deleted");
            assert_eq!(admin.get(&key(&name)).await.status, 404);
        }
    }
}

/// 64 writers and 64 readers, spread over clients of one or more services on one folder: (anybody,
/// somebody who may do everything).
async fn run(clients: &[(Client, Client)], rounds: usize) {
    let done = Arc::new(AtomicBool::new(false));
    let of = |number: usize| clients[number % clients.len()].clone();
    let mut readers = Vec::new();
    for reader in 0..64 {
        let ((_, admin), done) = (of(reader), Arc::clone(&done));
        readers.push(tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let list = admin.get(KEYS).await;
                assert_eq!(list.status, 200);
                // A torn read would not be a list, or would lack the keys that nobody touches.
                assert_eq!(list.json()[0]["name"], "reader");
            }
        }));
    }
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (anybody, admin) = of(writer);
            tokio::spawn(write(anybody, admin, writer, rounds))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

fn expected(rounds: usize) -> Vec<String> {
    let mut names: Vec<_> = ["reader", "writer", "admin", "off"].map(str::to_owned).to_vec();
    for writer in 0..WRITERS {
        names.extend((0..rounds).filter(|round| round % 2 == 1).map(|r| format!("w{writer}-r{r}")));
    }
    names.sort();
    names
}

async fn names(admin: Client) -> Vec<String> {
    let list = admin.get(KEYS).await.json();
    let mut names: Vec<_> =
        list.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_and_readers_lose_nothing() {
    let service = Service::start();
    run(&[(service.client(), service.admin())], 4).await;
    assert_eq!(names(service.admin()).await, expected(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_folder_lose_nothing() {
    let one = Service::start();
    let other = one.start_process();
    run(&[(one.client(), one.admin()), (other.client(), other.admin())], 2).await;
    assert_eq!(names(one.admin()).await, expected(2));
    assert_eq!(names(other.admin()).await, expected(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_answered_the_other_knows() {
    let one = Service::start();
    let other = one.start_process();
    for round in 0..20 {
        let name = format!("r{round}");
        let body = json!({"name": name, "permissions": ["tenant.apiKey:read"]});
        let created = one.admin().post(KEYS, body).await;
        let token = created.json()["token"].as_str().unwrap().to_owned();
        let there = other.client().with_api_key(&token);
        assert_eq!(there.get(&key(&name)).await.status, 200);
        assert_eq!(one.admin().delete(&key(&name)).await.status, 204);
        assert_eq!(there.get(&key(&name)).await.status, 401);
    }
}
