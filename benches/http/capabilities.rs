//! The cost of each capability of the service: the same request with it off and on, in instructions and in
//! processor time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use axum::Router;
use neokeys::domain::Digest;
use neokeys_testkit::programs::free_port;

use crate::instructions::{Counted, count_one, request};
use crate::load::Load;
use crate::plot::{self, Pair};
use crate::population::{self, Population, token};
use crate::report::Pages;
use crate::rounds::{Case, Figure, Sample, alternate};
use crate::server::Server;

const ROUNDS: usize = 5;
const QUIET: &str = "log: { level: off }\n";

/// A capability of the service, which a setting turns on, a key has, or a caller uses.
struct Capability {
    name: &'static str,
    settings: String,
    /// The tenant whose fourth key asks.
    tenant: usize,
    ask: Ask,
    /// The same without it.
    against: usize,
    is_tls: bool,
}

/// A way to ask.
#[derive(Clone, Copy)]
enum Ask {
    Get,
    ForwardAuth,
    /// With the key as a bearer token.
    ForwardAuthAsBearer,
}

impl Ask {
    fn path(self, tenant: usize) -> String {
        match self {
            Self::Get => population::key(tenant, 3),
            Self::ForwardAuth | Self::ForwardAuthAsBearer => {
                format!("{}?scope=tenant.apiKey:read", population::forward_auth(tenant))
            }
        }
    }

    fn header(self, tenant: usize) -> (&'static str, String) {
        match self {
            Self::Get | Self::ForwardAuth => ("X-API-KEY", token(tenant, 3)),
            Self::ForwardAuthAsBearer => ("Authorization", format!("Bearer {}", token(tenant, 3))),
        }
    }
}

/// The cases to measure; the first two have nothing on.
fn capabilities(collector: u16, folder: &Path) -> Vec<Capability> {
    let on = |name, settings: String| Capability {
        name,
        settings,
        tenant: 0,
        ask: Ask::Get,
        against: 0,
        is_tls: false,
    };
    let quiet = |name, settings: &str| on(name, format!("{QUIET}{settings}"));
    let key = |name, tenant| Capability { tenant, ..quiet(name, "") };
    let traces = |one_in: u32| {
        format!("traces: {{ endpoint: 'http://127.0.0.1:{collector}', one_in: {one_in} }}\n")
    };
    vec![
        quiet("GET of one key", ""),
        Capability { ask: Ask::ForwardAuth, against: 1, ..quiet("forward-auth", "") },
        on("access log as text", "log: { level: info }\n".to_owned()),
        on("access log as JSON", "log: { format: json, level: info }\n".to_owned()),
        quiet("metrics", &format!("metrics: {{ listen: '127.0.0.1:{}' }}\n", free_port())),
        quiet("traces, of one request in 100", &traces(100)),
        quiet("traces, of every request", &traces(1)),
        quiet("pages of other origins (CORS)", "cors: { origins: ['https://a.example'] }\n"),
        quiet("throttle of failures", "auth: { throttle: { failures_per_minute: 60 } }\n"),
        quiet(
            "Envoy over gRPC beside it",
            &format!("ext_authz: {{ listen: '127.0.0.1:{}' }}\n", free_port()),
        ),
        Capability { is_tls: true, ..quiet("TLS", &certified(folder)) },
        key("a key that expires", 1),
        key("a key with allowed networks", 2),
        key("a key with an older token", 3),
        Capability {
            ask: Ask::ForwardAuthAsBearer,
            against: 1,
            ..quiet("a key as a bearer token, at forward-auth", "auth: { keys_as_bearers: true }\n")
        },
    ]
}

fn population() -> Population {
    const LATER: &str = "2999-12-31T00:00:00Z";
    let members = [
        format!("    limits:\n      expiresAt: {LATER}\n"),
        "    limits:\n      allowedIps: [203.0.113.0/24, '2001:db8::/32', 127.0.0.1]\n".to_owned(),
        format!(
            "    previousHashes:\n      - {{hash: {}, expiresAt: {LATER}}}\n",
            Digest::of(b"older").to_hex()
        ),
    ];
    let plain = Population::of(1, 10);
    members.iter().enumerate().fold(plain, |population, (place, members)| {
        population.and_document(&population::document_with(place + 1, 10, 3, members))
    })
}

pub fn run(pages: &Pages) {
    let population = population();
    let collector = collect();
    let all = capabilities(collector, population.folder());
    let settings = all
        .iter()
        .enumerate()
        .map(|(place, it)| population.settings(&format!("capability-{place}.yml"), &it.settings));
    let settings: Vec<PathBuf> = settings.collect();

    let counted = |place: usize| {
        let it = &all[place];
        let counted =
            Counted::neokeys(&settings[place], &population, &format!("capability-{place}"));
        let (name, value) = it.ask.header(it.tenant);
        let headers = [(name, value.as_str())];
        count_one(it.name, &counted, request("GET", &it.ask.path(it.tenant), &headers, ""))
    };
    let instructions =
        all.iter().enumerate().map(|(place, it)| (!it.is_tls).then(|| counted(place)));
    let instructions: Vec<Option<u64>> = instructions.collect();

    let servers = settings.iter().enumerate().map(|(place, file)| {
        let log = population.folder().join(format!("capability-{place}.out"));
        Server::neokeys(file, Some(&log))
    });
    let servers: Vec<Server> = servers.collect();
    let cases = all.iter().zip(&servers).map(|(it, server)| {
        let (name, value) = it.ask.header(it.tenant);
        let load = Load::same(&it.ask.path(it.tenant), &[(name, value.as_str())]);
        Case::new(it.name, server, if it.is_tls { load.over_tls() } else { load })
    });
    let mut cases: Vec<Case<'_>> = cases.collect();
    for case in &cases {
        case.warm_up();
    }
    alternate(&mut cases, ROUNDS);

    let cpu: fn(&Sample) -> f64 = |it| it.cpu_us;
    let mut table = String::from(
        "| on | beside | instructions, off | on | more | time, on in parts of off (lowest to highest round) |\n\
         |---|---|---|---|---|---|\n",
    );
    let mut pairs = Vec::new();
    for (place, it) in all.iter().enumerate().filter(|(place, it)| it.against != *place) {
        let time = cases[place].ratio(&cases[it.against], cpu);
        let Figure { median, lowest, highest } = time;
        let counted = instructions[it.against].zip(instructions[place]);
        let counts = counted.map_or_else(
            || "not counted | |".to_owned(),
            |(off, on)| format!("{off} | {on} | {:+.1} %", (share(off, on) - 1.0) * 100.0),
        );
        writeln!(
            table,
            "| {} | {} | {counts} | **{median:.2} ×** ({lowest:.2} to {highest:.2}) |",
            it.name, all[it.against].name,
        )
        .unwrap();
        let counted = counted.map(|(off, on)| share(off, on));
        pairs.push(Pair { name: it.name.to_owned(), counted, time });
    }
    let title = "A request with a capability on, in parts of the same with it off";
    pages.plot("capabilities", &plot::pairs(title, &pairs));
    pages.page(
        "capabilities",
        &format!(
            "# What each capability costs\n\n![{title}](capabilities.svg)\n\n{table}\n{REMARKS}"
        ),
    );
}

const REMARKS: &str = "\
Off is the request named beside it, with no log and nothing more configured. Instructions are counted as \
[What a request costs, in instructions](instructions.md) says, but TLS, whose handshake and ciphers depend on the \
processor. Times are measured like the [targets](targets.md): wrk over 64 connections, five alternating rounds \
of two seconds, processor time of the server, so the kernel's part is in them. Traces go to a collector that takes \
them and does nothing. What the audit log costs is in [its own page](audit.md): reading leaves no line in it.
";

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn share(off: u64, on: u64) -> f64 {
    on as f64 / off as f64
}

/// A collector of traces, on a thread of its own, for as long as the process runs. Gives its port.
fn collect() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let take = async |_: axum::body::Bytes| "";
            axum::serve(listener, Router::new().fallback(take)).await.unwrap();
        });
    });
    port
}

/// Settings of a certificate, made here.
fn certified(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    format!("tls: {{ certificate: '{}', key: '{}' }}\n", certificate.display(), key.display())
}
