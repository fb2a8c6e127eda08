//! Commands that ask a server: the same results as on its store, and what a server that refuses, another
//! program or a broken connection is told as.

mod lost_answers;
mod refusals;
mod same_results;

use neokeys_testkit::Issuer;
use neokeys_testkit::fixed_answer::serve_fixed_answer;
use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::{Run, Workplace};

/// A server on the store of a place, and tokens for it.
struct Asked {
    place: Workplace,
    server: Server,
    issuer: Issuer,
}

impl Asked {
    fn new() -> Self {
        Self::with("", &[])
    }

    /// With more settings, and files that they name.
    fn with(settings: &str, files: &[(&str, &str)]) -> Self {
        let (place, issuer) = (Workplace::with_tenant(), Issuer::generate());
        files.iter().for_each(|(name, text)| place.write(name, text));
        place.write("jwks.json", &issuer.key_set().to_string());
        let (name, audience) = (Issuer::NAME, Issuer::AUDIENCE);
        let trust =
            format!("[{{ issuer: '{name}', audience: '{audience}', jwks: file:jwks.json }}]");
        place
            .write("serve.yml", &format!("auth: {{ bearer: {{ issuers: {trust} }} }}\n{settings}"));
        let server = place.serve(&["--config", "serve.yml"]);
        Self { place, server, issuer }
    }

    fn token(&self) -> String {
        self.issuer.token(&["*"], &["*"])
    }

    /// Runs a command on the server.
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&[("NEOKEYS_TOKEN", &self.token())], arguments)
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let origin = self.server.origin();
        self.place.run_with(variables, &[arguments, &["--server", origin]].concat())
    }
}

/// A server that answers every request with this, which may have a body.
fn answers(answer: &str) -> String {
    let length = answer.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    let (status, rest) = answer.split_once("\r\n").unwrap();
    serve_fixed_answer(format!(
        "{status}\r\nConnection: close\r\nContent-Length: {length}\r\n{rest}"
    ))
}
