//! Issuers at https addresses: whose certificates are taken.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;

use super::stub::{Answer, StubIssuer};
use super::{ON_DEMAND, verifier_for};
use crate::{claims, claims_with, issuer_config, known};
use neokeys::auth::bearer::{BearerError, BearerVerifier, IssuerHealth, SigningAlgorithm};
use neokeys_testkit::clock::TestClock;
use neokeys_testkit::signer::{SIGNERS, key_set, signer};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A private certificate authority, with its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn generate() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("ca.pem"), &issuer.pem());
        Self { issuer, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server's TLS with a certificate of this authority.
    fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(HERE)];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        Arc::new(config.unwrap())
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's file need not survive a power cut")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

/// An issuer with every signer's key at that TLS.
fn serve(tls: Arc<ServerConfig>) -> StubIssuer {
    let issuer = StubIssuer::start_tls(tls);
    issuer.answer("/jwks", Answer::json(&key_set(SIGNERS.iter())));
    issuer
}

/// How a verifier stands with the issuer that trusts only that authority, or the system's; and
/// whether it takes the issuer's tokens.
async fn judge(issuer: &StubIssuer, ca: Option<PathBuf>) -> (IssuerHealth, bool) {
    let mut config = issuer_config();
    (config.jwks, config.ca) = (Some(issuer.url("/jwks")), ca);
    let verifier = verifier_for(config, ON_DEMAND, TestClock::new()).await;
    let taken = verifier.verify(&signer(SigningAlgorithm::Es256).token(&claims())).await;
    assert!(taken.is_ok() || taken == Err(BearerError::UnknownKey));
    (verifier.health().remove(0), taken.is_ok())
}

#[tokio::test]
async fn keys_come_from_an_issuer_for_whom_its_own_authority_vouches() {
    let authority = Authority::generate();
    let issuer = serve(authority.certify(|_| {}));
    let (health, taken) = judge(&issuer, Some(authority.file())).await;
    assert!(health.is_good() && taken, "{health:?}");
    // Several authorities in one file.
    let both = authority.folder.path().join("both.pem");
    let other = Authority::generate();
    write(&both, &format!("# ours\n{}\n{}", other.issuer.pem(), authority.issuer.pem()));
    assert!(judge(&issuer, Some(both)).await.1);
    // By discovery, and the key set at the address that it names.
    let name = issuer.url("/realms/a");
    let document = json!({ "issuer": name, "jwks_uri": issuer.url("/jwks") });
    issuer.answer("/realms/a/.well-known/openid-configuration", Answer::json(&document));
    let mut config = issuer_config();
    (config.issuer, config.ca) = (name.clone(), Some(authority.file()));
    let verifier = verifier_for(config, ON_DEMAND, TestClock::new()).await;
    let token = signer(SigningAlgorithm::Rs256).token(&claims_with(json!({ "iss": name })));
    assert!(verifier.verify(&token).await.is_ok(), "{:?}", verifier.health());
}

#[tokio::test]
async fn no_other_certificate_is_taken() {
    let (authority, other) = (Authority::generate(), Authority::generate());
    let unknown = "no certificate authority that counts vouches for it";
    let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
    let own = authority.certify(|_| {});
    let own_name = authority.certify(|params| {
        params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    });
    let own_address =
        authority.certify(|params| params.subject_alt_names = vec![SanType::IpAddress(elsewhere)]);
    let expired = authority.certify(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let early = authority.certify(|params| params.not_before = rcgen::date_time_ymd(2090, 1, 1));
    let ours = || Some(authority.file());
    for (name, tls, ca, reason) in [
        ("of a private authority, to the system's", Arc::clone(&own), None, unknown),
        ("of another authority", own, Some(other.file()), unknown),
        ("of another name", own_name, ours(), "not valid for name \"127.0.0.1\""),
        ("of another address", own_address, ours(), "not valid for name \"127.0.0.1\""),
        ("of yesterday", expired, ours(), "expired"),
        ("of tomorrow", early, ours(), "not valid yet"),
    ] {
        let issuer = serve(tls);
        let (health, taken) = judge(&issuer, ca).await;
        let fault = health.fault.as_ref().unwrap().to_string();
        assert!(fault.starts_with("the issuer's certificate is not taken: "), "{name}: {fault}");
        assert!(fault.contains(reason), "{name}: {fault}");
        assert!(!taken && health.keys == 0, "{name}");
        assert_eq!(issuer.requests("/jwks"), 0, "{name}");
    }
}

#[tokio::test]
async fn authorities_that_cannot_be_used_stop_the_start_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key = KeyPair::generate().unwrap().serialize_pem();
    for (text, reason) in [
        (None, "cannot be read: No such file"),
        (Some(""), "holds no certificates in PEM form"),
        (Some("nonsense"), "holds no certificates in PEM form"),
        (Some(&*key), "holds no certificates in PEM form"),
        (Some(broken), "holds a certificate that cannot be used"),
    ] {
        if let Some(text) = text {
            write(&path, text);
        }
        let mut config = issuer_config();
        config.jwks = Some("https://127.0.0.1:1/jwks".to_owned());
        config.ca = Some(path.clone());
        let opened = BearerVerifier::open(known(config), TestClock::new()).await;
        let error = opened.err().unwrap().to_string();
        let named = format!("auth.bearer.issuers[0].ca: {} {reason}", path.display());
        assert!(error.starts_with(&named), "{error}");
    }
}
