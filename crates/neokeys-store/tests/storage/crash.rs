//! `kill -9` at random moments of a write load: what was acknowledged is there, the document is
//! whole, and the store works on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use neokeys_store::domain::KeyRepository;

use neokeys_testkit::audit_log::{created, explained};
use neokeys_testkit::tenants::{Folder, commit, create, delete, names, tenant, update};

/// Tells a copy of this test program which folder to write to, and from which number on.
pub(crate) const FOLDER: &str = "NEOKEYS_CRASH_FOLDER";
pub(crate) const FIRST: &str = "NEOKEYS_CRASH_FIRST";
const KILLS: u64 = 200;
/// Kills of writers to one folder. All of it is held against what is known after every kill, so that the cost grows
/// with the square of this.
const KILLS_OF_A_FOLDER: u64 = 100;

/// Not a test of its own: what the process does that is killed.
#[tokio::test]
async fn a_process_writes_until_it_is_killed() {
    let (Ok(root), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let store = neokeys_store::storage::DocumentRepository::open(
        &neokeys_store::storage::StoreUrl::File(root.into()),
        &neokeys_store::storage::StoreConfig::default(),
    )
    .unwrap();
    let t = tenant("t");
    let first: u64 = first.parse().unwrap();
    let mut out = std::io::stdout();
    let mut tell =
        |what: String| out.write_all(what.as_bytes()).and_then(|()| out.flush()).unwrap();
    for number in first.. {
        let key = format!("k{number}");
        tell(format!("\n+ {key} begun\n"));
        commit(&store, &t, create(&key)).await.unwrap();
        tell(format!("\n+ {key} done\n"));
        commit(&store, &t, update(&key, false, &["x"])).await.unwrap();
        tell(format!("\n* {key} done\n"));
        if number % 2 == 0 {
            tell(format!("\n- {key} begun\n"));
            commit(&store, &t, delete(&key)).await.unwrap();
            tell(format!("\n- {key} done\n"));
        }
    }
}

/// The knowledge of a key after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    There,
    Disabled,
    Gone,
    /// A change was begun and never acknowledged.
    Open,
}

/// A folder with a document of people's, and nothing that is known of its keys.
fn begin() -> (Folder, BTreeMap<String, Known>) {
    let folder = Folder::new();
    folder.write("# people's\napiKeys:\n");
    (folder, BTreeMap::new())
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let this = std::env::current_exe().unwrap();
    let (mut folder, mut known) = begin();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for kill in 0..KILLS {
        if kill % KILLS_OF_A_FOLDER == 0 {
            (folder, known) = begin();
        }
        let mut child = Command::new(&this)
            .args(["--exact", "crash::a_process_writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, &folder.root)
            .env(FIRST, (kill * 1000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut left = seed % 12;
        // The moment is some lines and some microseconds after the start.
        let mut spins = (seed >> 32) % 200_000;
        let mut note = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            if let ["+" | "-" | "*", key, state] = words.as_slice() {
                let state = match (words[0], *state) {
                    ("+", "done") => Known::There,
                    ("*", "done") => Known::Disabled,
                    ("-", "done") => Known::Gone,
                    _ => Known::Open,
                };
                known.insert((*key).to_owned(), state);
                return true;
            }
            false
        };
        while left > 0 {
            if note(&lines.next().unwrap().unwrap()) {
                left -= 1;
            }
        }
        while spins > 0 {
            spins -= 1;
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        for line in lines {
            note(&line.unwrap());
        }
        child.wait().unwrap();
        let store = folder.open();
        let keyring = store.get_keyring(&folder.t).await.unwrap();
        assert!(store.health().faults.is_empty() && keyring.faulty_entries().is_empty());
        assert!(folder.text().starts_with("# people's\napiKeys:"), "kill {kill}");
        assert_eq!(folder.listing(), ["security.yml"], "kill {kill}");
        for (key, known) in &known {
            let found = keyring.find_by_name(key);
            match known {
                Known::Gone => assert!(found.is_none(), "kill {kill}: {key} is back"),
                Known::There => assert!(found.is_some(), "kill {kill}: {key} is lost"),
                Known::Disabled => {
                    assert!(found.is_some_and(|key| !key.enabled), "kill {kill}: {key}");
                }
                Known::Open => {}
            }
        }
        assert!(keyring.keys().iter().all(|key| known.contains_key(key.name.as_str())));
        commit(&store, &folder.t, create(&format!("after-{kill}"))).await.unwrap();
        known.insert(format!("after-{kill}"), Known::There);
        // No record of what is not, and none lacks of what is.
        let told = explained(&folder.root, "t");
        let made = created(&told);
        let there = names(&folder.open().get_keyring(&folder.t).await.unwrap()).len();
        assert_eq!(made.len(), there, "kill {kill}");
        let acknowledged = known.iter().filter(|(_, known)| **known == Known::There);
        assert!(acknowledged.into_iter().all(|(key, _)| made.contains(key)), "kill {kill}");
    }
    println!(
        "{KILLS} kills; of the last folder {} keys known, {} records",
        known.len(),
        explained(&folder.root, "t").len()
    );
}
