//! `neokeys serve`, from its first line to its last.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use neokeys::contract::{API_KEY_HEADER_TEXT, OPERATIONS, parameter};

use neokeys_testkit::workplace::Workplace;

/// The whole answer to a GET.
pub(crate) fn get(address: &str, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}{header}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_where_it_listens_once_it_does_and_stops_when_told() {
    let place = Workplace::with_tenant();
    let server = place.serve(&[]);
    let address = server.address().to_owned();
    let answer = get(&address, "/health/live", "Accept: */*");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (status, log) = server.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn tenants_that_nobody_asks_for_cost_nothing_at_the_start() {
    let place = Workplace::new();
    for tenant in 0..2000 {
        std::fs::create_dir_all(place.path(&format!("data/t{tenant}"))).unwrap();
    }
    let server = place.serve_traced("%file");
    let address = server.address();
    let answer = get(address, "/health/ready", "Accept: */*");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let key = format!("{API_KEY_HEADER_TEXT}: unknown");
    let path = OPERATIONS[0].path.replace(&format!("{{{}}}", parameter::TENANT_ID), "t7");
    assert!(get(address, &path, &key).starts_with("HTTP/1.1 401 "));
    server.terminate();
    let trace = place.read("trace");
    let calls = |what: &str| trace.lines().filter(|line| line.contains(what)).count();
    let listings = trace.lines().filter(|line| line.contains("O_DIRECTORY"));
    assert_eq!(listings.filter(|line| line.contains("\"data\"")).count(), 0, "{trace}");
    assert!(calls("\"data/t7/") > 0, "{trace}");
    assert_eq!(calls("\"data/t"), calls("\"data/t7"), "{trace}");
}

#[test]
fn it_can_be_told_to_stop_from_its_first_line_on() {
    for _ in 0..10 {
        let place = Workplace::with_tenant();
        let (status, log) = place.serve(&[]).terminate();
        assert_eq!(status.code(), Some(0), "{log}");
    }
}

#[test]
fn a_developers_first_line_of_curl_works_as_it_is_printed() {
    let place = Workplace::new();
    let mut server = place.serve(&["--dev"]);
    let address = server.address().to_owned();
    // Before anything else there is the page that works without knowing more.
    assert_eq!(server.process.line(), "");
    let console = server.process.line();
    assert_eq!(console.split_whitespace().last(), Some(&*format!("http://{address}/console/")));
    assert!(console.starts_with("Console:"), "{console}");
    let swagger_ui = server.process.says("Swagger UI:");
    assert!(swagger_ui.ends_with(&format!("http://{address}/swagger-ui/")), "{swagger_ui}");
    let token = server.process.says("Bearer token:");
    let token = token.rsplit(' ').next().unwrap().to_owned();
    let curl = server.process.says("curl ");
    // What a shell makes of the line: a quoted header and a bare URL.
    let (header, url) =
        curl.strip_prefix("-H '").and_then(|rest| rest.split_once("' http://")).unwrap();
    assert_eq!(header, format!("Authorization: Bearer {token}"));
    let path = url.strip_prefix(&address).unwrap();
    let answer = get(&address, path, header);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n[]"), "{answer}");
    assert!(place.path("data/demo").is_dir());
    let (status, log) = server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains(&token), "{log}");
}

#[test]
fn a_developers_server_is_for_this_machine_alone() {
    let place = Workplace::new();
    let said = place.run(&["serve", "--listen", "localhost:8080"]).refused(2);
    assert!(said.contains("such as 127.0.0.1:8080"), "{said}");
    let said = place.run(&["serve", "--dev", "--listen", "0.0.0.0:0"]).refused(2);
    assert!(said.contains("loopback"), "{said}");
    assert!(!place.path("data").exists());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let place = Workplace::with_tenant();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = place.run(&["serve", "--listen", &address]).refused(1);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("--listen"), "{said}");
    place.write("neokeys.yml", &format!("metrics: {{ listen: '{address}' }}\n"));
    let said = place.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
    assert!(
        said.contains(&format!("cannot listen on {address} (setting metrics.listen)")),
        "{said}"
    );
    assert!(said.contains("choose another address with metrics.listen"), "{said}");
}

#[test]
fn the_command_line_and_a_running_server_see_each_others_keys_at_once() {
    let place = Workplace::with_tenant();
    let server = place.serve(&[]);
    let address = server.address();
    let key = ["reader", "--tenant", "demo"];
    let permission = OPERATIONS[0].scope;
    let create = [&["keys", "create"], &key[..], &["--permission", permission]].concat();
    let path = OPERATIONS[0].path.replace(&format!("{{{}}}", parameter::TENANT_ID), "demo");
    for _ in 0..3 {
        let token = place.run(&create).done();
        let header = format!("{API_KEY_HEADER_TEXT}: {}", token.trim_end());
        let answer = get(address, &path, &header);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("reader"), "{answer}");
        place.run(&[&["keys", "delete"], &key[..]].concat()).done();
        assert!(get(address, &path, &header).starts_with("HTTP/1.1 401 "));
    }
}

#[test]
fn a_machine_without_certificate_authorities_is_told_which_setting_names_them() {
    let place = Workplace::with_tenant();
    let none = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/var/empty/none")];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    place.write(
        "neokeys.yml",
        "auth: {bearer: {issuers: [{issuer: 'https://127.0.0.1:1/', audience: a}]}}\n",
    );
    let said = place.run_with(&none, &serve).refused(2);
    assert!(said.contains("name a file of them in each issuer's ca: "), "{said}");
    // Keys that come in the clear, from this machine, need no authority.
    place.write(
        "neokeys.yml",
        "auth: {bearer: {issuers: [{issuer: i, audience: a, jwks: 'http://127.0.0.1:1/'}]}}\n",
    );
    let (status, log) = place.serve_with(&none, &[]).terminate();
    assert_eq!(status.code(), Some(0), "{log}");
}
