//! Callers of the services and of the command line, who know what became of their keys.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use neokeys::contract::API_KEY_HEADER_TEXT;
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::workplace::Workplace;
use serde_json::{Value, json};

use super::hand::Moment;
use super::now;
use super::services::Service;

pub(super) const ADMIN: &str = "the administrator's token";
/// Keys that a caller has at once.
const KEYS: usize = 4;
/// The answers of services and command line to a change whose time was up, on a machine that is busy.
const TOO_LATE: [&str; 3] = [
    "whether the change lasts is not known",
    "another process holds the lock",
    "Another program holds the lock",
];
/// Until when an answer has to come that a kill or a slow hand delayed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A caller's knowledge of its keys: enabled, and the round that the permissions name.
pub(super) type Known = BTreeMap<String, (bool, u64)>;

/// Where a caller's changes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Services,
    CommandLine,
}

#[derive(Debug)]
enum Change {
    Create,
    Update { enabled: bool },
    Delete,
}

/// The outcome of a change.
enum Outcome {
    Done {
        token: Option<String>,
    },
    /// It was said to be not done.
    Refused,
    /// Nobody said.
    Unknown,
}

/// The totals.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) changes: usize,
    pub(super) refused: usize,
    pub(super) unanswered: usize,
    /// Of those, how many turned out to be done.
    pub(super) done_unanswered: usize,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Self) {
        self.changes += other.changes;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.done_unanswered += other.done_unanswered;
    }
}

pub(super) struct World {
    pub(super) place: Workplace,
    pub(super) services: [Service; 2],
    http: Client<HttpConnector, Full<bytes::Bytes>>,
}

/// A moment of a request's start: the person's, and a service's.
#[derive(Debug)]
struct Start(Moment, u64);

impl World {
    pub(super) fn new(place: Workplace) -> Self {
        let services = [Service::start(&place, 0), Service::start(&place, 1)];
        // Shorter than a service keeps an idle connection: one that it is about to close takes no request.
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(1))
            .build_http();
        Self { place, services, http }
    }

    fn start(&self, service: usize) -> Start {
        Start(Moment::now(&self.place), self.services[service].epoch())
    }

    fn is_quiet_since(&self, start: &Start) -> bool {
        Moment::now(&self.place).is_quiet_since(&start.0)
    }

    /// Whether a service was up all the time.
    fn was_up_since(&self, service: usize, start: &Start) -> bool {
        start.1.is_multiple_of(2) && self.services[service].epoch() == start.1
    }

    /// The answer, or none.
    async fn call(
        &self,
        service: usize,
        method: &str,
        key: &str,
        token: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let at = self.services[service].address();
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("http://{at}/api/demo/admin/apiKeys{key}"))
            .header(API_KEY_HEADER_TEXT, token);
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = self.http.request(request.body(Full::new(body.into())).unwrap()).await.ok()?;
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Asks until an answer is as it should be. Another one counts only where the service was down or
    /// somebody wrote half of the file meanwhile.
    pub(super) async fn ask(
        &self,
        service: usize,
        key: &str,
        token: &str,
        is_right: impl Fn(u16, &Value) -> bool,
    ) -> Value {
        let began = Instant::now();
        loop {
            let start = self.start(service);
            let answer = self.call(service, "GET", key, token, None).await;
            match &answer {
                Some((status, body)) if is_right(*status, body) => return body.clone(),
                Some(_) if self.is_quiet_since(&start) => {
                    panic!("{}", self.testify(service, key, token, &answer, &start).await)
                }
                Some(_) => {}
                None => assert!(!self.was_up_since(service, &start), "{key}: no answer"),
            }
            assert!(began.elapsed() < PATIENCE, "{key} of {service}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The events before and after, for whoever finds out why an answer was wrong.
    async fn testify(
        &self,
        service: usize,
        key: &str,
        token: &str,
        answer: &Option<(u16, Value)>,
        start: &Start,
    ) -> String {
        let began = Instant::now();
        let now = now();
        let epochs = [0, 1].map(|service| self.services[service].epoch());
        let entries = self.place.path("data/demo").read_dir().unwrap();
        let beside: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        let mut told = format!(
            "{now:?} {key}: service {service} answered {answer:?}\n\
             {start:?}, now {epochs:?} {:?}, {beside:?}\n",
            Moment::now(&self.place),
        );
        for _ in 0..20 {
            for service in 0..2 {
                let again = self.call(service, "GET", key, token, None).await;
                let again = again.map(|(status, key)| (status, key["permissions"][1].clone()));
                told += &format!("+{:?} service {service}: {again:?}\n", began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let text = self.place.read("data/demo/security.yml");
        let entry = text.split("  - name: ").find(|entry| entry.starts_with(key.trim_matches('/')));
        told + &format!("the document: {entry:?}")
    }

    /// All keys of callers, when no slow hand was at work.
    pub(super) async fn list(&self, service: usize) -> Known {
        let began = Instant::now();
        loop {
            let start = self.start(service);
            let list = self.ask(service, "", ADMIN, |status, _| status == 200).await;
            if self.is_quiet_since(&start) {
                let of_callers = |key: &&Value| key["permissions"][1].is_string();
                return list.as_array().unwrap().iter().filter(of_callers).map(known).collect();
            }
            assert!(began.elapsed() < PATIENCE, "the hand never rested");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn change(&self, service: usize, name: &str, change: &Change, round: u64) -> Outcome {
        let permissions = permissions(round);
        let path = format!("/{name}");
        let (method, at, body) = match change {
            Change::Create => {
                ("POST", "", Some(json!({ "name": name, "permissions": permissions })))
            }
            Change::Update { enabled } => {
                let body = json!({ "enabled": enabled, "permissions": permissions });
                ("PUT", path.as_str(), Some(body))
            }
            Change::Delete => ("DELETE", path.as_str(), None),
        };
        let start = self.start(service);
        let Some((status, answer)) = self.call(service, method, at, ADMIN, body).await else {
            assert!(!self.was_up_since(service, &start), "{name}: {change:?}: no answer");
            return Outcome::Unknown;
        };
        if matches!(
            (change, status),
            (Change::Create, 201) | (Change::Update { .. }, 200) | (Change::Delete, 204)
        ) {
            return Outcome::Done { token: answer["token"].as_str().map(str::to_owned) };
        }
        if answer["type"] == "/problems/outcome-uncertain" {
            return Outcome::Unknown;
        }
        let is_late = is_late(&answer.to_string());
        let is_expected = is_late || !self.is_quiet_since(&start);
        // Half of a file may have no administrator and no such key.
        let is_possible = matches!(status, 401 | 404 | 503);
        assert!(is_expected && is_possible, "{name}: {change:?}: {status} {answer}");
        Outcome::Refused
    }

    /// The same by the command line, which may be killed.
    async fn command(
        self: &Arc<Self>,
        name: &str,
        change: &Change,
        round: u64,
        kill_after: Option<Duration>,
    ) -> Outcome {
        let round = format!("round:{round}");
        let enabled;
        let mut arguments = vec!["keys"];
        match change {
            Change::Create => arguments.extend(["create", name]),
            Change::Update { enabled: now } => {
                enabled = now.to_string();
                arguments.extend(["update", name, "--enabled", &enabled]);
            }
            Change::Delete => arguments.extend(["delete", name]),
        }
        if !matches!(change, Change::Delete) {
            arguments.extend(["--permission", READ, "--permission", &round]);
        }
        arguments.extend(["--tenant", "demo"]);
        let mut command = self.place.command(&arguments);
        command.stderr(Stdio::piped());
        let start = self.start(0);
        let output = tokio::task::spawn_blocking(move || {
            let mut running = command.stdout(Stdio::piped()).spawn().unwrap();
            if let Some(time) = kill_after {
                std::thread::sleep(time);
                running.kill().unwrap();
            }
            running.wait_with_output().unwrap()
        });
        let output = output.await.unwrap();
        let remarks = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => {
                let token = String::from_utf8(output.stdout).unwrap();
                Outcome::Done { token: Some(token.trim_end().to_owned()) }
            }
            None => {
                assert!(kill_after.is_some(), "{name}: {change:?}: {remarks}");
                Outcome::Unknown
            }
            Some(_) => {
                let is_quiet = self.is_quiet_since(&start);
                assert!(is_late(&remarks) || !is_quiet, "{name}: {change:?}: {remarks}");
                Outcome::Unknown
            }
        }
    }
}

fn is_late(told: &str) -> bool {
    TOO_LATE.iter().any(|sentence| told.contains(sentence))
}

const READ: &str = "tenant.apiKey:read";

fn permissions(round: u64) -> Value {
    json!([READ, format!("round:{round}")])
}

fn known(key: &Value) -> (String, (bool, u64)) {
    let round = key["permissions"][1].as_str().unwrap().strip_prefix("round:").unwrap();
    let name = key["name"].as_str().unwrap().to_owned();
    (name, (key["enabled"].as_bool().unwrap(), round.parse().unwrap()))
}

/// One caller's time: creates, changes and deletes keys of its own, and looks for what it was told at
/// once and at either service.
pub(super) async fn work(
    world: Arc<World>,
    way: Way,
    caller: usize,
    seed: u64,
    until: Instant,
) -> (Known, Figures) {
    let (mut held, mut tokens) = (Known::new(), BTreeMap::<String, String>::new());
    let mut figures = Figures::default();
    let mut draw = Seeded::new(seed.wrapping_mul(1_000).wrapping_add(caller as u64));
    let mut round = 0;
    while Instant::now() < until {
        round += 1;
        let name = format!("c{caller}-{}", draw.below(KEYS));
        let service = draw.below(2);
        let before = held.get(&name).copied();
        let change = match (before, draw.below(4)) {
            (None, _) => Change::Create,
            (Some(_), 0 | 1) => Change::Delete,
            (Some(_), enabled) => Change::Update { enabled: enabled == 2 },
        };
        let after = match change {
            Change::Create => Some((true, round)),
            Change::Update { enabled } => Some((enabled, round)),
            Change::Delete => None,
        };
        let outcome = match way {
            Way::Services => world.change(service, &name, &change, round).await,
            Way::CommandLine => {
                let kill =
                    (draw.below(8) == 0).then(|| Duration::from_millis(draw.below(150) as u64));
                world.command(&name, &change, round, kill).await
            }
        };
        figures.changes += 1;
        let now = match outcome {
            Outcome::Done { token } => {
                if let (Change::Create, Some(token)) = (&change, token) {
                    tokens.insert(name.clone(), token);
                }
                after
            }
            Outcome::Refused | Outcome::Unknown => {
                let found = world.list(1 - service).await.get(&name).copied();
                if matches!(outcome, Outcome::Refused) {
                    figures.refused += 1;
                    assert_eq!(found, before, "{name}: {change:?} was refused, and done");
                } else {
                    figures.unanswered += 1;
                    figures.done_unanswered += usize::from(found == after);
                    assert!(found == before || found == after, "{name}: {change:?}: {found:?}");
                    if matches!(change, Change::Create) {
                        // Its token is nobody's.
                        tokens.remove(&name);
                    }
                }
                found
            }
        };
        match now {
            Some(now) => held.insert(name.clone(), now),
            None => held.remove(&name),
        };
        // The key is what it was made to be, at once and everywhere.
        let Some(token) = tokens.get(&name) else { continue };
        let works = now.is_some_and(|(enabled, _)| enabled);
        let path = format!("/{name}");
        let is_right = |status: u16, key: &Value| match now {
            Some((true, round)) => status == 200 && key["permissions"] == permissions(round),
            _ => status == 401,
        };
        world.ask(1 - service, &path, token, is_right).await;
        if !works && now.is_none() {
            tokens.remove(&name);
        }
    }
    (held, figures)
}
