//! Rounds of slow hands and quick callers at one file, drawn from a seed.
//!
//! Nothing that was acknowledged is missing, no line of a hand is, and no half line is ever followed by
//! anything of ours. `NEOKEYS_SLOW_HANDS_ROUNDS` plays more of them, and
//! `NEOKEYS_SLOW_HANDS_PAUSE_MS` makes the longest pause longer.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use neokeys_store::domain::{CommitError, KeyRepository, Remedy};

use crate::concurrent::on_a_thread;
use crate::hand_edits::eventually;
use neokeys_testkit::seeded::Seeded;
use neokeys_testkit::tenants::{Folder, commit, create, delete, names};

/// Rounds that are played at once: they mostly wait.
const AT_ONCE: u64 = 8;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// An action of somebody with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Opens it, reads it, pauses, empties it and writes it anew in pieces.
    Rewrite,
    /// Opens it and appends in pieces.
    Append,
    /// Opens it and does nothing.
    Nothing,
    /// Appends, and is killed in the middle of a line.
    Killed,
}

struct Hand {
    way: Way,
    lines: Vec<String>,
    /// Whether each piece is a whole line.
    by_lines: bool,
    longest_pause_ms: u64,
    draw: Seeded,
}

impl Hand {
    /// From 10 ms to the longest, short ones more often.
    fn pause(&mut self) {
        let steps = 1 + (self.longest_pause_ms / 10).ilog2() as usize;
        let most = 10 << self.draw.below(steps);
        std::thread::sleep(Duration::from_millis(10 + self.draw.below(most) as u64));
    }

    fn work(mut self, mut file: File) {
        self.pause();
        let mut text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        match self.way {
            Way::Nothing => return,
            Way::Killed => text.truncate(text.len() - 12),
            Way::Append => {}
            Way::Rewrite => {
                let mut whole = String::new();
                file.read_to_string(&mut whole).unwrap();
                text = whole + &text;
                self.pause();
                file.set_len(0).unwrap();
                file.seek(SeekFrom::Start(0)).unwrap();
            }
        }
        let pieces = 2 + self.draw.below(5);
        let length = text.len().div_ceil(pieces);
        let pieces: Vec<&[u8]> = if self.by_lines {
            text.as_bytes().split_inclusive(|byte| *byte == b'\n').collect()
        } else {
            text.as_bytes().chunks(length).collect()
        };
        for piece in pieces {
            file.write_all(piece).unwrap();
            self.pause();
        }
    }
}

/// No line of a hand stands half in the document with something behind it.
fn demand_whole_lines(text: &str, lines: &[String], says: &str) {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines().filter(|line| line.starts_with("# hand")) {
        assert!(lines.iter().any(|known| known == line), "{says}: half a line: {line}\n{text}");
    }
}

fn play(seed: u64, longest_pause_ms: u64) {
    let mut draw = Seeded::new(seed);
    let folder = Arc::new(Folder::new());
    folder.write("# the head of the file\napiKeys:\n");
    let store = folder.open();
    // Two who rewrite one file, or append half a line each, harm each other without us.
    let by_lines = |ways: &[Way]| ways.len() > 1;
    let ways: Vec<Way> = match draw.below(3) {
        0 => vec![Way::Rewrite],
        1 => vec![Way::Append, [Way::Append, Way::Nothing][draw.below(2)]],
        _ => vec![[Way::Append, Way::Nothing, Way::Killed][draw.below(3)]],
    };
    let says = format!("seed {seed}: {ways:?}");
    let hands: Vec<Hand> = ways
        .iter()
        .enumerate()
        .map(|(hand, way)| Hand {
            way: *way,
            lines: (0..4)
                .map(|line| format!("# hand {hand} wrote the line {line} of four"))
                .collect(),
            by_lines: by_lines(&ways),
            longest_pause_ms,
            draw: Seeded::new(seed * 7 + hand as u64),
        })
        .collect();
    // Of one that was killed, the last line is none.
    let expected: Vec<String> = hands
        .iter()
        .flat_map(|hand| match hand.way {
            Way::Nothing => Vec::new(),
            Way::Killed => hand.lines[..3].to_vec(),
            Way::Rewrite | Way::Append => hand.lines.clone(),
        })
        .collect();
    let mut lines = expected.clone();
    // What is left of a line when its hand is killed is a line, if it is closed so.
    lines.extend(hands.iter().filter(|hand| hand.way == Way::Killed).map(|hand| {
        let last = &hand.lines[3];
        last[..last.len() - 11].to_owned()
    }));
    let working = Arc::new(AtomicUsize::new(hands.len()));
    let threads: Vec<_> = hands
        .into_iter()
        .map(|hand| {
            // Both open the file before anybody replaces it, or one of them after.
            let file = OpenOptions::new()
                .read(true)
                .write(hand.way == Way::Rewrite)
                .append(hand.way != Way::Rewrite)
                .open(folder.document())
                .unwrap();
            let working = Arc::clone(&working);
            std::thread::spawn(move || {
                hand.work(file);
                working.fetch_sub(1, Ordering::Relaxed);
            })
        })
        .collect();
    let made = Arc::new(AtomicUsize::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let caller = on_a_thread({
        let (folder, store, made) = (Arc::clone(&folder), Arc::clone(&store), Arc::clone(&made));
        let (working, lines, says, over) =
            (Arc::clone(&working), lines.clone(), says.clone(), Arc::clone(&over));
        move || async move {
            for turn in 0.. {
                if working.load(Ordering::Relaxed) == 0 && turn > 3 {
                    break;
                }
                let edit = if turn % 4 == 3 {
                    delete(&format!("k{}", turn - 1))
                } else {
                    create(&format!("k{turn}"))
                };
                // The last hand may have closed the file while this one was judged.
                let mut may_lag = true;
                loop {
                    match commit(&store, &folder.t, edit.clone()).await {
                        Ok(_) => break,
                        // Somebody goes on writing, or what is there after two seconds of that
                        // cannot be read: both pass when they are done.
                        Err(CommitError::Unavailable(cause))
                            if !matches!(cause.remedy(), Remedy::Mend(_))
                                && working.load(Ordering::Relaxed) > 0 => {}
                        Err(CommitError::Unavailable(_)) if may_lag => may_lag = false,
                        Err(error) => panic!("{says}: {error:?}"),
                    }
                }
                made.store(turn + 1, Ordering::Relaxed);
                demand_whole_lines(&folder.text(), &lines, &says);
                let pause = 5 + (turn as u64 * 13) % 40;
                std::thread::sleep(Duration::from_millis(pause));
            }
            over.store(true, Ordering::Relaxed);
        }
    });
    for thread in threads {
        thread.join().unwrap();
    }
    caller.join().unwrap_or_else(|_| panic!("{says}: the caller failed"));
    assert!(over.load(Ordering::Relaxed), "{says}");
    // What the hands wrote is brought over, and nothing is left beside the document.
    eventually(|| !folder.listing().iter().any(|name| name.contains("displaced")));
    eventually(|| expected.iter().all(|line| folder.text().lines().any(|found| found == line)));
    let text = folder.text();
    assert!(text.starts_with("# the head of the file\n"), "{says}: {text}");
    demand_whole_lines(&text, &lines, &says);
    let made = made.load(Ordering::Relaxed);
    let mut wanted: Vec<String> =
        (0..made).filter(|turn| turn % 4 < 2).map(|turn| format!("k{turn}")).collect();
    if made % 4 == 3 {
        wanted.push(format!("k{}", made - 1));
    }
    wanted.sort();
    let check = on_a_thread({
        let (folder, says) = (Arc::clone(&folder), says.clone());
        move || async move {
            let keyring = folder.open().get_keyring(&folder.t).await.unwrap();
            let mut found = names(&keyring);
            found.sort_unstable();
            assert_eq!(found, wanted, "{says}: {}", folder.text());
            assert!(keyring.faulty_entries().is_empty(), "{says}: {}", folder.text());
        }
    });
    check.join().unwrap_or_else(|_| panic!("{says}: a key is missing"));
    let listing = folder.listing();
    assert_eq!(listing, ["security.yml"], "{says}");
}

#[test]
fn rounds_of_slow_hands_lose_nothing() {
    let rounds = number("NEOKEYS_SLOW_HANDS_ROUNDS", 24);
    let first = number("NEOKEYS_SLOW_HANDS_SEED", 1);
    let longest_pause_ms = number("NEOKEYS_SLOW_HANDS_PAUSE_MS", 640);
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        let players: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                threads.spawn(|| {
                    loop {
                        let round = next.fetch_add(1, Ordering::Relaxed) as u64;
                        if round >= rounds {
                            return;
                        }
                        play(first + round, longest_pause_ms);
                    }
                })
            })
            .collect();
        let failed = players.into_iter().filter_map(|player| player.join().err()).count();
        assert_eq!(failed, 0, "rounds failed; the seed stands above");
    });
    println!("{rounds} rounds from seed {first}, pauses up to {longest_pause_ms} ms");
}
