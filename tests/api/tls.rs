//! TLS by certificate and key in files that are renewed while the service runs.

use std::fs;
use std::path::Path;

use neokeys::settings::Settings;
use neokeys::startup::{Application, StartError};
use reqwest::Certificate;

use crate::KEYS;
use neokeys_testkit::{Service, token_of};

/// Writes a new self-signed certificate for 127.0.0.1 and its key, and gives what a client trusts.
#[expect(clippy::disallowed_methods, reason = "what a test lays out need not outlive a power cut")]
fn certify(folder: &Path) -> Certificate {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

fn settings(folder: &Path) -> String {
    let folder = folder.display();
    format!("tls:\n  certificate: {folder}/certificate.pem\n  key: {folder}/key.pem\n")
}

async fn get(service: &Service, trusted: &Certificate) -> reqwest::Result<u16> {
    let client = reqwest::Client::builder().tls_certs_only([trusted.clone()]).build()?;
    let request = client.get(format!("{}{KEYS}", service.origin()));
    Ok(request.header("X-API-KEY", token_of("admin")).send().await?.status().as_u16())
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_from_the_next_connection_on() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let service = Service::builder().settings(&settings(folder.path())).start();
    assert!(service.origin().starts_with("https://"));
    assert_eq!(get(&service, &first).await.unwrap(), 200);
    let second = certify(folder.path());
    assert_eq!(get(&service, &second).await.unwrap(), 200);
    assert!(get(&service, &first).await.is_err());
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what a test lays out need not outlive a power cut")]
async fn a_certificate_that_cannot_be_used_does_not_replace_one_that_can() {
    let folder = tempfile::tempdir().unwrap();
    let good = certify(folder.path());
    let service = Service::builder().settings(&settings(folder.path())).start();
    let certificate = fs::read(folder.path().join("certificate.pem")).unwrap();
    for broken in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        fs::write(folder.path().join("certificate.pem"), broken).unwrap();
        assert_eq!(get(&service, &good).await.unwrap(), 200, "{broken}");
    }
    // Half of a renewal: the old certificate and another key.
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    fs::write(folder.path().join("certificate.pem"), certificate).unwrap();
    fs::write(folder.path().join("key.pem"), key).unwrap();
    assert_eq!(get(&service, &good).await.unwrap(), 200);
}

#[tokio::test]
async fn plain_http_is_not_answered_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let service = Service::builder().settings(&settings(folder.path())).start();
    let plain = service.origin().replace("https://", "http://");
    assert!(reqwest::get(format!("{plain}/health/live")).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_used_stops_the_start_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().display();
    for (tls, expected) in [
        ("{certificate: a.pem}", "tls.certificate and tls.key go together; tls.key is not set"),
        ("{key: a.pem}", "tls.certificate and tls.key go together; tls.certificate is not set"),
        ("{certificate: /nowhere.pem, key: /nowhere.key}", "/nowhere.pem cannot be read"),
        (
            "{certificate: Cargo.toml, key: Cargo.toml}",
            "Cargo.toml holds no certificate in PEM form",
        ),
    ] {
        let text = format!("listen: 127.0.0.1:0\nstore: file:{store}\ntls: {tls}\n");
        let started = Application::start(Settings::from_yaml(&text).unwrap(), false).await;
        let Err(StartError::Tls(error)) = started else { panic!("{tls} is taken") };
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
