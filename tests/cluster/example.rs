//! The example does what it says.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use neokeys_testkit::programs::{folder, free_port};

#[test]
fn the_example_starts_answers_and_ends() {
    let mut example = Command::new(folder("examples/cluster/run"))
        .env("NEOKEYS", neokeys_testkit::server::neokeys())
        .env("PORT", free_port().min(65_000).to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<_> = BufReader::new(example.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .collect();
    let curl = lines.iter().find(|line| line.starts_with("curl")).expect("a line to paste");
    let called = Command::new("bash").args(["-c", curl]).output().unwrap();
    let said = String::from_utf8_lossy(&called.stdout);
    assert!(said.starts_with("[{\"name\":\"admin\""), "{lines:?}: {said}");
    let nodes = lines.iter().find(|line| line.contains("the nodes are")).unwrap();
    let number = |text: &str| text.trim_matches([',', '.']).parse().ok().and_then(Pid::from_raw);
    let all: Vec<_> = nodes.split_whitespace().filter_map(number).collect();
    assert_eq!(all.len(), 6, "{nodes}");
    // A node and a member are gone, and nobody notices.
    for one in [all[0], all[3]] {
        kill_process(one, Signal::KILL).unwrap();
    }
    for _ in 0..10 {
        let called = Command::new("bash").args(["-c", curl]).output().unwrap();
        assert!(called.stdout.starts_with(b"[{"), "{called:?}");
    }
    kill_process(Pid::from_child(&example), Signal::TERM).unwrap();
    example.wait().unwrap();
    for one in &all[1..3] {
        assert!(rustix::process::test_kill_process(*one).is_err(), "{one:?} is still there");
    }
}
