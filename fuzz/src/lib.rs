//! A service for those fuzz targets whose bytes come over HTTP: the production start-up on a folder of
//! its own, and one connection that speaks to it byte by byte, so that nothing tidies them up.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use neokeys::settings::Settings;
use neokeys::startup::Application;
use neokeys_store::domain::Digest;
use tempfile::TempDir;

/// The token of a key that may do everything in tenant `t`.
pub const ADMIN: &str = "token-of-admin";

/// An answer that never comes is a finding.
const LONGEST: Duration = Duration::from_secs(60);

/// An ES256 key of which nobody has the other half: no token is ever good.
const KEY_SET: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"k1",
"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// A running service and a connection to it.
pub struct Service {
    _folder: TempDir,
    address: String,
    connection: Option<TcpStream>,
}

/// The outcome of a request.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Service {
    /// Starts a service with one tenant, `t`, which has the key of [`ADMIN`].
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the store");
        let tenant = folder.path().join("store/t");
        fs::create_dir_all(&tenant).expect("a tenant's folder");
        let hash = Digest::of(ADMIN.as_bytes()).to_hex();
        let document =
            format!("apiKeys:\n  - name: admin\n    permissions: ['*']\n    hash: {hash}\n");
        fs::write(tenant.join("security.yml"), document).expect("a document");
        fs::write(folder.path().join("jwks.json"), KEY_SET).expect("a key set");
        let settings = format!(
            "listen: 127.0.0.1:0\nstore: file:{folder}/store\nlog: {{ level: error }}\nauth:\n  bearer:\n    \
             issuers:\n      - issuer: https://issuer.test/\n        audience: https://neokeys.test/api/\n        \
             jwks: file:{folder}/jwks.json\n",
            folder = folder.path().display(),
        );
        let settings = Settings::from_yaml(&settings).expect("settings of ours");
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::start(settings, false).await.expect("it starts");
                send.send(application.origin().to_owned()).expect("somebody waits for it");
                application.run().await.expect("it runs");
            });
        });
        let origin = receive.recv_timeout(LONGEST).expect("the service listens");
        let address = origin.trim_start_matches("http://").to_owned();
        Self { _folder: folder, address, connection: None }
    }

    /// Sends the bytes of one request, with its `Content-Length`, and reads the answer.
    pub fn ask(&mut self, head: &[u8], body: &[u8]) -> Answer {
        let mut request = head.to_vec();
        request.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        request.extend(body);
        // A connection that the service closed after its last answer is opened again.
        for is_last in [false, true] {
            let connection = self.connection.take().unwrap_or_else(|| self.connect());
            match exchange(connection, &request) {
                Ok((answer, connection)) => {
                    self.connection = connection;
                    return answer;
                }
                Err(error) if is_last => panic!("no answer: {error}"),
                Err(_) => {}
            }
        }
        unreachable!("the second try returns")
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("the service takes connections");
        stream.set_read_timeout(Some(LONGEST)).expect("a socket has time limits");
        stream.set_nodelay(true).expect("a socket sends at once");
        stream
    }
}

/// One request and its answer; the connection comes back if it stays open.
fn exchange(
    mut connection: TcpStream,
    request: &[u8],
) -> std::io::Result<(Answer, Option<TcpStream>)> {
    // It may be refused before it is read to its end, so a failure to send is no failure yet.
    let sent = connection.write_all(request);
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if more(&mut connection, &mut read)? == 0 {
            sent?;
            return Err(ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8(read[..end].to_vec()).expect("a head of ASCII");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|it| it.split("\r\n").next());
    let length: usize = length.map_or(0, |it| it.parse().expect("a length"));
    while read.len() < end + length {
        if more(&mut connection, &mut read)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let stays = sent.is_ok() && !head.contains("connection: close");
    let body = read[end..].to_vec();
    Ok((Answer { status, body }, stays.then_some(connection)))
}

fn more(connection: &mut TcpStream, read: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut part = [0; 4096];
    let count = connection.read(&mut part)?;
    read.extend(&part[..count]);
    Ok(count)
}
