//! Two services on one folder that are killed now and then, callers of theirs, the command line and a
//! person's shell script, quick and slow: nothing that was acknowledged is missing, and no edit by hand.
//!
//! It takes `SIDE_BY_SIDE_SECONDS`, or ten, and what is drawn is drawn from `SIDE_BY_SIDE_SEED`.

mod callers;
mod hand;
mod services;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neokeys::domain::Digest;
use neokeys_testkit::workplace::Workplace;

use self::callers::{ADMIN, Figures, Known, Way, World, work};
use self::hand::Hand;

/// Callers of the services.
const CLIENTS: usize = 32;
/// Those who use the command line.
const OPERATORS: usize = 2;
const HEAD: &str = "# people's own\nroles:\n  - admin # as ever\napiKeys:\n";

/// Errors that the services may log here.
const EXPECTED: [&str; 6] = [
    // An edit whose file nobody could merge, since who displaced it was killed.
    "kept beside the document",
    // Half of a file, where a slow hand is at work and nothing better is known since a kill.
    "tenant document cannot be read or written",
    "the last good document may be older than what was acknowledged",
    // Callers judge their answers themselves.
    "a request failed",
    // A machine that is busy with other work.
    "changes wait too long",
    "a change could not be written",
];

fn number(variable: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how long it takes is for whoever runs it")]
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// The time since 1970, to compare what was noted with logs.
fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "nothing depends on it")]
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}

fn document() -> String {
    let mut text = String::from(HEAD);
    for (name, permission, token) in [("admin", "'*'", ADMIN), ("flag", "x", "flag")] {
        let hash = Digest::of(token.as_bytes()).to_hex();
        writeln!(text, "  - name: {name}\n    permissions: [{permission}]\n    hash: {hash}")
            .unwrap();
    }
    text + "    flag: 0\n"
}

/// The numbers of the edits that a text tells of, in order.
fn edits(text: &str) -> Vec<u64> {
    let numbers = text.lines().filter_map(|line| line.strip_prefix("# edit "));
    let mut found: Vec<u64> =
        numbers.map(|number| number.trim_end_matches('.').parse().unwrap()).collect();
    found.sort_unstable();
    found
}

/// The files beside the document.
fn beside(place: &Workplace) -> Vec<String> {
    let folder = place.path("data/demo").read_dir().unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "security.yml").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn services_callers_and_a_person_at_one_file_lose_nothing() {
    let seconds = number("SIDE_BY_SIDE_SECONDS", 10);
    let seed = number("SIDE_BY_SIDE_SEED", 1);
    println!("seed {seed}");
    let place = Workplace::with_tenant();
    place.write("data/demo/security.yml", &document());
    let world = Arc::new(World::new(place));
    // The lock is there from the first change on.
    let touch = ["keys", "update", "flag", "--enabled", "true", "--permission", "x"];
    world.place.run(&[&touch[..], &["--tenant", "demo"]].concat()).done();
    let hand = Hand::start(&world.place, seed);

    let until = Instant::now() + Duration::from_secs(seconds);
    let killer = std::thread::spawn({
        let world = Arc::clone(&world);
        move || services::kill_now_and_then(&world.place, &world.services, seed, until)
    });
    let callers: Vec<_> = (0..CLIENTS + OPERATORS)
        .map(|caller| {
            let way = if caller < CLIENTS { Way::Services } else { Way::CommandLine };
            let work = work(Arc::clone(&world), way, caller, seed, until);
            (way, tokio::spawn(work))
        })
        .collect();
    let (mut known, mut by_services, mut by_commands) =
        (Known::new(), Figures::default(), Figures::default());
    for (way, caller) in callers {
        let (its_own, figures) = caller.await.unwrap();
        known.extend(its_own);
        match way {
            Way::Services => by_services.add(&figures),
            Way::CommandLine => by_commands.add(&figures),
        }
    }
    let kills = killer.join().unwrap();
    let place = &world.place;
    let made = hand.stop(place);

    for service in 0..2 {
        assert_eq!(world.list(service).await, known);
    }
    // What went to a file that was just taken out of its place is brought over a moment later. Where
    // its process was killed meanwhile, it is kept beside the document.
    let waited = Instant::now();
    let conflicts = loop {
        let beside = beside(place);
        let (conflicts, passing): (Vec<_>, Vec<_>) =
            beside.iter().partition(|name| name.starts_with("security.yml.conflict-"));
        let text = place.read("data/demo/security.yml");
        let kept = conflicts.iter().map(|name| place.read(&format!("data/demo/{name}")));
        let mut all = edits(&kept.fold(text.clone(), |all, kept| all + "\n" + &kept));
        all.dedup();
        let mut once = edits(&text);
        once.dedup();
        if passing.is_empty() && all == made.comments {
            assert_eq!(once, edits(&text), "an edit stands twice");
            assert!(text.contains(&format!("\n    flag: {}\n", made.last_flag)), "{text}");
            assert!(text.starts_with(HEAD), "{text}");
            break conflicts.len();
        }
        let missing: Vec<_> = made.comments.iter().filter(|edit| !all.contains(edit)).collect();
        assert!(waited.elapsed() < Duration::from_secs(60), "missing: {missing:?}; {beside:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    place.run(&["check"]).done();
    for service in &world.services {
        let log = service.end(place);
        let is_expected = |line: &str| EXPECTED.iter().any(|sentence| line.contains(sentence));
        let errors = log.lines().filter(|line| line.contains("ERROR") && !is_expected(line));
        assert_eq!(errors.count(), 0, "{log}");
    }
    println!(
        "{seconds} s, {kills} kills, {} edits by hand, {conflicts} kept beside the document\n\
         services: {by_services:?}\ncommand line: {by_commands:?}",
        made.comments.len(),
    );
}
