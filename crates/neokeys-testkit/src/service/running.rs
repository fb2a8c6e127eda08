//! The service under test: the production start-up on port 0 with a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread::JoinHandle;

use neokeys::domain::Digest;
use neokeys::settings::Settings;
use neokeys::startup::{Application, Stop};
use tempfile::TempDir;

use super::{Client, Issuer};
use crate::server::{Server, neokeys};

/// A running service; it stops and its folder goes when it is dropped.
pub struct Service {
    pub issuer: Issuer,
    folder: TempDir,
    origin: String,
    metrics: Option<String>,
    ext_authz: Option<String>,
    stop: Option<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// A service in a process of its own, on the folder of another; it ends when it is dropped.
pub struct Process(Server);

/// A service that is being put together.
pub struct ServiceBuilder {
    folder: TempDir,
    issuer: Issuer,
    others: String,
    settings: String,
    usage_period: String,
}

impl Service {
    /// A service with the tenants `t1`, which has keys for every purpose, and `t2`, which has one.
    pub fn start() -> Self {
        Self::builder().start()
    }

    pub fn builder() -> ServiceBuilder {
        let builder = ServiceBuilder {
            folder: tempfile::tempdir().unwrap(),
            issuer: Issuer::generate(),
            others: String::new(),
            settings: String::new(),
            usage_period: "null".to_owned(),
        };
        builder
            .tenant(
                "t1",
                &document(&[
                    entry("reader", true, &["tenant.apiKey:read"]),
                    entry("writer", true, &["tenant.apiKey:write"]),
                    entry("admin", true, &["*"]),
                    entry("off", false, &["*"]),
                ]),
            )
            .tenant("t2", &document(&[entry("other", true, &["*"])]))
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where its metrics are, if they are anywhere.
    pub fn metrics(&self) -> Option<&str> {
        self.metrics.as_deref()
    }

    /// Where Envoy asks it over gRPC, if it may anywhere.
    pub fn ext_authz(&self) -> Option<&str> {
        self.ext_authz.as_deref()
    }

    /// A client without a credential.
    pub fn client(&self) -> Client {
        Client::new(&self.origin)
    }

    /// A client with the key of tenant `t1` that may do everything.
    pub fn admin(&self) -> Client {
        self.client().with_api_key(&token_of("admin"))
    }

    pub fn document_path(&self, tenant: &str) -> PathBuf {
        document_path(self.folder.path(), tenant)
    }

    pub fn read_document(&self, tenant: &str) -> String {
        fs::read_to_string(self.document_path(tenant)).unwrap()
    }

    /// Writes a tenant's document as an editor does: aside, then renamed into place.
    pub fn replace_document(&self, tenant: &str, text: &str) {
        let path = self.document_path(tenant);
        let aside = path.with_extension("new");
        put(&aside, text);
        fs::rename(aside, path).unwrap();
    }

    /// Puts another key set in the place of the issuer's.
    pub fn replace_key_set(&self, keys: &serde_json::Value) {
        put(&self.folder.path().join("jwks.json"), &keys.to_string());
    }

    /// Stops it, and keeps its folder.
    pub fn stop(mut self) -> TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.now();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// The program itself, serving the same folder.
    pub fn start_process(&self) -> Process {
        let settings = self.folder.path().join("neokeys.yml");
        let log = self.folder.path().join("process.log");
        let mut command = Command::new(neokeys());
        command.args(["serve", "--config"]).arg(&settings);
        Process(Server::start_logged(&mut command, &log))
    }
}

impl Process {
    /// Tells it to end, and waits until it has.
    pub fn terminate(self) {
        assert!(self.0.terminate().0.success());
    }

    /// A client with the key of tenant `t1` that may do everything.
    pub fn admin(&self) -> Client {
        self.client().with_api_key(&token_of("admin"))
    }

    pub fn client(&self) -> Client {
        Client::new(self.0.origin())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

impl ServiceBuilder {
    pub fn tenant(self, tenant: &str, document: &str) -> Self {
        let path = document_path(self.folder.path(), tenant);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        put(&path, document);
        self
    }

    /// One more issuer, known by its address alone.
    pub fn other_issuer(mut self, issuer: &str) -> Self {
        let audience = Issuer::AUDIENCE;
        self.others += &format!(
            "      - issuer: {issuer}\n        audience: {audience}\n        access_tokens_only: true\n"
        );
        self
    }

    /// How often the last use of each token is written down.
    pub fn usage_period(mut self, period: &str) -> Self {
        self.usage_period = period.to_owned();
        self
    }

    /// Lines that are added to the settings file.
    pub fn settings(mut self, yaml: &str) -> Self {
        self.settings.push_str(yaml);
        self
    }

    pub fn start(self) -> Service {
        let keys = self.folder.path().join("jwks.json");
        put(&keys, &self.issuer.key_set().to_string());
        let settings = format!(
            "listen: 127.0.0.1:0\nstore:\n  url: file:{store}\n  usage_period: {usage_period}\nauth:\n  bearer:\n    issuers:\n      - issuer: {issuer}\n        \
             audience: {audience}\n        jwks: file:{keys}\n{others}{more}",
            store = self.folder.path().join("store").display(),
            issuer = Issuer::NAME,
            audience = Issuer::AUDIENCE,
            keys = keys.display(),
            others = self.others,
            usage_period = self.usage_period,
            more = self.settings,
        );
        let file = self.folder.path().join("neokeys.yml");
        put(&file, &settings);
        let settings = Settings::from_yaml(&settings).unwrap();
        let (send, receive) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::start(settings, false).await.unwrap();
                let metrics = application.metrics().map(str::to_owned);
                let ext_authz = application.ext_authz().map(str::to_owned);
                let origin = application.origin().to_owned();
                send.send((origin, metrics, ext_authz, application.stop())).unwrap();
                application.run().await.unwrap();
            });
        });
        let (origin, metrics, ext_authz, stop) = receive.recv().expect("the service starts");
        Service {
            issuer: self.issuer,
            folder: self.folder,
            origin,
            metrics,
            ext_authz,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// The token of a key that [`entry`] made.
pub fn token_of(name: &str) -> String {
    format!("token-of-{name}")
}

/// One entry of a document.
pub fn entry(name: &str, enabled: bool, permissions: &[&str]) -> String {
    let permissions: String = permissions.iter().map(|it| format!("      - \"{it}\"\n")).collect();
    format!(
        "  - name: {name}\n    enabled: {enabled}\n    permissions:\n{permissions}    hash: {}\n",
        Digest::of(token_of(name).as_bytes()).to_hex()
    )
}

/// A document with these entries.
pub fn document(entries: &[String]) -> String {
    format!("apiKeys:\n{}", entries.concat())
}

fn document_path(folder: &Path, tenant: &str) -> PathBuf {
    folder.join("store").join(tenant).join("security.yml")
}

#[expect(clippy::disallowed_methods, reason = "what a test lays out need not outlive a power cut")]
fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
