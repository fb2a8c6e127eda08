//! `neokeys login` and `logout` beside the development issuer, and beside an issuer of the test's own that
//! answers what one should not.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;

use neokeys_testkit::server::Server;
use neokeys_testkit::workplace::{Run, Workplace};
use serde_json::{Value, json};

const FILE: &str = "state/neokeys/login.json";
const LIST: [&str; 4] = ["keys", "list", "--tenant", "demo"];

fn state(place: &Workplace) -> String {
    place.path("state").display().to_string()
}

/// Signs in, and answers on the page with this form.
fn login(place: &Workplace, issuer: &str, form: &str) -> Run {
    let mut command = place.command(&["login", "--issuer", issuer, "--client-id", "cli"]);
    command.env("XDG_STATE_HOME", state(place)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut remarks = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    remarks.read_line(&mut said).unwrap();
    if let Some((_, url)) = said.trim().split_once("or open ") {
        post(url, form);
    }
    remarks.read_to_string(&mut said).unwrap();
    let mut results = String::new();
    child.stdout.take().unwrap().read_to_string(&mut results).unwrap();
    Run { exit_code: child.wait().unwrap().code().unwrap(), results, remarks: said }
}

/// Sends a form as the page's own would be sent.
fn post(url: &str, form: &str) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = form.len();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

fn serve(place: &Workplace) -> (Server, String) {
    let server = place.serve(&["--dev"]);
    let issuer = format!("{}/dev-issuer", server.origin());
    (server, issuer)
}

fn ask(place: &Workplace, server: &Server) -> Run {
    let arguments = [&LIST[..], &["--server", server.origin()]].concat();
    place.run_with(&[("XDG_STATE_HOME", &state(place))], &arguments)
}

fn session(place: &Workplace) -> Value {
    serde_json::from_str(&place.read(FILE)).unwrap()
}

/// Writes a session as it is, with another end.
fn write(place: &Workplace, session: &Value) {
    place.write(FILE, &session.to_string());
}

#[test]
fn who_signed_in_asks_servers_until_they_sign_out() {
    let place = Workplace::new();
    let (server, issuer) = serve(&place);
    let refused = ask(&place, &server).refused(2);
    assert!(refused.contains("neokeys login"), "{refused}");
    let run = login(&place, &issuer, "tenant=demo&permission=*&lifetime=900");
    assert_eq!((run.exit_code, run.results.as_str()), (0, ""), "{run:?}");
    let kept = session(&place);
    for secret in ["accessToken", "refreshToken"] {
        assert!(!run.remarks.contains(kept[secret].as_str().unwrap()), "{run:?}");
    }
    let mode = |name: &str| place.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(FILE), mode("state/neokeys")), (0o600, 0o700));
    ask(&place, &server).done();
    // A token that is over is renewed, once, whoever asks at the same time.
    let mut over = kept.clone();
    over["expiresAt"] = json!(1);
    write(&place, &over);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&place, &server))).collect();
        asked.into_iter().for_each(|run| drop(run.join().unwrap().done()));
    });
    let renewed = session(&place);
    assert_ne!(renewed["refreshToken"], kept["refreshToken"]);
    assert!(renewed["expiresAt"].as_u64() > Some(1));
    assert_eq!(mode(FILE), 0o600);
    // A refresh token that was used before ends the sign-in.
    write(&place, &over);
    let revoked = ask(&place, &server).refused(1);
    assert!(
        revoked.contains("cannot be renewed") && revoked.contains("neokeys login"),
        "{revoked}"
    );
    // An access token that the server does not take any more.
    let mut other = renewed.clone();
    other["accessToken"] = json!("eyJhbGciOiJFUzI1NiJ9.e30.c2ln");
    write(&place, &other);
    let refused = ask(&place, &server).refused(1);
    assert!(refused.contains("valid credential") && refused.contains("neokeys login"), "{refused}");
    fs::set_permissions(place.path(FILE), PermissionsExt::from_mode(0o644)).unwrap();
    assert!(ask(&place, &server).refused(1).contains("read by others"));
    let out = place.run_with(&[("XDG_STATE_HOME", &state(&place))], &["logout"]);
    assert_eq!(out.exit_code, 0, "{out:?}");
    assert!(!place.path(FILE).exists());
    ask(&place, &server).refused(2);
    let again = place.run_with(&[("XDG_STATE_HOME", &state(&place))], &["logout"]);
    assert!(again.remarks.contains("Nobody"), "{again:?}");
}

#[test]
fn who_is_denied_is_told_so_and_not_signed_in() {
    let place = Workplace::new();
    let (_server, issuer) = serve(&place);
    let denied = login(&place, &issuer, "deny=true");
    assert_eq!(denied.exit_code, 1, "{denied:?}");
    assert!(denied.remarks.contains("was denied"), "{denied:?}");
    assert!(!place.path(FILE).exists());
    let other = login(&place, &format!("{issuer}/"), "");
    assert!(other.remarks.contains("another issuer"), "{other:?}");
    let nobody = login(&place, &issuer.replace("/dev-issuer", ""), "");
    assert!(nobody.remarks.contains("no issuer at this address"), "{nobody:?}");
}

/// An issuer that answers its token endpoint with these, one after another, the last one again and again.
fn issuer(answers: &'static [(u16, &'static str)], codes: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("http://{}", listener.local_addr().unwrap());
    let metadata = json!({
        "issuer": name, "token_endpoint": format!("{name}/token"),
        "device_authorization_endpoint": format!("{name}/codes"),
    });
    thread::spawn(move || {
        let mut answers = answers.iter();
        let mut last = answers.next().unwrap();
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let (status, body) = match first.split(' ').nth(1).unwrap() {
                "/token" => {
                    let (status, body) = last;
                    last = answers.next().unwrap_or(last);
                    (*status, (*body).to_owned())
                }
                "/codes" => (200, codes.to_string()),
                _ => (200, metadata.to_string()),
            };
            let length = body.len();
            let _ = write!(
                &stream,
                "HTTP/1.1 {status} Answer\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    name
}

fn codes(expires_in: u64, interval: u64) -> Value {
    json!({
        "device_code": "SecretDeviceCode", "user_code": "AB\u{1b}[31mCD", "expires_in": expires_in,
        "verification_uri": "https://issuer.example/device", "interval": interval,
    })
}

#[test]
fn an_issuer_is_asked_as_often_as_it_likes_and_its_answers_are_not_believed_to_be_good() {
    const PENDING: (u16, &str) = (400, r#"{"error":"authorization_pending"}"#);
    const SLOW: (u16, &str) = (400, r#"{"error":"slow_down"}"#);
    const GRANTED: (u16, &str) = (200, r#"{"access_token":"SecretToken","token_type":"Bearer"}"#);
    for (answers, codes, exit_code, told) in [
        (&[PENDING, SLOW, GRANTED][..], codes(600, 0), 0, "Signed in"),
        (&[PENDING], codes(1, 1), 1, "nobody answered in time"),
        (&[(400, r#"{"error":"expired_token"}"#)], codes(600, 0), 1, "nobody answered in time"),
        (&[(401, r#"{"error":"invalid_client"}"#)], codes(600, 0), 1, "invalid_client"),
        (&[(502, "<html>SecretPage</html>")], codes(600, 0), 1, "none of an issuer"),
        (&[(200, r#"{"access_token":7}"#)], codes(600, 0), 1, "none of an issuer"),
        (&[PENDING], json!({}), 1, "none of an issuer"),
    ] {
        let place = Workplace::new();
        let run = login(&place, &issuer(answers, codes), "");
        assert_eq!(run.exit_code, exit_code, "{run:?}");
        assert!(run.remarks.contains(told) && !run.remarks.contains("Secret"), "{run:?}");
        assert!(!run.remarks.contains('\u{1b}'), "{run:?}");
        assert_eq!(place.path(FILE).exists(), exit_code == 0);
    }
}
