//! The pages in a real browser: headless Chromium, driven by the scripts of this folder. What a page
//! looked like when a step failed is kept in `target/browser`, and every step with `PICTURES=1`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod console;

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use neokeys_testkit::workplace::Workplace;
use neokeys_testkit::{programs, server};

/// The program in a folder of its own.
struct Server {
    server: server::Server,
    /// Where people find it.
    origin: String,
    place: Workplace,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(&[], arguments)
    }

    fn start_with(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::start_in(Workplace::with_tenant(), variables, arguments)
    }

    fn start_in(place: Workplace, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let serve = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut command = place.command(&serve);
        command.envs(variables.iter().copied());
        let server = server::Server::start_logged(&mut command, &place.path("log"));
        Self { origin: server.origin().to_owned(), server, place }
    }

    /// The bearer token that `serve --dev` prints.
    fn token(&mut self) -> String {
        self.server.process.says("Bearer token:")
    }

    /// The process that it is, for a script that stops or kills it.
    fn process_id(&self) -> String {
        self.server.process.id().to_string()
    }

    /// Has the browser go through a script.
    fn visit(&self, script: &str, arguments: &[&str]) {
        // It draws nothing that nobody looks at, and starts in less.
        let package = "chromium-headless-shell";
        let chromium = programs::program("/usr/bin/chromium-headless-shell", package);
        let mut command = programs::node("tests/browser", script);
        programs::run(command.arg(&self.origin).args(arguments).env("CHROMIUM", chromium));
    }
}

#[test]
fn a_key_is_made_used_and_deleted_in_swagger_ui_by_the_documented_contract() {
    Server::start(&["--dev"]).visit("issue_use_revoke.mjs", &["documented", "light"]);
}

#[test]
fn a_key_is_made_used_and_deleted_in_swagger_ui_by_the_sdk_profile() {
    Server::start(&["--dev"]).visit("issue_use_revoke.mjs", &["sdk", "dark"]);
}

#[test]
fn what_other_services_ask_can_be_tried_out() {
    Server::start(&["--dev"]).visit("ask.mjs", &[]);
}

/// Every request of the page, and of the sign-in that pops up, stays below the prefix: the journeys
/// fail on any other.
#[test]
fn the_page_and_the_sign_in_work_below_a_prefix() {
    let port = programs::free_port();
    let public = format!("http://127.0.0.1:{port}/neokeys");
    let slash = format!("{public}/");
    let mut server = Server::start_with(&[("NEOKEYS_PUBLIC_URL", &slash)], &["--dev"]);
    let _nginx = before(&server, port);
    server.origin = public;
    server.visit("console/token_view.mjs", &[&server.process_id()]);
    // Both open the documented contract first.
    server.visit("issue_use_revoke.mjs", &["sdk", "dark"]);
    server.visit("ask.mjs", &[]);
}

/// An nginx as `docs/deployment.md` puts it before a service, on this port; it accepts connections.
fn before(server: &Server, port: u16) -> programs::Running {
    let page = std::fs::read_to_string(programs::folder("docs/deployment.md")).unwrap();
    let location = page.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
    let location = location.replace("127.0.0.1:8080", server.server.address());
    let place = &server.place;
    place.write(
        "nginx.conf",
        &format!(
            "daemon off; master_process off; pid pid; error_log stderr;\n\
             events {{ worker_connections 64; }}\n\
             http {{ access_log off; client_body_temp_path b; proxy_temp_path p; \
             fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n\
             server {{ listen 127.0.0.1:{port};\n{location}}} }}\n"
        ),
    );
    let mut nginx = Command::new(programs::program("/usr/sbin/nginx", "nginx-light"));
    nginx.arg("-p").arg(place.path("")).args(["-e", "stderr", "-c"]).arg(place.path("nginx.conf"));
    let log = std::fs::File::create(place.path("nginx.log")).unwrap();
    let mut running = programs::Running::start(nginx.stderr(log));
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || place.read("nginx.log");
        assert!(!running.has_ended(), "nginx ended at once: {}", said());
        assert!(Instant::now() < deadline, "nginx does not listen: {}", said());
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

#[test]
fn a_developer_makes_and_copies_a_token_with_the_keyboard_alone() {
    let server = Server::start(&["--dev"]);
    server.visit("sign_in_by_keyboard.mjs", &["light"]);
    server.visit("sign_in_by_keyboard.mjs", &["dark"]);
}

#[test]
fn whoever_comes_by_another_name_is_sent_to_the_one_that_works() {
    Server::start(&["--dev"]).visit("other_name.mjs", &[]);
}

#[test]
fn try_it_out_does_not_reach_production_unless_the_deployment_says_so() {
    Server::start(&[]).visit("production_is_not_called.mjs", &[]);
}

#[test]
fn the_sign_in_starts_with_the_client_id_and_the_scopes_that_are_set() {
    let (client_id, scope) = ("keys-console", "tenant.apiKey:read");
    let variables = [
        ("NEOKEYS_SWAGGER_UI__CLIENT_ID", client_id),
        ("NEOKEYS_SWAGGER_UI__SCOPES", &*format!("['{scope}']")),
    ];
    Server::start_with(&variables, &[]).visit("sign_in_as_set.mjs", &[client_id, scope]);
}
