//! Servers of object storage: Azurite, SeaweedFS, moto's S3, and a small one of our own in the place
//! of Google's.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Command, Stdio};

use rustix::process::{Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use super::{get, python, wait_until};
use crate::programs::{Running, folder, free_port, node, tool};

/// The bucket or container that every server has.
pub const BUCKET: &str = "keys";

/// A server with one bucket, and what the environment of its users says.
pub struct Buckets {
    pub scheme: &'static str,
    variables: Vec<(&'static str, String)>,
    process: Running,
    _folder: TempDir,
    /// Sockets that it has in a folder which is not ours.
    sockets: Vec<String>,
}

impl Drop for Buckets {
    fn drop(&mut self) {
        if !self.sockets.is_empty() {
            self.process.end();
        }
        for socket in &self.sockets {
            let _ = fs::remove_file(socket);
        }
    }
}

impl Buckets {
    /// Azurite, with the account that it is known for.
    pub fn azurite() -> Self {
        let (place, port) = (TempDir::new().unwrap(), free_port());
        let script = "node_modules/azurite/dist/src/blob/main.js";
        let mut command = node("crates/neokeys-testkit/src/servers", script);
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.args(["--disableTelemetry", "--silent", "--skipApiVersionCheck", "--location"]);
        command.arg(place.path()).stdout(Stdio::null());
        let process = Running::spawn(&mut command);
        let address = format!("127.0.0.1:{port}");
        wait_until("Azurite", || get(&address, "/devstoreaccount1").is_some());
        let account = "devstoreaccount1";
        // Published by its makers for exactly this.
        let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/\
                   K1SZFPTOtr/KBHBeksoGMGw==";
        let run = Command::new("node")
            .arg(folder("crates/neokeys-testkit/src/servers/make_container.mjs"))
            .args([&format!("http://{address}/{account}"), account, key, BUCKET])
            .status();
        assert!(run.unwrap().success());
        Self {
            scheme: "az",
            variables: vec![
                ("AZURE_STORAGE_ACCOUNT_NAME", account.to_owned()),
                ("AZURE_STORAGE_ACCOUNT_KEY", key.to_owned()),
                ("AZURE_ENDPOINT", format!("http://{address}/{account}")),
                ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ],
            process,
            _folder: place,
            sockets: Vec::new(),
        }
    }

    /// moto's S3, which answers one request after the other, as a conditional write demands.
    pub fn s3() -> Self {
        Self::spoiled_s3(&[])
    }

    /// The same, spoiled as the script says.
    pub fn spoiled_s3(how: &[&str]) -> Self {
        let (process, port) = script("s3.py", how);
        Self::of_s3(process, TempDir::new().unwrap(), port, "test")
    }

    /// SeaweedFS.
    pub fn seaweedfs() -> Self {
        let place = TempDir::new().unwrap();
        let users = json!({"identities": [{
            "name": "test",
            "credentials": [{"accessKey": "test", "secretKey": "testtest"}],
            "actions": ["Admin"],
        }]});
        let mut file = File::create(place.path().join("users.json")).unwrap();
        file.write_all(users.to_string().as_bytes()).unwrap();
        let port = free_port();
        let mut command = Command::new(tool("stores/bin/weed"));
        command.current_dir(place.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(place.path().join("log")).unwrap());
        command.args(["-logtostderr=true", "server", "-dir=.", "-filer=true", "-s3=true"]);
        command.args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.config=users.json"]);
        command.args(["-volume.max=5", "-master.volumeSizeLimitMB=64"]);
        // What it would serve besides, on ports that are the same for every SeaweedFS.
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
        command.arg("-filer.localSocket=filer.sock").arg(format!("-s3.port={port}"));
        let mut sockets = vec![format!("/tmp/seaweedfs-s3-{port}.sock")];
        for part in ["master", "volume", "filer", "s3"] {
            if part != "s3" {
                command.arg(format!("-{part}.port={}", free_port()));
            }
            let port = free_port();
            command.arg(format!("-{part}.port.grpc={port}"));
            sockets.push(format!("/tmp/seaweedfs-{part}-grpc-{port}.sock"));
        }
        let mut process = Running::spawn(&mut command);
        let address = format!("127.0.0.1:{port}");
        wait_until("SeaweedFS", || {
            let log = || fs::read_to_string(place.path().join("log")).unwrap();
            assert!(!process.has_ended(), "SeaweedFS ended: {}", log());
            get(&address, "/").is_some()
        });
        let run = Command::new(python())
            .arg(folder("crates/neokeys-testkit/src/servers/make_bucket.py"))
            .args([&format!("http://{address}"), BUCKET])
            .status();
        assert!(run.unwrap().success());
        let mut buckets = Self::of_s3(process, place, port, "testtest");
        buckets.sockets = sockets;
        buckets
    }

    fn of_s3(process: Running, place: TempDir, port: u16, secret: &str) -> Self {
        Self {
            scheme: "s3",
            variables: vec![
                ("AWS_ACCESS_KEY_ID", "test".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
                ("AWS_REGION", "us-east-1".to_owned()),
                ("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")),
                ("AWS_ALLOW_HTTP", "true".to_owned()),
            ],
            process,
            _folder: place,
            sockets: Vec::new(),
        }
    }

    /// A small server of our own after Google's API.
    pub fn google() -> Self {
        Self::spoiled_google(&[])
    }

    /// The same, spoiled as the script says.
    pub fn spoiled_google(how: &[&str]) -> Self {
        let (process, port) = script("gs.py", how);
        let account = json!({
            "private_key": "", "private_key_id": "", "client_email": "", "disable_oauth": true,
        });
        Self {
            scheme: "gs",
            variables: vec![
                ("GOOGLE_SERVICE_ACCOUNT_KEY", account.to_string()),
                ("GOOGLE_BASE_URL", format!("http://127.0.0.1:{port}")),
                ("GOOGLE_ALLOW_HTTP", "true".to_owned()),
            ],
            process,
            _folder: TempDir::new().unwrap(),
            sockets: Vec::new(),
        }
    }

    /// Stops the server, so that it is there and does not answer.
    pub fn stop(&self) {
        kill_process(self.process.id(), Signal::STOP).unwrap();
    }

    /// Lets it answer again.
    pub fn resume(&self) {
        kill_process(self.process.id(), Signal::CONT).unwrap();
    }

    /// The address of a store in it.
    pub fn url(&self, prefix: &str) -> String {
        format!("{}://{BUCKET}/{prefix}", self.scheme)
    }

    /// The environment of its users.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

/// A server in Python, with a bucket, and its port.
fn script(name: &str, how: &[&str]) -> (Running, u16) {
    let mut command = Command::new(python());
    command.arg(folder("crates/neokeys-testkit/src/servers").join(name)).arg(BUCKET).args(how);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running::spawn(&mut command);
    let port = server.line().parse().unwrap();
    (server, port)
}
