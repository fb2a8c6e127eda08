//! Two services on one folder, thirty-two clients and a person's shell script: nothing that was
//! acknowledged is missing, and no edit by hand.
//!
//! It takes `SIDE_BY_SIDE_SECONDS`, or ten.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use neokeys::contract::API_KEY_HEADER;
use neokeys::domain::Digest;
use serde_json::{Value, json};

use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::Workplace;

const CLIENTS: usize = 32;
const ADMIN: &str = "the administrator's token";
/// Keys that a client has at once.
const KEYS: u64 = 4;

/// What a script does that respects the lock, and what one does that just appends.
const SCRIPT: &str = r##"
file=data/demo/security.yml lock=data/.neokeys/demo.lock n=0
while [ ! -e stop ]; do
  n=$((n + 1))
  case $((n % 3)) in
    0) echo "# edit $n." >> $file ;;
    1) flock $lock sed -i "s/^    flag: .*/    flag: $n/" $file ;;
    2) flock $lock sh -c "cp $file new.yml && echo '# edit $n.' >> new.yml && mv new.yml $file" ;;
  esac || exit 1
  echo $n
  sleep 0.0$((n * 7 % 5))
done
"##;

/// What a client knows of one of its keys: enabled, and the round that its permissions name.
type Known = BTreeMap<String, (bool, u64)>;

struct Caller {
    http: Client<HttpConnector, Full<bytes::Bytes>>,
    services: [String; 2],
}

impl Caller {
    async fn call(
        &self,
        service: usize,
        method: &str,
        key: &str,
        token: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let at = &self.services[service];
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{at}/api/demo/admin/apiKeys{key}"))
            .header(API_KEY_HEADER, token);
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = self.http.request(request.body(Full::new(body.into())).unwrap()).await;
        let answer = answer.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// One client's minute: creates, changes and deletes keys of its own, at either service, and looks
/// for what it was told at the other.
async fn work(caller: &Caller, client: usize, until: Instant) -> (Known, usize) {
    let (mut known, mut tokens) = (Known::new(), BTreeMap::<String, String>::new());
    let (mut round, mut changes) = (0, 0);
    let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(client as u64 + 1);
    while Instant::now() < until {
        round += 1;
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let name = format!("c{client}-{}", (random >> 33) % KEYS);
        let here = (random >> 40) as usize % 2;
        let elsewhere = 1 - here;
        let path = format!("/{name}");
        let permissions = json!(["tenant.apiKey:read", format!("round:{round}")]);
        if !known.contains_key(&name) {
            let body = json!({ "name": name, "permissions": permissions });
            let (status, key) = caller.call(here, "POST", "", ADMIN, Some(body)).await;
            assert_eq!(status, 201, "{name}: {key}");
            tokens.insert(name.clone(), key["token"].as_str().unwrap().to_owned());
            known.insert(name.clone(), (true, round));
        } else if random >> 50 & 1 == 0 {
            let enabled = random >> 51 & 1 == 0;
            let body = json!({ "enabled": enabled, "permissions": permissions });
            let (status, key) = caller.call(here, "PUT", &path, ADMIN, Some(body)).await;
            assert_eq!(status, 200, "{name}: {key}");
            known.insert(name.clone(), (enabled, round));
        } else {
            let (status, _) = caller.call(here, "DELETE", &path, ADMIN, None).await;
            assert_eq!(status, 204, "{name}");
            known.remove(&name);
        }
        changes += 1;
        // The key is what it was made to be, at once and everywhere.
        let works = known.get(&name).is_some_and(|(enabled, _)| *enabled);
        let (status, seen) = caller.call(elsewhere, "GET", &path, &tokens[&name], None).await;
        assert_eq!(status, if works { 200 } else { 401 }, "{name}: {seen}");
        if works {
            assert_eq!(seen["permissions"], permissions, "{name}");
        }
    }
    (known, changes)
}

/// Starts a service.
fn serve(place: &Workplace) -> Server {
    // Nobody reads the log before the end.
    let quiet = [("NEOKEYS_LOG__LEVEL", "warn")];
    place.serve_with(&quiet, &[])
}

#[tokio::test(flavor = "multi_thread")]
async fn services_clients_and_a_person_at_one_file_lose_nothing() {
    #[expect(clippy::disallowed_methods, reason = "how long it takes is for whoever runs it")]
    let seconds = std::env::var("SIDE_BY_SIDE_SECONDS").map_or(10, |text| text.parse().unwrap());
    let place = Workplace::with_tenant();
    let digest = |token: &str| Digest::of(token.as_bytes()).to_hex();
    let mut text = String::from("# people's own\nroles:\n  - admin # as ever\napiKeys:\n");
    for (name, permission, token) in [("admin", "'*'", ADMIN), ("flag", "x", "flag")] {
        let hash = digest(token);
        writeln!(text, "  - name: {name}\n    permissions: [{permission}]\n    hash: {hash}")
            .unwrap();
    }
    text.push_str("    flag: 0\n");
    place.write("data/demo/security.yml", &text);

    let (first, second) = (serve(&place), serve(&place));
    let (one, other) = (first.address().to_owned(), second.address().to_owned());
    let http = Client::builder(TokioExecutor::new()).build_http();
    let caller = std::sync::Arc::new(Caller { http, services: [one, other] });
    // The lock is there from the first change on.
    let body = json!({ "enabled": true, "permissions": ["x"] });
    assert_eq!(caller.call(0, "PUT", "/flag", ADMIN, Some(body)).await.0, 200);
    let script = Command::new("sh")
        .args(["-c", SCRIPT])
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    let until = Instant::now() + Duration::from_secs(seconds);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let caller = std::sync::Arc::clone(&caller);
            tokio::spawn(async move { work(&caller, client, until).await })
        })
        .collect();
    let (mut known, mut changes) = (Known::new(), 0);
    for client in clients {
        let (its_own, its_changes) = client.await.unwrap();
        known.extend(its_own);
        changes += its_changes;
    }
    place.write("stop", "");
    let script = script.wait_with_output().unwrap();
    assert!(script.status.success(), "{}", String::from_utf8_lossy(&script.stderr));
    let edits: Vec<u64> = String::from_utf8(script.stdout)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();

    // What went to a file that was just taken out of its place is brought over a moment later.
    let comments: Vec<u64> = edits.iter().copied().filter(|edit| edit % 3 != 1).collect();
    let found = |text: &str| -> Vec<u64> {
        let numbers = text.lines().filter_map(|line| line.strip_prefix("# edit "));
        let mut found: Vec<u64> =
            numbers.map(|number| number.trim_end_matches('.').parse().unwrap()).collect();
        found.sort_unstable();
        found
    };
    let waited = Instant::now();
    while found(&place.read("data/demo/security.yml")) != comments {
        assert!(waited.elapsed() < Duration::from_secs(20), "an edit by hand is missing");
        tokio::task::yield_now().await;
    }
    let text = place.read("data/demo/security.yml");
    let last_flag = edits.iter().rfind(|edit| **edit % 3 == 1).unwrap();
    assert!(text.contains(&format!("\n    flag: {last_flag}\n")), "{text}");
    assert!(text.starts_with("# people's own\nroles:\n  - admin # as ever\napiKeys:\n"), "{text}");
    for service in 0..2 {
        let (_, list) = caller.call(service, "GET", "", ADMIN, None).await;
        let keys: Known = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| key["name"].as_str().unwrap().starts_with('c'))
            .map(|key| {
                let round = key["permissions"][1].as_str().unwrap().strip_prefix("round:").unwrap();
                let name = key["name"].as_str().unwrap().to_owned();
                (name, (key["enabled"].as_bool().unwrap(), round.parse().unwrap()))
            })
            .collect();
        assert_eq!(keys, known);
    }
    place.run(&["check"]).done();
    for service in [first, second] {
        let (status, log) = service.terminate();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("ERROR"), "{log}");
    }
    let listing: Vec<_> = place.path("data/demo").read_dir().unwrap().collect();
    assert_eq!(listing.len(), 1, "{listing:?}");
    println!("{changes} changes and {} edits by hand in {seconds} s", edits.len());
}
