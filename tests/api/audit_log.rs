//! The audit log over HTTP: what was done is in it, and a stranger's verifier takes its proof.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;

use neokeys::transparency::SigningKey;
use neokeys_testkit::{Client, Service, token_of};
use serde_json::{Value, json};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{
    Checkpoint, Error, Hash, Tile, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, tree_hash,
};

use crate::KEYS;

const LOG: &str = "/api/t1/admin/audit";

fn events(query: &str) -> String {
    format!("{LOG}/events?{query}")
}

/// Makes keys and deletes them: two lines each.
async fn change(client: &Client, from: usize, to: usize) {
    for number in from..to {
        let key = json!({"name": format!("k{number}"), "permissions": ["p"]});
        assert_eq!(client.post(KEYS, key).await.status, 201);
        assert_eq!(client.delete(&format!("{KEYS}/k{number}")).await.status, 204);
    }
}

/// The lines of the whole log.
async fn export(client: &Client) -> Vec<String> {
    let reply = client.get(&format!("{LOG}/export")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert!(reply.text().is_empty() || reply.text().ends_with('\n'));
    reply.text().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_was_done_is_listed_the_newest_first_and_exported_as_it_was_written() {
    let service = Service::start();
    let admin = service.admin();
    change(&admin, 0, 3).await;
    let lines = export(&admin).await;
    let exported: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = admin.get(&events("limit=1000")).await.json();
    let listed: Vec<_> = all["items"].as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(listed, exported);
    assert_eq!(all.get("next"), None);

    let of = async |query: &str| {
        let page = admin.get(&events(query)).await.json();
        let told = |item: &Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            format!("{} {}", text(&item["activity_name"]), text(&item["entity"]["name"]))
        };
        page["items"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(of("key=k1").await, ["Delete k1", "Create k1"]);
    assert_eq!(of("key=k1&action=Create&actor=admin&outcome=success").await, ["Create k1"]);
    assert_eq!(of("key=k1&actor=nobody").await, [""; 0]);
    assert_eq!(of("key=k1&to=2000-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(of("key=k1&from=2000-01-01T00:00:00Z&limit=1").await, ["Delete k1"]);

    let (mut pages, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = admin.get(&events(&query)).await.json();
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    assert_eq!(pages, all["items"].as_array().unwrap().clone());
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_its_parameter() {
    let service = Service::start();
    let admin = service.admin();
    change(&admin, 0, 2).await;
    let page = admin.get(&events("limit=1")).await.json();
    let next = page["next"].as_str().unwrap();
    for (query, parameter) in [
        ("from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("outcome=maybe", "outcome"),
        ("action=Rotated", "action"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=x", "cursor"),
        ("tenant=t2", "tenant"),
        ("Key=x", "Key"),
        ("key=x&key=y", "key"),
    ] {
        let reply = admin.get(&events(query)).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        assert!(reply.json()["errors"][parameter].is_array(), "{query}: {}", reply.text());
    }
    let other = service.client().with_api_key(&token_of("other"));
    let reply = other.get(&format!("/api/t2/admin/audit/events?cursor={next}")).await;
    assert_eq!(reply.status, 400, "another tenant's cursor: {}", reply.text());
    for query in ["", "?sequence=", "?sequence=-1", "?sequence=0&sequence=0", "?line=0"] {
        assert_eq!(admin.get(&format!("{LOG}/proof{query}")).await.status, 400, "{query}");
    }
    for path in [
        "proof?sequence=999",
        "tile/0/000.p/200",
        "tile/0/001",
        "tile/1/000.p/1",
        "tile/0/0",
        "tile/x",
        "tile/",
        "tile/data/000",
    ] {
        let reply = admin.get(&format!("{LOG}/{path}")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (404, "not-logged"),
            "{path}"
        );
    }
}

/// Asks for events until there are so many.
async fn events_until(client: &Client, query: &str, count: usize) -> Vec<Value> {
    let began = std::time::Instant::now();
    loop {
        let page = client.get(&events(query)).await.json();
        let items = page["items"].as_array().unwrap();
        if items.len() >= count {
            return items.clone();
        }
        assert!(began.elapsed().as_secs() < 60, "{query}: {count} events never came: {page}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_change_that_a_valid_credential_is_refused_has_its_line_and_few_have_one() {
    let service = Service::start();
    let (admin, reader) = (service.admin(), service.client().with_api_key(&token_of("reader")));
    assert_eq!(reader.delete(&format!("{KEYS}/writer")).await.status, 403);
    let refused = events_until(&admin, "outcome=failure", 1).await.remove(0);
    assert_eq!(refused["activity_name"], "Delete", "{refused}");
    assert_eq!(refused["entity"]["name"], "writer", "{refused}");
    assert_eq!(refused["actor"]["user"]["name"], "reader", "{refused}");
    assert_eq!(refused["src_endpoint"]["ip"], "127.0.0.1", "{refused}");
    assert_eq!(refused["status_detail"], "the caller lacks the scope tenant.apiKey:write");
    assert_eq!(refused.get("unmapped"), None, "{refused}");
    // What is read is no change, and what comes without a good credential is nobody's.
    let weak = service.client().with_api_key(&token_of("other"));
    assert_eq!(weak.delete(&format!("{KEYS}/writer")).await.status, 401);
    for _ in 0..20 {
        let key = json!({"name": "new", "permissions": ["p"]});
        assert_eq!(reader.post(KEYS, key).await.status, 403);
    }
    let refused = events_until(&admin, "outcome=failure&limit=100", 10).await;
    assert_eq!(refused.len(), 10, "the others are counted");
    // The last of them is behind all that came before.
    change(&admin, 0, 1).await;
    let all = events_until(&admin, "limit=100", 13).await;
    let failures = all.iter().filter(|event| event["status_id"] == 2).count();
    assert_eq!((all.len(), failures), (13, 10), "the document was found before");
}

/// Tiles that were fetched, and those that are wanted yet.
#[derive(Default)]
struct Fetched {
    tiles: HashMap<String, Vec<u8>>,
    wanted: RefCell<Vec<String>>,
}

impl TileReader for Fetched {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let find = |tile: &Tile| {
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            let found = self.tiles.get(&path).cloned();
            found.ok_or_else(|| {
                self.wanted.borrow_mut().push(path);
                Error::InvalidTile
            })
        };
        let found: Vec<_> = tiles.iter().map(find).collect();
        found.into_iter().collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl Fetched {
    /// Asks a question until no tile is wanted for it any more.
    async fn ask<T>(&mut self, client: &Client, question: impl Fn(&Self) -> Result<T, Error>) -> T {
        loop {
            let answer = question(self);
            let wanted = self.wanted.take();
            if wanted.is_empty() {
                return answer.unwrap();
            }
            for path in wanted {
                let reply = client.get(&format!("{LOG}/{path}")).await;
                assert_eq!(reply.status, 200, "{path}");
                assert_eq!(reply.header("content-type"), "application/octet-stream");
                self.tiles.insert(path, reply.body.to_vec());
            }
        }
    }
}

/// The size and root of a checkpoint that the service's key signed, as a stranger reads it.
fn opened(service: &Service, checkpoint: &str) -> (u64, Hash) {
    let secret =
        fs::read_to_string(service.document_path("t1").with_file_name("../.neokeys/audit.key"))
            .unwrap();
    let key = SigningKey::parse(secret.trim()).unwrap().verifying().to_string();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&key).unwrap())]);
    let note = Note::from_bytes(checkpoint.as_bytes()).unwrap();
    let (verified, _) = note.verify(&known).unwrap();
    assert_eq!(verified.len(), 1);
    let head = Checkpoint::from_bytes(note.text()).unwrap();
    assert!(head.origin().ends_with("/t1"), "{}", head.origin());
    (head.size(), *head.hash())
}

#[tokio::test]
async fn a_strangers_verifier_takes_checkpoints_tiles_and_proofs() {
    let service = Service::start();
    let admin = service.admin();
    let checkpoint = async || {
        let reply = admin.get(&format!("{LOG}/checkpoint")).await;
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        reply.text().to_owned()
    };
    let mut heads = Vec::new();
    for step in 0..7 {
        change(&admin, step * 20, (step + 1) * 20).await;
        heads.push(opened(&service, &checkpoint().await));
    }
    let (size, root) = *heads.last().unwrap();
    assert!(size > 256, "{size} lines fill no tile");
    let lines = export(&admin).await;
    assert_eq!(lines.len() as u64, size);

    let mut tiles = Fetched::default();
    let found = tiles.ask(&admin, |it| tree_hash(size, &TileHashReader::new(size, root, it))).await;
    assert_eq!(found, root);
    for (number, (old, old_root)) in heads.iter().enumerate() {
        for (new, new_root) in &heads[number..] {
            let prove =
                |it: &Fetched| prove_tree(*new, *old, &TileHashReader::new(*new, *new_root, it));
            let proof = tiles.ask(&admin, prove).await;
            check_tree(&proof, *new, *new_root, *old, *old_root).unwrap();
        }
    }
    for index in [0, 1, 41, 255, 256, size - 1] {
        let line = &lines[usize::try_from(index).unwrap()];
        let reply = admin.get(&format!("{LOG}/proof?sequence={index}")).await;
        let (before, signed) = reply.text().split_once("\n\n").unwrap();
        assert_eq!(opened(&service, signed), (size, root));
        let path: Vec<_> =
            before.lines().skip(2).map(|hash| Hash::parse_hash(hash).unwrap()).collect();
        check_record(&path, size, root, index, record_hash(line.as_bytes())).unwrap();
        let prove = |it: &Fetched| prove_record(size, index, &TileHashReader::new(size, root, it));
        assert_eq!(path, tiles.ask(&admin, prove).await);
    }
    let bundle = admin.get(&format!("{LOG}/tile/entries/000")).await.body;
    let (mut rest, mut entries) = (&bundle[..], Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let (entry, behind) = behind.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(std::str::from_utf8(entry).unwrap());
        rest = behind;
    }
    assert_eq!(entries, lines[..256]);
}
