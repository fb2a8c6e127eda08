//! Requests of commands over the network: https but on this machine, bounded in time and size, and
//! failures with what to do next.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::{Client, RequestBuilder, Response, Url, header, redirect};

use super::failure::Failure;
use crate::auth::bearer::{find_certificate_error, is_loopback, read_authorities};
use crate::causes::in_full;

/// How long a connection may take to come up.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long a server may say nothing, but in tests.
const SILENCE: Duration = Duration::from_secs(60);
/// The largest answer that is taken at once: the keys of a large tenant.
const LARGEST: usize = 64 << 20;

/// Whose certificates are believed.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// A PEM file with the certificate authorities of the server, in place of those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How long a server may say nothing.
    #[arg(skip = SILENCE)]
    silence: Duration,
}

/// Takes the address of a server: https, or http on this machine, without credentials.
pub(super) fn parse_address(what: &str, text: &str) -> Result<Url, Failure> {
    let refused = |told: &str| Err(Failure::misused(format!("{what} {told}")));
    let Ok(url) = Url::parse(text) else {
        return refused("is no URL; write one such as https://keys.example.com");
    };
    // What somebody wrote in it may be a secret, so it is not repeated.
    if !url.username().is_empty() || url.password().is_some() {
        return refused("must not hold a user name or a password");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return refused("must be an https URL; http is taken for this machine alone"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("must not hold a query or a fragment");
    }
    Ok(url)
}

impl Trust {
    /// The authorities in this file.
    pub(super) fn of(ca: Option<PathBuf>) -> Self {
        Self { ca, silence: SILENCE }
    }

    /// Nobody's in particular, and with this limit of a server's silence.
    #[cfg(test)]
    pub(super) fn with_silence(silence: Duration) -> Self {
        Self { ca: None, silence }
    }

    /// The file of authorities, for a command that runs elsewhere.
    pub(super) fn path(&self) -> Result<Option<PathBuf>, Failure> {
        let path = self.ca.as_ref().map(std::path::absolute).transpose();
        path.map_err(|error| Failure::refused(&error))
    }

    /// Gets ready for requests to a server.
    pub(super) fn client(&self, url: &Url) -> Result<Client, Failure> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECTING)
            .read_timeout(self.silence)
            .user_agent(concat!("neokeys/", env!("CARGO_PKG_VERSION")));
        let builder = if is_loopback(url) { builder.no_proxy() } else { builder };
        let builder = match &self.ca {
            Some(path) => builder.tls_certs_only(authorities(path)?),
            // Nobody shows a certificate, so nobody's need be there.
            None if url.scheme() == "http" => builder.tls_certs_only(Vec::new()),
            None => builder,
        };
        builder.build().map_err(|error| Failure::refused(&error))
    }
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    read_authorities(path)
        .map_err(|error| Failure::misused(format!("--ca {} {error}", path.display())))
}

/// Sends a request.
///
/// # Errors
/// No answer came: a [`Failure`] that says why.
pub(super) async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    // What is compressed would have no bound before it is unpacked.
    let request = request.header(header::ACCEPT_ENCODING, "identity");
    request.send().await.map_err(|error| unanswered(&error))
}

/// Reads an answer whole.
pub(super) async fn read(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unanswered(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failure::because(format!(
                "the answer is larger than {} MiB",
                LARGEST >> 20
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// There is no whole answer.
pub(super) fn unanswered(error: &reqwest::Error) -> Failure {
    let host = error.url().and_then(Url::host_str).unwrap_or("the server").to_owned();
    if let Some(fault) = find_certificate_error(error) {
        return Failure::because(format!("the certificate of {host} is not trusted: {fault}")).hint(
            "if it is the right server, name the certificate authority that vouches for it with --ca",
        );
    }
    // The address of the request is in the error, with what was asked for.
    let cause = error.source().map_or_else(|| error.to_string(), in_full);
    if error.is_connect() {
        let port = error.url().and_then(Url::port_or_known_default);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        return Failure::because(format!("cannot connect to {host}{port}: {cause}"))
            .hint("check the address and the network, then try again");
    }
    let told = if error.is_timeout() {
        format!("{host} does not answer in time")
    } else {
        format!("the answer of {host} broke off: {cause}")
    };
    Failure::because(told)
        .hint("a change may have been made nevertheless; look at the keys before you try again")
}
