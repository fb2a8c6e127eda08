//! A real OpenID provider on this machine: npm's `oidc-provider`, run by `provider.mjs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use neokeys_testkit::programs::{Running, node};
use neokeys_testkit::{Client, Issuer};

/// A running provider; it ends when this goes.
pub struct Provider {
    folder: TempDir,
    issuer: String,
    running: Running,
}

impl Provider {
    /// A provider with these signing keys, names with commas between; the first one signs.
    pub fn start(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (running, issuer) = run(&folder, "0", keys);
        Self { folder, issuer, running }
    }

    /// Its name, which is its address.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Ends it at once.
    pub fn die(&mut self) {
        self.running.end();
    }

    /// The same provider again, with these keys.
    pub fn start_again(&mut self, keys: &str) {
        self.die();
        let (_, port) = self.issuer.rsplit_once(':').unwrap();
        let (running, issuer) = run(&self.folder, port, keys);
        assert_eq!(issuer, self.issuer);
        self.running = running;
    }

    /// A new access token for a client, by the client credentials grant (RFC 6749 §4.4) with a
    /// resource indicator (RFC 8707).
    pub async fn token(&self, client: &str) -> String {
        let resource = format!("&resource={}&scope=tenant.apiKey:read", Issuer::AUDIENCE);
        self.grant(client, &resource).await
    }

    /// A new access token for no API in particular: it is no JWT.
    pub async fn opaque_token(&self, client: &str) -> String {
        self.grant(client, "").await
    }

    async fn grant(&self, client: &str, more: &str) -> String {
        let credentials = STANDARD.encode(format!("{client}:secret"));
        let reply = Client::of_another(&self.issuer)
            .request("POST", "/token")
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials{more}"))
            .send()
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }
}

fn run(folder: &TempDir, port: &str, keys: &str) -> (Running, String) {
    let mut command = node("tests/identity_provider", "provider.mjs");
    let mut running = Running::start(command.arg(folder.path()).args([port, keys]));
    loop {
        let line = running.line();
        if line.starts_with("http://") {
            return (running, line);
        }
    }
}
