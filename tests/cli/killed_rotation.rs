//! A service that is killed in the middle of a rotation.

use std::time::Duration;

use neokeys::domain::Digest;
use neokeys_testkit::workplace::Workplace;
use reqwest::Client;
use serde_json::{Value, json};

const KEY: &str = "/api/demo/admin/apiKeyDetails/crm";
const ROUNDS: u32 = 24;

/// The digests in the file that are tokens of the key: the current one, then the older ones.
fn digests(document: &str) -> Vec<String> {
    let is_hex = |word: &&str| word.len() == 64 && word.bytes().all(|it| it.is_ascii_hexdigit());
    let entry = document.split("name: crm").nth(1).unwrap();
    entry.split([' ', '\n', '\'', '"']).filter(is_hex).map(str::to_owned).collect()
}

async fn rotate(client: &Client, origin: &str, admin: &str, tag: &str) -> Option<(u16, Value)> {
    let request = client.post(format!("{origin}{KEY}/rotate")).header("X-API-KEY", admin);
    let request = request.header("If-Match", tag).header("Content-Type", "application/json");
    let body = json!({"overlapSeconds": 3600}).to_string();
    let reply = request.body(body).send().await.ok()?;
    let status = reply.status().as_u16();
    Some((status, serde_json::from_slice(&reply.bytes().await.ok()?).ok()?))
}

async fn tag(client: &Client, origin: &str, admin: &str) -> String {
    let request = client.get(format!("{origin}{KEY}")).header("X-API-KEY", admin);
    let reply = request.send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_whole_or_not_at_all_and_its_repetition_makes_no_third_token() {
    let client = Client::builder().no_proxy().build().unwrap();
    let (mut cut_off, mut answered) = (0, 0);
    // Longer after a kill that came before the answer, shorter after one that came too late: so kills come
    // close to it, however busy the machine is.
    let mut head_start = Duration::ZERO;
    for _ in 0..ROUNDS {
        let place = Workplace::with_tenant();
        let create = |name: &str| {
            let arguments = ["keys", "create", name, "--tenant", "demo", "--permission", "*"];
            place.run(&arguments).done().trim_end().to_owned()
        };
        let (admin, old) = (create("admin"), create("crm"));
        let before = digests(&place.read("data/demo/security.yml"));
        assert_eq!(before, [Digest::of(old.as_bytes()).to_hex()]);
        let server = place.serve(&[]);
        let known = tag(&client, server.origin(), &admin).await;
        let origin = server.origin().to_owned();
        let asked = rotate(&client, &origin, &admin, &known);
        let killed = async move {
            tokio::time::sleep(head_start).await;
            drop(server);
        };
        let (answer, ()) = futures_util::future::join(asked, killed).await;
        let after = digests(&place.read("data/demo/security.yml"));
        assert_eq!(after.last(), before.first(), "the old token stays: {after:?}");
        assert!((1..=2).contains(&after.len()), "{after:?}");
        cut_off += u32::from(answer.is_none());
        answered += u32::from(answer.is_some());
        head_start = match &answer {
            None => head_start.mul_f64(1.6) + Duration::from_millis(1),
            Some(_) => head_start / 2,
        };
        if let Some((status, body)) = &answer {
            assert_eq!((*status, after.len()), (200, 2), "{body}");
            let token = body["token"].as_str().unwrap();
            assert_eq!(after[0], Digest::of(token.as_bytes()).to_hex());
        }

        let server = place.serve(&[]);
        let (status, body) =
            rotate(&client, server.origin(), &admin, &known).await.expect("it is answered");
        let expected = if after.len() == 2 { 412 } else { 200 };
        assert_eq!(status, expected, "{body}");
        let last = digests(&place.read("data/demo/security.yml"));
        assert_eq!(last.len(), 2, "no third token: {last:?}");
        if status == 412 {
            assert_eq!(last, after);
        }
    }
    assert!(cut_off > 0 && answered > 0, "{cut_off} cut off, {answered} answered");
}
