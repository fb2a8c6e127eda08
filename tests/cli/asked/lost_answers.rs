//! A connection that breaks between the request for a plan and its answer.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

use super::{Asked, answers};
use neokeys_testkit::programs::program;
use neokeys_testkit::server::neokeys;
use neokeys_testkit::workplace::{Run, Workplace};

const HASH: &str = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";

/// The fate of the request that carries a plan out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The server never sees it.
    RequestLost,
    /// The server does it, and its answer does not come.
    AnswerLost,
    /// The server does it, and half of its answer comes.
    AnswerCut,
    /// The server does it, and nothing more is heard of it.
    ServerLost,
}

/// A proxy before a server, with this fate for what is to be carried out. It gives its own address.
fn proxy(server: &str, fate: Fate) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.to_owned();
    thread::spawn(move || {
        let mut is_server_lost = false;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if is_server_lost {
                continue;
            }
            let request = read_request(&mut stream);
            let is_fateful = String::from_utf8_lossy(&request).contains("\"dryRun\":false");
            if is_fateful && fate == Fate::RequestLost {
                continue;
            }
            let mut upstream = TcpStream::connect(&server).unwrap();
            upstream.write_all(&request).unwrap();
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).unwrap();
            if is_fateful {
                is_server_lost = fate == Fate::ServerLost;
                let half = if fate == Fate::AnswerCut { answer.len() - 20 } else { 0 };
                answer.truncate(half);
            }
            stream.write_all(&answer).unwrap();
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    format!("http://{address}")
}

/// A whole request, of a client that will not send another.
fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).unwrap();
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(read > 0, "no whole request: {text}");
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return format!("{head}\r\nconnection: close\r\n\r\n{body}").into_bytes();
        }
    }
}

impl Asked {
    fn want(&self, keys: &str) {
        self.place.write("demo.yml", &format!("tenant: demo\nmanagedBy: git\napiKeys:\n{keys}"));
    }

    /// Applies what is wanted, by a proxy.
    fn apply(&self, fate: Fate) -> Run {
        let proxy = proxy(self.server.address(), fate);
        let apply = ["apply", "-f", "demo.yml", "--tokens", "tokens", "--json", "--server", &proxy];
        self.place.run_with(&[("NEOKEYS_TOKEN", &self.token())], &apply)
    }

    /// Applies what is wanted while calls of the system fail in this way.
    fn apply_traced(&self, fault: &str, more: &[&str]) -> Output {
        let mut command = Command::new(program("/usr/bin/strace", "strace"));
        let calls = format!("trace={}", fault.split(':').next().unwrap());
        let inject = format!("inject={fault}");
        command.args(["-f", "-qq", "-o", "trace", "-e", &calls, "-e", &inject]);
        command.arg(neokeys()).args(["apply", "-f", "demo.yml", "--tokens", "tokens"]).args(more);
        command.args(["--server", self.server.origin()]).env("NEOKEYS_TOKEN", self.token());
        command.current_dir(self.place.path("")).output().unwrap()
    }
}

/// The tenant's result and problem.
fn outcome(run: &Run) -> (String, String) {
    assert_eq!(run.exit_code, 1, "{run:?}");
    let all: Value = serde_json::from_str(&run.results).unwrap();
    let text = |name: &str| all[0][name].as_str().unwrap().to_owned();
    (text("result"), text("problem"))
}

#[test]
fn new_keys_whose_tokens_got_lost_are_named_with_the_way_to_other_tokens() {
    for fate in [Fate::AnswerLost, Fate::AnswerCut] {
        let asked = Asked::new();
        asked.want("  - name: a\n    permissions: ['*']\n  - name: b\n    permissions: [y]\n");
        let run = asked.apply(fate);
        let (result, problem) = outcome(&run);
        assert_eq!(result, "tokens lost", "{fate:?}: {run:?}");
        assert_eq!(asked.place.read("tokens"), "");
        let commands: Vec<_> = problem.split('`').skip(1).step_by(2).collect();
        assert_eq!(
            commands,
            ["a", "b"]
                .map(|name| { format!("neokeys keys rotate {name} --tenant demo --overlap 0") }),
            "{problem}"
        );
        let rotate: Vec<_> = commands[0].split(' ').skip(1).collect();
        let token = asked.run(&rotate).done();
        let list = ["keys", "list", "--tenant", "demo"];
        asked.run_with(&[("NEOKEYS_API_KEY", token.trim())], &list).done();
        assert!(asked.run(&["plan", "-f", "demo.yml"]).remarks.contains("Nothing to do"));
    }
}

#[test]
fn an_answer_without_the_tokens_of_new_keys_is_told_as_their_loss() {
    let place = Workplace::new();
    place.write(
        "demo.yml",
        "tenant: demo\nmanagedBy: git\napiKeys:\n  - name: a\n    permissions: [x]\n",
    );
    let server = answers(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"state\"\r\n\r\n{\"steps\":[\
         {\"name\":\"a\",\"action\":\"create\",\"needsToken\":true,\"changes\":[]},\
         {\"name\":\"; reboot\",\"action\":\"create\",\"needsToken\":true,\"changes\":[]}]}",
    );
    let apply = ["apply", "-f", "demo.yml", "--tokens", "tokens", "--json", "--server", &server];
    let (result, problem) = outcome(&place.run_with(&[("NEOKEYS_TOKEN", "token")], &apply));
    assert_eq!(result, "tokens lost");
    assert!(problem.contains("`neokeys keys rotate a --tenant demo --overlap 0`"), "{problem}");
    assert!(!problem.contains("reboot"), "{problem}");
}

#[test]
fn a_request_that_got_lost_is_told_as_not_done_and_can_be_made_again() {
    let asked = Asked::new();
    asked.want("  - name: a\n    permissions: [x]\n");
    let (result, problem) = outcome(&asked.apply(Fate::RequestLost));
    assert_eq!(result, "uncertain");
    assert!(problem.contains("not done so far: plan again"), "{problem}");
    asked.run(&["apply", "-f", "demo.yml", "--tokens", "tokens"]).done();
    assert_eq!(asked.place.read("tokens").lines().count(), 1);
}

#[test]
fn of_a_server_that_is_gone_nobody_knows_what_it_did() {
    let asked = Asked::new();
    asked.want("  - name: a\n    permissions: [x]\n");
    let (result, problem) = outcome(&asked.apply(Fate::ServerLost));
    assert_eq!(result, "uncertain");
    assert!(problem.contains("may be done nevertheless: plan again"), "{problem}");
    assert!(problem.contains("`neokeys keys rotate a --tenant demo --overlap 0`"), "{problem}");
}

#[test]
fn what_needs_no_token_is_done_when_the_next_plan_says_so() {
    let asked = Asked::new();
    asked.want(&format!("  - name: a\n    permissions: [x]\n    hash: {HASH}\n"));
    let done = asked.apply(Fate::AnswerLost).json();
    assert_eq!(
        done,
        json!([{"tenant": "demo", "result": "applied", "created": 1, "changed": 0, "deleted": 0}])
    );
}

#[test]
fn a_tenant_whose_new_keys_have_their_hash_is_applied_beside_one_that_gets_tokens() {
    let asked = Asked::new();
    asked.place.run(&["tenants", "create", "acme"]).done();
    let document = |tenant: &str, more: &str| {
        format!(
            "tenant: {tenant}\nmanagedBy: git\napiKeys:\n  - name: a\n    permissions: [x]\n{more}"
        )
    };
    let hash = format!("    hash: {HASH}\n");
    asked
        .place
        .write("both.yml", &format!("{}---\n{}", document("demo", ""), document("acme", &hash)));
    let done = asked.run(&["apply", "-f", "both.yml", "--tokens", "tokens", "--json"]).json();
    let results: Vec<_> = done.as_array().unwrap().iter().map(|it| &it["result"]).collect();
    assert_eq!(results, ["applied", "applied"], "{done}");
    assert_eq!(asked.place.read("tokens").lines().count(), 1);
}

#[test]
fn what_became_of_the_tenants_before_a_failure_is_told_too() {
    let asked = Asked::new();
    asked.place.run(&["tenants", "create", "acme"]).done();
    asked.want("  - name: a\n    permissions: [x]\n");
    asked
        .place
        .write("acme.yml", &asked.place.read("demo.yml").replace("tenant: demo", "tenant: acme"));
    let output = asked.apply_traced("fallocate:error=ENOSPC:when=2", &["-f", "acme.yml", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let results: Vec<_> = told.as_array().unwrap().iter().map(|it| &it["result"]).collect();
    assert_eq!(results, ["applied", "refused"], "{told}");
    assert!(told[1]["problem"].as_str().unwrap().contains("cannot be written"), "{told}");
    assert_eq!(output.status.code(), Some(1));
    assert!(!asked.place.path("data/acme/security.yml").exists());
}

#[test]
fn a_disk_without_room_for_tokens_is_noticed_before_the_server_is_asked() {
    for fault in ["fallocate:error=ENOSPC", "fsync:error=EIO"] {
        let asked = Asked::new();
        asked.want("  - name: a\n    permissions: [x]\n");
        let output = asked.apply_traced(fault, &[]);
        let remarks = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{fault}: {remarks}");
        assert!(remarks.contains("tokens cannot be written: "), "{fault}: {remarks}");
        assert!(!asked.place.path("data/demo/security.yml").exists(), "{fault}");
    }
}
