//! The service behind real proxies, where nobody gets another's answer or identity, and beside real
//! gateways and resource servers that ask it who may.
#![expect(unreachable_pub, reason = "a test binary has no callers")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod proxy;
mod upstream;

mod caches;
mod connections;
mod exchange;
mod gateways;
mod headers;
mod introspection;
mod paths;
mod prefix;
mod raw;

use neokeys_testkit::{Client, Reply, Service};
use proxy::Proxy;

/// The list of tenant `t1`.
const KEYS: &str = "/api/t1/admin/apiKeys";

/// Every proxy as it comes, and an nginx that lets through the header names that it drops otherwise.
fn proxies(service: &Service) -> [(&'static str, Proxy); 3] {
    let origin = service.origin();
    let lenient = "underscores_in_headers on; ignore_invalid_headers off;";
    [
        ("nginx", Proxy::nginx(origin, "", "")),
        ("lenient nginx", Proxy::nginx(origin, lenient, "")),
        ("Caddy", Proxy::caddy(origin, "")),
    ]
}

/// A client with one more header, whatever its name.
async fn get_with(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> Reply {
    let request = client.request("GET", path);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
}

/// The one block of a language in a page of `docs/`, or in those of a folder.
fn documented(page: &str, language: &str) -> String {
    let path = neokeys_testkit::programs::folder("docs").join(page);
    let paths = match std::fs::read_dir(&path) {
        Ok(pages) => pages.map(|it| it.unwrap().path()).collect(),
        Err(_) => vec![path.with_extension("md")],
    };
    let text: String = paths.iter().map(|it| std::fs::read_to_string(it).unwrap()).collect();
    let mut blocks = text.split("```").skip(1).step_by(2);
    let block = blocks.find_map(|it| it.strip_prefix(language)?.strip_prefix('\n'));
    block.unwrap_or_else(|| panic!("docs/{page} has no {language}")).to_owned()
}
