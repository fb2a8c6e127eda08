//! Files with secrets in them that are broken, and addresses with secrets in them: what is said of them
//! tells nothing of what they hold.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::secrets::Secrets;
use neokeys_testkit::server::{Server, neokeys};

/// A key and its certificate.
struct Pair {
    key: String,
    certificate: String,
}

impl Pair {
    fn generate() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        Self { key: made.signing_key.serialize_pem(), certificate: made.cert.pem() }
    }

    /// The text between the lines of the key, and the bytes that it stands for.
    fn body(&self) -> (String, Vec<u8>) {
        let body: String = self.key.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = STANDARD.decode(&body).unwrap();
        (body, bytes)
    }

    /// The key file broken in many ways, each with what has to be said of it.
    fn broken(&self) -> Vec<(&'static str, Vec<u8>, &'static str)> {
        let (key, (body, bytes)) = (&self.key, self.body());
        let text = |text: String| text.into_bytes();
        let utf16: Vec<u8> =
            [0xfeff].into_iter().chain(key.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let mut damaged = bytes.clone();
        damaged[4] ^= 0xff;
        let damaged = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(damaged)
        );
        let legacy = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n";
        vec![
            ("no line ends", text(key.replace('\n', "")), "line ends are lost"),
            ("blanks for line ends", text(key.replace('\n', " ")), "line ends are lost"),
            ("written line ends", text(key.replace('\n', "\\n")), "line ends are lost"),
            ("a short BEGIN", text(key.replacen("-----", "----", 2)), ""),
            ("a short END", text(key.replace("-----END", "---END")), "cut off"),
            ("another END", text(key.replace("END PRIVATE", "END RSA PRIVATE")), "cut off"),
            ("cut off", key.as_bytes()[..key.len() * 2 / 3].to_vec(), "cut off"),
            ("no lines around", text(body.clone()), "no line with BEGIN"),
            ("a wrong sign", text(key.replacen(&body[8..10], "*!", 1)), "not complete Base64"),
            ("a sign less", text(key.replacen(&body[8..9], "", 1)), ""),
            ("DER", bytes, "binary form"),
            ("a mark in front", text(format!("\u{feff}{key}")), "byte order mark"),
            ("UTF-16", utf16, "UTF-16"),
            ("encrypted", text(key.replace(" PRIVATE", " ENCRYPTED PRIVATE")), "encrypted"),
            ("encrypted long ago", text(key.replacen("-----\n", legacy, 1)), "encrypted"),
            ("for SSH", text(key.replace(" PRIVATE", " OPENSSH PRIVATE")), "SSH"),
            ("a public label", text(key.replace("PRIVATE", "PUBLIC")), "public key"),
            ("a certificate's label", text(key.replace("PRIVATE KEY", "CERTIFICATE")), "swapped"),
            ("damaged inside", text(damaged), "not a private key of a kind"),
            ("in quotes", text(format!("\"{}\"", key.trim().replace('\n', "\\n"))), ""),
            (
                "another's",
                text(Self::generate().key),
                "does not belong to the first certificate in",
            ),
        ]
    }
}

fn secrets(pair: &Pair) -> Secrets {
    let mut secrets = Secrets::default();
    let (body, bytes) = pair.body();
    secrets.add_everywhere("the private key's text", body.as_bytes());
    secrets.add_everywhere("the private key", &bytes);
    secrets
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    std::io::Write::write_all(&mut fs::File::create(folder.join(name)).unwrap(), bytes).unwrap();
}

/// A program in the folder, with these variables and a log of everything.
fn set_up(command: &mut Command, folder: &TempDir, variables: &[(&str, &str)]) {
    command.env_clear().env("NEOKEYS_LOG__LEVEL", "trace").envs(variables.iter().copied());
    command.current_dir(folder.path());
}

/// Exit code, and everything that it said.
fn run(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    // What is taken against all expectation would run for ever.
    let mut command = Command::new("/usr/bin/timeout");
    command.args(["--foreground", "120"]).arg(neokeys()).args(arguments);
    set_up(&mut command, folder, variables);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

const TLS: [(&str, &str); 3] = [
    ("NEOKEYS_LISTEN", "127.0.0.1:0"),
    ("NEOKEYS_TLS__CERTIFICATE", "certificate.pem"),
    ("NEOKEYS_TLS__KEY", "key.pem"),
];

#[test]
fn a_broken_key_file_is_told_without_a_byte_of_the_key_when_the_service_starts() {
    let (folder, pair) = (TempDir::new().unwrap(), Pair::generate());
    fs::create_dir(folder.path().join("data")).unwrap();
    let secrets = secrets(&pair);
    put(folder.path(), "certificate.pem", pair.certificate.as_bytes());
    for (way, file, expected) in pair.broken() {
        put(folder.path(), "key.pem", &file);
        let (code, said) = run(&folder, &["serve"], &TLS);
        assert_eq!(code, Some(2), "{way}: {said}");
        assert!(said.contains("key.pem") && said.contains(expected), "{way}: {said}");
        secrets.assert_absent(&format!("what is said of a key file with {way}"), &said);
        // Many keep both in one file, which is then the certificate's too.
        let both = [&file, pair.certificate.replace('\n', " ").as_bytes()].concat();
        put(folder.path(), "key.pem", &both);
        let both = [("NEOKEYS_TLS__CERTIFICATE", "key.pem")];
        let (code, said) = run(&folder, &["serve"], &[&TLS[..], &both].concat());
        assert_eq!(code, Some(2), "{way}: {said}");
        secrets.assert_absent(&format!("what is said of a certificate file with {way}"), &said);
    }
}

#[tokio::test]
async fn a_broken_key_file_is_told_without_a_byte_of_the_key_when_it_is_read_again() {
    let (folder, pair) = (TempDir::new().unwrap(), Pair::generate());
    fs::create_dir(folder.path().join("data")).unwrap();
    put(folder.path(), "certificate.pem", pair.certificate.as_bytes());
    put(folder.path(), "key.pem", pair.key.as_bytes());
    let mut command = Command::new(neokeys());
    set_up(command.arg("serve"), &folder, &TLS);
    let log = folder.path().join("log");
    let mut server = Server::start_logged(&mut command, &log);
    let trusted = reqwest::Certificate::from_pem(pair.certificate.as_bytes()).unwrap();
    let told = || fs::read_to_string(&log).unwrap().matches("keeping the last good one").count();
    for (number, (way, file, _)) in pair.broken().into_iter().enumerate() {
        put(folder.path(), "key.pem", &file);
        // The files are looked at when somebody connects.
        let end = Instant::now() + Duration::from_secs(60);
        while told() <= number {
            assert!(Instant::now() < end, "{way}: the log never says that the key is bad");
            let client = reqwest::Client::builder().tls_certs_only([trusted.clone()]);
            let asked = client.build().unwrap().get(format!("{}/health/live", server.origin()));
            assert_eq!(asked.send().await.unwrap().status(), 200, "{way}");
        }
    }
    server.process.end();
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("TRACE"), "{log}");
    secrets(&pair).assert_absent("the log", &log);
}

/// Addresses with a password in them, none of which is a store's.
const ADDRESSES: [&str; 11] = [
    "etcd://user:Pa55word-in-an-address@127.0.0.1:1/neokeys",
    "etcd://127.0.0.1:1,user:Pa55word-in-an-address@127.0.0.1:2/neokeys",
    "etcd://127.0.0.1:1/neokeys?password=Pa55word-in-an-address",
    "etcd://127.0.0.1:1/neokeys?tls=Pa55word-in-an-address",
    "etcd://user:Pa55word-in-an-address",
    "etcd://user:x/Pa55word-in-an-address@127.0.0.1/neokeys",
    "s3://KEY:Pa55word-in-an-address@bucket/prefix",
    "az://container/prefix?sig=Pa55word-in-an-address",
    "redis://user:Pa55word-in-an-address@127.0.0.1/0",
    "https://user:Pa55word-in-an-address@bucket.example/prefix",
    "user:Pa55word-in-an-address@127.0.0.1",
];

#[test]
fn a_password_in_an_address_is_not_repeated_wherever_the_address_is_given() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("data/demo")).unwrap();
    let mut secrets = Secrets::default();
    secrets.add("the password in an address", b"Pa55word-in-an-address");
    for address in ADDRESSES {
        let refused = |arguments: &[&str], variables: &[(&str, &str)]| {
            let (code, said) = run(&folder, arguments, variables);
            assert!(matches!(code, Some(1 | 2)), "{arguments:?} {variables:?}: {said}");
            assert!(!said.is_empty());
            secrets.assert_absent(&format!("what is said of {address}"), &said);
        };
        for command in [&["serve"][..], &["tenants", "list"], &["keys", "list", "--tenant", "demo"]]
        {
            refused(&[command, &["--store", address]].concat(), &[]);
            refused(&[command, &[&format!("--store={address}")]].concat(), &[]);
            refused(command, &[("NEOKEYS_STORE", address)]);
        }
        refused(&["copy", "--from", address, "--to", "file:data"], &[]);
        refused(&["copy", "--from", "file:data", "--to", address], &[]);
        if address.contains("://") {
            refused(&["serve", address], &[]);
            refused(&["serve", &format!("--stoer={address}")], &[]);
            for name in ["LISTEN", "LOG__LEVEL", "CORS__ORIGINS", "AUTH__BEARER__ISSUERS"] {
                refused(&["serve"], &[(&format!("NEOKEYS_{name}"), address)]);
            }
            for file in ["log: '{}'", "log: { level: '{}' }", "limits: ['{}']", "listen: '{}'"] {
                put(
                    folder.path(),
                    "neokeys.yml",
                    file.replace("'{}'", &format!("'{address}'")).as_bytes(),
                );
                refused(&["serve"], &[]);
            }
        }
        for file in ["store: '{}'", "store: { url: '{}' }", "store: ['{}']"] {
            put(
                folder.path(),
                "neokeys.yml",
                file.replace("'{}'", &format!("'{address}'")).as_bytes(),
            );
            refused(&["check"], &[]);
        }
        fs::remove_file(folder.path().join("neokeys.yml")).unwrap();
    }
}
