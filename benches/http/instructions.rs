//! The cost of a request in instructions: the same on every machine and whatever else runs there.
//!
//! Servers run under callgrind (Debian: valgrind), which counts instructions of the process and not
//! those of the kernel, and lacks the processor's extensions for SHA-256, so that hashing weighs more
//! than it does. Requests come one after another over one connection; what the start and the first
//! of them cost is taken away.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use neokeys::domain::Digest;

use crate::bare::Answer;
use crate::callgrind::Dump;
use crate::issuer::Issuer;
use crate::population::{self, Population, token};
use crate::report::Pages;
use crate::server::Server;

/// Requests that are counted, after as many that are not.
pub const REQUESTS: usize = 1_000;
/// How much a row may differ from the recorded one.
const TOLERANCE: f64 = 0.02;

/// The rows of keys with more to look at, each with the most that it may cost of a plain key's row.
const PLAIN: &str = "GET of one key, X-API-KEY, log off";
const LIMITED: &str = "the same, key with an end and an address list";
const ROTATED: &str = "the same, key with an older token";
const SHARES: [(&str, f64); 1] = [(ROTATED, 1.005)];

/// Other rows that something was wanted of.
const FORWARD_AUTH: &str = "forward-auth with an API key";
const INTROSPECTION: &str = "introspection of an API key";
const SEEN: &str = "GET of one key, RS256 token seen before";
const NEVER: &str = "GET of one key, RS256 token never seen";

const EXPLANATION: &str = "
Counted by `valgrind --tool=callgrind` over 1,000 requests on one connection, after as many that are not
counted, on x86-64 with AVX2, the program as it is released. The kernel's instructions are not in it; SHA-256 is
computed without the processor's extension for it, which callgrind lacks. The framework zeroes two blocks of
3 KB a request: callgrind would count each byte of that by itself where the C library does it by `rep stosb`,
some 5,900 a row, so the library is told not to.

`tests/run` counts anew and fails where a row is over 2 % off, unless this page changes with it:
`cargo bench --bench http -- instructions --record`.

Introspection was never that cheap: a bare handler that takes the form costs some 4,700 beyond one that answers
forward-auth's bytes: two more headers, the body's decoding, and a second turn of the service. Some 2,500 are the
SHA-256 of the token that is asked about, and some 2,000 a second look at the tenant's keys, since the body has been
waited for and a caller who was let in may be so no more. What would have to change: a framework that hands a body
which came with its head on with it, so that one look is enough.

A key with an older token costs what a plain one does, which `tests/run` holds to 0.5 %.

Reading a document of block style costs some 66 instructions a byte (228 before it was read line by line), of
which three fifths are its parser; 14 MB take 0.09 s of one processor. Other styles cost what they did.
";

/// One kind of request.
struct Load<'l> {
    name: &'static str,
    server: &'l Counted,
    requests: Vec<Vec<u8>>,
    status: u16,
}

/// A server whose instructions are counted.
pub struct Counted {
    server: Server,
    counts: PathBuf,
}

/// The result of one load.
struct Row {
    name: &'static str,
    instructions: u64,
    /// Of these, for the check of a signature.
    signature: u64,
    functions: String,
}

/// Counts and writes the page.
pub fn record(pages: &Pages) {
    pages.page_of_any_machine("instructions", &text(&count()));
}

/// Counts and holds every row against the recorded one: whoever makes requests cost more says so in
/// the same change, and what was won is not spent unseen.
pub fn check(pages: &Pages) {
    let recorded = pages.recorded("instructions");
    let is_recorded = |row: &Row| {
        let beginning = format!("| {} | ", row.name);
        let line = recorded.lines().find_map(|line| line.strip_prefix(&beginning));
        let before = line.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
        before.is_some_and(|before| (row.instructions as f64 / before - 1.0).abs() <= TOLERANCE)
    };
    let rows = count();
    for (name, most) in SHARES {
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap().instructions as f64;
        let share = of(name) / of(PLAIN);
        assert!(
            share <= most,
            "{name} costs {share:.4} times a plain key; at most {most} is meant"
        );
    }
    let others: Vec<_> = rows.iter().filter(|row| !is_recorded(row)).collect();
    for Row { name, instructions, functions, .. } in &others {
        println!("\n{name}: {instructions} instructions, spent in\n{functions}");
    }
    assert!(
        others.is_empty(),
        "{} requests cost more or less than docs/speed/instructions.md has it, by over {:.0} %; if that \
         is meant, make it anew: cargo bench --bench http -- instructions --record",
        others.len(),
        TOLERANCE * 100.0
    );
}

fn count() -> Vec<Row> {
    let limits = "    limits:\n      expiresAt: 2999-12-31T00:00:00Z\n      allowedIps: [203.0.113.0/24, '2001:db8::/32', 127.0.0.1]\n";
    let older = Digest::of(b"older").to_hex();
    let older = format!(
        "    previousHashes:\n      - {{hash: {older}, expiresAt: 2999-12-31T00:00:00Z}}\n"
    );
    let few = Population::of(1, 10)
        .and_document(&population::document_with(1, 10, 3, limits))
        .and_document(&population::document_with(2, 10, 3, &older));
    let issuer = Issuer::generate();
    let trust = issuer.settings(few.folder());
    let quiet = format!("{trust}log: {{ level: off }}\n");
    let quiet = Counted::neokeys(&few.settings("counted.yml", &quiet), &few, "quiet");
    let json = few.settings("json.yml", "log: { format: json, level: info }\n");
    let json = Counted::neokeys(&json, &few, "json");

    let (path, own) = (population::key(0, 3), token(0, 3));
    let key = [("X-API-KEY", own.as_str())];
    let pass = format!("{}?scope=tenant.apiKey:read", population::forward_auth(0));
    let (introspect, form) = (population::introspect(0), format!("token={own}"));
    let bare_giving = |name: &str, answer: Vec<u8>| {
        let file = few.folder().join(name);
        fs::write(&file, answer).unwrap();
        Counted::of(|command| Server::bare_under(&file, command), &few, name)
    };
    let bare = bare_giving("bare", quiet.server.get(&path, &key));
    let bare_pass = bare_giving("bare-pass", quiet.server.get(&pass, &key));
    let bare_told = bare_giving("bare-told", quiet.server.post(&introspect, &key, &form));
    let ask = vec![request("POST", &introspect, &key, &form)];
    let bearer = |number| format!("Bearer {}", issuer.token(number));
    let seen = bearer(0);
    let stranger = token(9, 9);
    let get = |path: &str, headers: &[(&str, &str)]| vec![request("GET", path, headers, "")];
    let get_own = |tenant| {
        let own = token(tenant, 3);
        get(&population::key(tenant, 3), &[("X-API-KEY", own.as_str())])
    };
    let never = (1..=2 * REQUESTS)
        .map(|number| request("GET", &path, &[("Authorization", &bearer(number))], ""))
        .collect();
    let loads = [
        ("bare handler, same bytes as GET of one key", &bare, get(&path, &key), 200),
        ("bare handler, same bytes as forward-auth", &bare_pass, get(&pass, &key), 200),
        ("bare handler, same bytes as introspection", &bare_told, ask.clone(), 200),
        ("`/health/live`", &quiet, get("/health/live", &[]), 200),
        (FORWARD_AUTH, &quiet, get(&pass, &key), 200),
        (PLAIN, &quiet, get(&path, &key), 200),
        (LIMITED, &quiet, get_own(1), 200),
        (ROTATED, &quiet, get_own(2), 200),
        ("the same, JSON log", &json, get(&path, &key), 200),
        ("401 for an unknown key", &quiet, get(&path, &[("X-API-KEY", &stranger)]), 401),
        (INTROSPECTION, &quiet, ask, 200),
        (SEEN, &quiet, get(&path, &[("Authorization", &seen)]), 200),
        (NEVER, &quiet, never, 200),
    ];
    loads
        .into_iter()
        .map(|(name, server, requests, status)| Load { name, server, requests, status }.count())
        .collect()
}

fn text(rows: &[Row]) -> String {
    let bare = rows[0].instructions;
    let mut text = String::from(
        "# What a request costs, in instructions\n\n| request | instructions | beyond the first |\n|---|---|---|\n",
    );
    for Row { name, instructions, .. } in rows {
        let beyond = instructions.saturating_sub(bare);
        writeln!(text, "| {name} | {instructions} | {beyond} |").unwrap();
    }
    for Row { name, instructions, signature, .. } in rows.iter().filter(|row| row.signature > 0) {
        let beyond = instructions - signature;
        writeln!(
            text,
            "\n{name}: the signature's own check by aws-lc is {signature}, all else {beyond}."
        )
        .unwrap();
    }
    text += &wanted(rows);
    text += EXPLANATION;
    for Row { name, functions, .. } in rows {
        write!(text, "\n## {name}\n\n```\n{functions}```\n").unwrap();
    }
    text
}

/// The table of what was wanted, held against the rows.
fn wanted(rows: &[Row]) -> String {
    let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    let cost = |name: &str| row(name).instructions;
    let (get, pass) = (cost(PLAIN), cost(FORWARD_AUTH));
    let never = row(NEVER);
    let mut text = String::from("\n| wanted | counted | at most | |\n|---|---|---|---|\n");
    for (name, counted, at_most) in [
        ("`/health/live`", cost("`/health/live`"), 19_000),
        (FORWARD_AUTH, pass, 27_000),
        (PLAIN, get, 31_000),
        ("the JSON log, on top", cost("the same, JSON log").saturating_sub(get), 6_000),
        (
            "a key with an end and an address list, on top",
            cost(LIMITED).saturating_sub(get),
            get * 3 / 100,
        ),
        ("introspection, beyond forward-auth", cost(INTROSPECTION).saturating_sub(pass), 5_000),
        (
            "a token never seen, beyond its signature and one seen",
            (never.instructions - never.signature).saturating_sub(cost(SEEN)),
            20_000,
        ),
    ] {
        let verdict = if counted <= at_most { "holds" } else { "missed" };
        writeln!(text, "| {name} | {counted} | {at_most} | {verdict} |").unwrap();
    }
    text
}

/// The instructions of one kind of request, which is answered with 200.
pub fn count_one(name: &'static str, server: &Counted, request: Vec<u8>) -> u64 {
    Load { name, server, requests: vec![request], status: 200 }.count().instructions
}

/// One request over a connection that stays open.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() {
        let form = "application/x-www-form-urlencoded";
        write!(request, "Content-Type: {form}\r\nContent-Length: {}\r\n", body.len()).unwrap();
    }
    (request + "\r\n" + body).into_bytes()
}

impl Load<'_> {
    fn count(&self) -> Row {
        let mut connection =
            BufReader::new(TcpStream::connect(("127.0.0.1", self.server.server.port())).unwrap());
        let mut requests = self.requests.iter().cycle();
        let mut send = || {
            for _ in 0..REQUESTS {
                connection.get_mut().write_all(requests.next().unwrap()).unwrap();
                assert_eq!(read_answer(&mut connection), self.status, "{}", self.name);
            }
        };
        send();
        self.server.dump();
        send();
        let dump = self.server.dump();
        let instructions = dump.total() / REQUESTS as u64;
        let signature = dump.called("_EVP_DigestVerify") / REQUESTS as u64;
        println!("{}: {instructions}", self.name);
        Row { name: self.name, instructions, signature, functions: dump.costliest() }
    }
}

/// The status of an answer, which is read to its end.
fn read_answer(connection: &mut BufReader<TcpStream>) -> u16 {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(connection.read_line(&mut head).unwrap(), 0, "the connection ended: {head}");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let length = length.unwrap_or(0);
    connection.read_exact(&mut vec![0; length]).unwrap();
    Answer::parse(head.as_bytes()).status
}

impl Counted {
    pub fn neokeys(settings: &Path, population: &Population, name: &str) -> Self {
        let log = population.folder().join(format!("{name}.log"));
        Self::of(|command| Server::neokeys_under(settings, Some(&log), command), population, name)
    }

    fn of(start: impl Fn(Command) -> Server, population: &Population, name: &str) -> Self {
        let counts = population.folder().join(format!("{name}.callgrind"));
        let mut command = Command::new("valgrind");
        // Callgrind counts each byte of `rep stosb` as an instruction, and whether the C library takes that
        // for a block of 3 KB, of which the framework zeroes two a request, is its version's affair.
        let threshold = "0x40000000";
        command.env(
            "GLIBC_TUNABLES",
            format!(
                "glibc.cpu.x86_rep_stosb_threshold={threshold}:glibc.cpu.x86_rep_movsb_threshold={threshold}"
            ),
        );
        command.args(["--quiet", "--tool=callgrind", "--dump-instr=yes"]);
        // Everything is said in full.
        command.args(["--compress-strings=no", "--compress-pos=no"]);
        command.arg(format!("--callgrind-out-file={}", counts.display()));
        Self { server: start(command), counts }
    }

    /// The counts since the last time.
    fn dump(&self) -> Dump {
        let pid = self.server.id().to_string();
        let told = run("callgrind_control", &["--dump".as_ref(), pid.as_ref()]);
        assert!(told.is_some(), "callgrind_control does not dump (Debian: valgrind)");
        let mut number = 1;
        let file = |number: usize| PathBuf::from(format!("{}.{number}", self.counts.display()));
        while file(number + 1).exists() {
            number += 1;
        }
        Dump::read(&fs::read_to_string(file(number)).unwrap())
    }
}

/// The standard output of a program.
fn run(program: &str, arguments: &[&OsStr]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
