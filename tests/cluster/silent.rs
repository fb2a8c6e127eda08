//! The command line on a store that takes connections and says nothing.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use neokeys_testkit::workplace::Workplace;

/// Longer than a command takes on a busy machine, and shorter than a client's own patience with a
/// store that says nothing, several times over.
const IN_THE_END: Duration = Duration::from_secs(50);

/// The sentence that says so.
const HINT: &str = "check that the store runs and can be reached";

#[test]
fn every_command_ends_and_says_that_the_store_does_not_answer() {
    // Connections wait here to be taken, for ever.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let stores = [format!("etcd://{address}/x"), "s3://bucket/x".to_owned()];
    let commands: [&[&str]; 7] = [
        &["keys", "list", "--tenant", "t"],
        &["keys", "create", "a", "--permission", "p", "--tenant", "t"],
        &["keys", "update", "a", "--enabled", "false", "--permission", "p", "--tenant", "t"],
        &["keys", "delete", "a", "--tenant", "t"],
        &["tenants", "list"],
        &["tenants", "create", "t"],
        &["check", "--tenant", "t"],
    ];
    let (ended, runs) = mpsc::channel();
    for store in &stores {
        for command in commands {
            let arguments = [command, &["--store", store]].concat();
            let arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
            let (ended, endpoint) = (ended.clone(), endpoint.clone());
            std::thread::spawn(move || {
                let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
                let environment = [
                    ("AWS_ENDPOINT_URL", endpoint.as_str()),
                    ("AWS_ALLOW_HTTP", "true"),
                    ("AWS_REGION", "us-east-1"),
                    ("AWS_ACCESS_KEY_ID", "a"),
                    ("AWS_SECRET_ACCESS_KEY", "b"),
                ];
                let run = Workplace::new().run_with(&environment, &arguments);
                // Nobody listens any more where one of the others failed.
                let _ = ended.send((arguments.join(" "), run));
            });
        }
    }
    for number in 0..stores.len() * commands.len() {
        let ended = runs.recv_timeout(IN_THE_END);
        let (command, run) = ended.unwrap_or_else(|_| panic!("only {number} commands ended"));
        assert_eq!(run.exit_code, 1, "{command}: {run:?}");
        let said = format!("{}{}", run.results, run.remarks);
        assert!(said.contains(HINT), "{command}: {said}");
        assert!(!said.contains("file is not at fault"), "{command}: {said}");
    }
}
