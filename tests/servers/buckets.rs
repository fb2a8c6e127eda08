//! Real servers of object storage: Azurite, and moto's S3.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Process, get, python, wait_until};
use crate::programs::{folder, free_port, node};

/// The bucket or container that every server has.
pub(crate) const BUCKET: &str = "keys";

/// A server with one bucket, and what the environment of its users says.
pub(crate) struct Buckets {
    pub(crate) scheme: &'static str,
    variables: Vec<(&'static str, String)>,
    _process: Process,
    _folder: TempDir,
}

impl Buckets {
    /// Azurite, with the account that it is known for.
    pub(crate) fn azurite() -> Self {
        let (place, port) = (TempDir::new().unwrap(), free_port());
        let script = "node_modules/azurite/dist/src/blob/main.js";
        let mut command = node("tests/servers", script);
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.args(["--disableTelemetry", "--silent", "--skipApiVersionCheck", "--location"]);
        command.arg(place.path()).stdout(Stdio::null());
        let process = Process::of(command.spawn().unwrap());
        let address = format!("127.0.0.1:{port}");
        wait_until("Azurite", || get(&address, "/devstoreaccount1").is_some());
        let account = "devstoreaccount1";
        // Published by its makers for exactly this.
        let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/\
                   K1SZFPTOtr/KBHBeksoGMGw==";
        let run = Command::new("node")
            .arg(folder("tests/servers/make_container.mjs"))
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
            _process: process,
            _folder: place,
        }
    }

    /// moto's S3, which answers one request after the other, as a conditional write demands.
    pub(crate) fn s3() -> Self {
        let place = TempDir::new().unwrap();
        let mut command = Command::new(python());
        command.arg(folder("tests/servers/s3.py")).arg(BUCKET);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self {
            scheme: "s3",
            variables: vec![
                ("AWS_ACCESS_KEY_ID", "test".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
                ("AWS_REGION", "us-east-1".to_owned()),
                ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", line.trim())),
                ("AWS_ALLOW_HTTP", "true".to_owned()),
            ],
            _process: Process::of(child),
            _folder: place,
        }
    }

    /// The address of a store in it.
    pub(crate) fn url(&self, prefix: &str) -> String {
        format!("{}://{BUCKET}/{prefix}", self.scheme)
    }

    /// What the environment of its users says.
    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}
