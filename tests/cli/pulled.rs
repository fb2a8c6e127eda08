//! Commits that git pulls into a tenant's folder, while two services and the command line change its keys: each
//! change is in the log once, in an order that explains the document.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use neokeys::domain::Digest;
use neokeys_testkit::audit_log::explained;
use neokeys_testkit::programs::program;
use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::Workplace;
use serde_json::{Value, json};

use crate::requests::{answer, ask};

const ADMIN: &str = "the administrator's token";
const KEYS: &str = "/api/demo/admin/apiKeys";
const LOG: &str = "data/.neokeys/audit/demo/events-0001.jsonl";
const FOUND: &str = "Change from outside";
/// Commits that are pulled.
const PULLS: usize = 6;
/// Callers of each service.
const CALLERS: usize = 2;
/// Longer than a machine that is busy takes.
const IN_THE_END: Duration = Duration::from_secs(120);

/// The file as its owner commits it. Keys that are made come behind these.
fn document(round: usize) -> String {
    let entry = |name: &str, permission: &str, token: &str| {
        let hash = Digest::of(token.as_bytes()).to_hex();
        format!("  - name: {name}\n    permissions: ['{permission}']\n    hash: {hash}\n")
    };
    let mut text = format!("# round {round}\napiKeys:\n");
    text += &entry("hand", &format!("round:{round}"), "hand");
    text += &entry("admin", "*", ADMIN);
    for number in 0..3 {
        text += &entry(&format!("old-{number}"), "p", &format!("old {number}"));
    }
    text
}

/// git in a folder of the place; says whether it was content.
fn try_git(place: &Workplace, folder: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program("/usr/bin/git", "git"));
    command.current_dir(place.path(folder)).env_clear().env("HOME", place.path(""));
    command.args(["-c", "user.name=p", "-c", "user.email=p@example.com"]).args(arguments);
    let output = command.output().unwrap();
    let remarks = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{arguments:?}: {remarks}")) }
}

fn git(place: &Workplace, folder: &str, arguments: &[&str]) {
    try_git(place, folder, arguments).unwrap();
}

/// Pulls as a person does: what is there is committed first, and what could not be merged is put back.
fn pull(place: &Workplace) {
    let began = Instant::now();
    loop {
        // Nothing to commit is no fault.
        let _ = try_git(place, "data/demo", &["commit", "-qam", "as it is"]);
        let pulled = try_git(place, "data/demo", &["pull", "-q", "--no-rebase", "--no-edit"]);
        let Err(said) = pulled else { return };
        assert!(began.elapsed() < IN_THE_END, "git never pulled: {said}");
        // A change came between.
        git(place, "data/demo", &["reset", "-q", "--hard"]);
    }
}

fn count_found(place: &Workplace) -> usize {
    std::fs::read_to_string(place.path(LOG)).map_or(0, |text| text.matches(FOUND).count())
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < IN_THE_END, "it never came to it that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn create_by_http(service: &Server, name: &str) -> bool {
    let key = json!({"name": name, "permissions": ["p"]}).to_string();
    let (status, said) = answer(ask(service.address(), ADMIN, "POST", KEYS, &key));
    // While git writes the file, it may have no administrator, or not be there.
    let is_possible = matches!(status, 201 | 401 | 403 | 404 | 503);
    assert!(is_possible, "{name}: {status} {said}");
    status == 201
}

fn create_by_command(place: &Workplace, name: &str) -> bool {
    place.run(&["keys", "create", name, "--tenant", "demo", "--permission", "p"]).exit_code == 0
}

#[test]
fn what_git_pulls_among_changes_is_recorded_in_an_order_that_explains_the_document() {
    let place = Workplace::new();
    std::fs::create_dir(place.path("data")).unwrap();
    git(&place, "", &["init", "-q", "--bare", "-b", "main", "origin.git"]);
    git(&place, "", &["init", "-q", "-b", "main", "desk"]);
    place.write("desk/security.yml", &document(0));
    git(&place, "desk", &["remote", "add", "origin", "../origin.git"]);
    git(&place, "desk", &["add", "security.yml"]);
    git(&place, "desk", &["commit", "-qm", "round 0"]);
    git(&place, "desk", &["push", "-q", "origin", "main"]);
    git(&place, "", &["clone", "-q", "origin.git", "data/demo"]);

    let services = [1, 2].map(|number| {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("NEOKEYS_LOG__LEVEL", "warn");
        Server::start_logged(&mut command, &place.path(&format!("service-{number}.log")))
    });
    let (is_over, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let work = |who: &str, create: &dyn Fn(&str) -> bool| {
        for number in 0.. {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let name = format!("{who}-{number}");
            if create(&name) {
                acknowledged.lock().unwrap().push(name);
            }
        }
    };
    std::thread::scope(|threads| {
        for (number, service) in services.iter().enumerate() {
            for caller in 0..CALLERS {
                let who = format!("s{number}-{caller}");
                threads.spawn(move || work(&who, &|name| create_by_http(service, name)));
            }
        }
        threads.spawn(|| work("command", &|name| create_by_command(&place, name)));
        // However it goes, those who work come to their end.
        let _over = Over(&is_over);
        for round in 1..=PULLS {
            let before = (count_found(&place), acknowledged.lock().unwrap().len());
            place.write("desk/security.yml", &document(round));
            git(&place, "desk", &["commit", "-qam", "round"]);
            git(&place, "desk", &["push", "-q", "origin", "main"]);
            pull(&place);
            wait_until("a pull is recorded", || count_found(&place) > before.0);
            wait_until("keys are made", || acknowledged.lock().unwrap().len() > before.1);
        }
    });
    let document = place.read("data/demo/security.yml");
    assert!(document.contains(&format!("'round:{PULLS}'")), "{document}");
    for service in &services {
        let (status, said) = answer(ask(service.address(), ADMIN, "GET", KEYS, ""));
        assert_eq!(status, 200, "{said}");
    }
    let verify = ["audit", "verify", "--tenant", "demo", "--json"];
    wait_until("the last change is recorded", || {
        let run = place.run(&verify);
        let verified: Option<Value> = serde_json::from_str(&run.results).ok();
        verified.is_some_and(|verified| verified["documentChanged"] == false)
    });
    let told = explained(&place.path("data"), "demo");
    let created: Vec<_> = told.iter().filter_map(|it| it.strip_prefix("Create ")).collect();
    let once: BTreeSet<_> = created.iter().copied().collect();
    assert_eq!(once.len(), created.len(), "a key was made twice: {told:?}");
    let acknowledged = acknowledged.into_inner().unwrap();
    let untold: Vec<_> = acknowledged.iter().filter(|it| !once.contains(it.as_str())).collect();
    assert!(untold.is_empty(), "acknowledged, and not in the log: {untold:?}");
    assert!(acknowledged.len() > PULLS && count_found(&place) >= PULLS);
    println!("{} keys were made, {} changes found", acknowledged.len(), count_found(&place));
}

/// Ends the work when it goes.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
