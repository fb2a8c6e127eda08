//! The counts of callgrind, by function.
//!
//! Its own names are not relied on: of programs that are linked by LLD or mold it finds none. The program's
//! table of symbols is read here (`nm`, Debian: binutils).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::Command;

use crate::instructions::REQUESTS;

/// Functions that are shown.
const SHOWN: usize = 20;

/// A file of callgrind's, with addresses and nothing compressed.
pub struct Dump {
    by_function: HashMap<String, u64>,
    /// With all that a function calls.
    by_callee: HashMap<String, u64>,
}

/// A program's functions by their addresses.
struct Symbols(Vec<(u64, String)>);

impl Dump {
    pub fn read(text: &str) -> Self {
        let mut symbols = HashMap::new();
        let (mut by_function, mut by_callee) = (HashMap::new(), HashMap::new());
        let (mut object, mut function) = ("", "");
        let (mut object_of_callee, mut callee) = (None, None);
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("ob=") {
                object = name;
            } else if let Some(name) = line.strip_prefix("fn=") {
                function = name;
            } else if let Some(name) = line.strip_prefix("cob=") {
                object_of_callee = Some(name);
            } else if let Some(call) = line.strip_prefix("calls=") {
                // The next line has what the callee cost.
                let address = call.split(' ').nth(1).and_then(|it| it.strip_prefix("0x"));
                callee = Some(address.and_then(|it| u64::from_str_radix(it, 16).ok()));
            } else if let Some((address, count)) = cost(line) {
                let (object, address, counts) = match callee.take() {
                    None => (object, Some(address), &mut by_function),
                    Some(of) => (object_of_callee.take().unwrap_or(object), of, &mut by_callee),
                };
                let symbols = symbols.entry(object).or_insert_with(|| Symbols::of(object));
                let name = address.and_then(|it| symbols.name(it)).unwrap_or(function);
                *counts.entry(name.to_owned()).or_default() += count;
            }
        }
        Self { by_function, by_callee }
    }

    /// All that was counted.
    pub fn total(&self) -> u64 {
        self.by_function.values().sum()
    }

    /// The cost of a function of C with all that it called; of one that is linked under a name of its
    /// version, the end of the name.
    pub fn called(&self, name: &str) -> u64 {
        let called = self.by_callee.iter().filter(|(its, _)| its.ends_with(name));
        called.map(|(_, count)| count).sum()
    }

    /// The functions that cost most, a line each: instructions a request, and a name.
    pub fn costliest(&self) -> String {
        let mut functions: Vec<_> = self.by_function.iter().collect();
        functions.sort_by_key(|(name, count)| (u64::MAX - **count, *name));
        functions.iter().take(SHOWN).fold(String::new(), |mut text, (name, count)| {
            writeln!(text, "{:>8}  {name}", **count / REQUESTS as u64).unwrap();
            text
        })
    }
}

/// A line of costs: an address, a line of the source, and a count.
fn cost(line: &str) -> Option<(u64, u64)> {
    let mut parts = line.strip_prefix("0x")?.split(' ');
    let address = u64::from_str_radix(parts.next()?, 16).ok()?;
    Some((address, parts.nth(1)?.parse().ok()?))
}

impl Symbols {
    /// The symbols of a program or library; none where it has none.
    fn of(object: &str) -> Self {
        let listed = Command::new("nm").args(["--demangle", "--defined-only", object]).output();
        let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let mut functions: Vec<_> = listed.unwrap_or_default().lines().filter_map(symbol).collect();
        functions.sort();
        Self(functions)
    }

    /// The function that an address lies in.
    fn name(&self, address: u64) -> Option<&str> {
        let after = self.0.partition_point(|(start, _)| *start <= address);
        let (_, name) = self.0.get(after.checked_sub(1)?)?;
        Some(name)
    }
}

/// A function of `nm`'s list.
fn symbol(line: &str) -> Option<(u64, String)> {
    let mut parts = line.splitn(3, ' ');
    let address = u64::from_str_radix(parts.next()?, 16).ok()?;
    let is_function = matches!(parts.next()?, "t" | "T" | "w" | "W");
    is_function.then_some((address, parts.next()?.to_owned()))
}
