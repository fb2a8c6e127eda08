//! Settings as the program takes them.

use std::path::{Path, PathBuf};

use neokeys::contract::{ContractConfig, contract, documented, extensions_document, sdk_profile};
use neokeys::http::{collected, collected_extensions};

use neokeys_testkit::workplace::Workplace;

#[test]
fn an_unknown_setting_stops_every_command_and_is_named() {
    let place = Workplace::with_tenant();
    place.write("neokeys.yml", "listen: 127.0.0.1:0\nauth:\n  grant: any\n");
    for arguments in [
        &["serve"][..],
        &["serve", "--dev"],
        &["keys", "list", "--tenant", "demo"],
        &["tenants", "list"],
        &["check"],
        &["openapi"],
    ] {
        assert_eq!(
            place.run(arguments).refused(2),
            "error: neokeys.yml: line 3: auth.grant is not a setting; did you mean auth.grants?\n"
        );
    }
}

#[test]
fn an_unknown_or_malformed_variable_stops_the_start_and_is_named() {
    let place = Workplace::with_tenant();
    let said = place.run_with(&[("NEOKEYS_LISTNE", "127.0.0.1:0")], &["serve"]).refused(2);
    assert!(
        said.contains("NEOKEYS_LISTNE is not a setting; did you mean NEOKEYS_LISTEN?"),
        "{said}"
    );
    let said = place.run_with(&[("NEOKEYS_LIMITS__BODY", "much")], &["serve"]).refused(2);
    assert!(said.contains("NEOKEYS_LIMITS__BODY: \"much\" is refused"), "{said}");
}

/// The variables that a kubelet gives every pod for a Service `neokeys` and one `neokeys-metrics`, as
/// `env` printed them in a pod, and what `docker run --link` adds for a container of that name.
const OF_OTHERS: [(&str, &str); 19] = [
    ("NEOKEYS_SERVICE_HOST", "10.96.113.7"),
    ("NEOKEYS_SERVICE_PORT", "80"),
    ("NEOKEYS_SERVICE_PORT_HTTP", "80"),
    ("NEOKEYS_PORT", "tcp://10.96.113.7:80"),
    ("NEOKEYS_PORT_80_TCP", "tcp://10.96.113.7:80"),
    ("NEOKEYS_PORT_80_TCP_PROTO", "tcp"),
    ("NEOKEYS_PORT_80_TCP_PORT", "80"),
    ("NEOKEYS_PORT_80_TCP_ADDR", "10.96.113.7"),
    ("NEOKEYS_METRICS_SERVICE_HOST", "10.96.4.20"),
    ("NEOKEYS_METRICS_SERVICE_PORT", "9464"),
    ("NEOKEYS_METRICS_SERVICE_PORT_HTTP_METRICS", "9464"),
    ("NEOKEYS_METRICS_PORT", "tcp://10.96.4.20:9464"),
    ("NEOKEYS_METRICS_PORT_9464_TCP", "tcp://10.96.4.20:9464"),
    ("NEOKEYS_METRICS_PORT_9464_TCP_PROTO", "tcp"),
    ("NEOKEYS_METRICS_PORT_9464_TCP_PORT", "9464"),
    ("NEOKEYS_METRICS_PORT_9464_TCP_ADDR", "10.96.4.20"),
    ("NEOKEYS_NAME", "/web/neokeys"),
    ("NEOKEYS_ENV_NEOKEYS_LISTEN", "0.0.0.0:8080"),
    ("NEOKEYS_ENV_PATH", "/usr/bin"),
];

#[test]
fn variables_that_a_platform_makes_of_services_names_stop_nothing_and_are_told_in_one_line() {
    let place = Workplace::with_tenant();
    for arguments in
        [&["keys", "list", "--tenant", "demo"][..], &["tenants", "list"], &["check"], &["openapi"]]
    {
        place.run_with(&OF_OTHERS, arguments).done();
    }
    for (level, lines) in [("debug", 1), ("info", 0)] {
        let variables = [&OF_OTHERS[..], &[("NEOKEYS_LOG__LEVEL", level)]].concat();
        let (status, log) = place.serve_with(&variables, &[]).terminate();
        assert_eq!(status.code(), Some(0), "{log}");
        let told: Vec<_> = log.lines().filter(|line| line.contains("NEOKEYS_")).collect();
        assert_eq!(told.len(), lines, "{log}");
        for (line, (name, _)) in told.iter().flat_map(|line| OF_OTHERS.map(|it| (line, it))) {
            assert!(line.contains(name), "{name}: {line}");
        }
        assert!(!log.contains("10.96.113.7"), "{log}");
    }
    let mistyped = [&OF_OTHERS[..], &[("NEOKEYS_METRICS_LISTEN", "127.0.0.1:0")]].concat();
    let said = place.run_with(&mistyped, &["serve"]).refused(2);
    assert!(said.contains("did you mean NEOKEYS_METRICS__LISTEN?"), "{said}");
}

/// Every file that tells people what to type.
fn pages_in(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["target", "node_modules", "src", "build"].contains(&name) {
            if !name.starts_with('.') {
                pages_in(&path, pages);
            }
        } else if name.ends_with(".md") {
            pages.push(path);
        }
    }
}

/// Variables that are no settings, but say to commands which server to ask, and how; and the prefix itself.
const OF_COMMANDS: [&str; 4] = ["NEOKEYS_SERVER", "NEOKEYS_TOKEN", "NEOKEYS_API_KEY", "NEOKEYS_"];

#[test]
fn no_page_names_a_variable_like_a_setting_that_is_none() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![root.join("Dockerfile"), root.join("examples/cluster/run")];
    pages_in(root, &mut texts);
    let of_operation = std::fs::read_dir(root.join("ops")).unwrap().map(|it| it.unwrap().path());
    texts.extend(of_operation.filter(|it| it.is_file()));
    let help = neokeys::settings::help();
    let settings: Vec<_> =
        help.split_whitespace().filter(|word| word.starts_with("NEOKEYS_")).collect();
    let mut named = 0;
    for path in &texts {
        let text = std::fs::read_to_string(path).unwrap();
        for (place, _) in text.match_indices("NEOKEYS_") {
            let is_of_a_name =
                |letter: &char| letter.is_ascii_uppercase() || "_0123456789".contains(*letter);
            let name: String = text[place..].chars().take_while(is_of_a_name).collect();
            named += 1;
            assert!(
                settings.contains(&name.as_str()) || OF_COMMANDS.contains(&name.as_str()),
                "{} names {name}, which ends every command with \"is not a setting\"",
                path.display()
            );
        }
    }
    assert!(named > 30 && texts.len() > 12, "{named} names in {} pages", texts.len());
}

#[test]
fn a_named_file_must_be_there() {
    let place = Workplace::new();
    let said = place.run(&["serve", "--config", "missing.yml"]).refused(2);
    assert!(said.contains("missing.yml cannot be read"), "{said}");
}

#[test]
fn help_lists_every_setting() {
    let place = Workplace::new();
    let help = place.run(&["serve", "--help"]).done();
    for name in ["listen", "auth.bearer.tenants_claim", "limits.shutdown", "log.level"] {
        let variable = name.replace('.', "__").to_uppercase();
        assert!(help.contains(&format!("  {name}\n")), "{help}");
        assert!(help.contains(&format!("NEOKEYS_{variable}  [default: ")), "{help}");
    }
}

#[test]
fn the_documents_are_those_that_are_served() {
    let place = Workplace::new();
    let default = ContractConfig::default();
    assert_eq!(&place.run(&["openapi"]).json(), contract());
    assert_eq!(
        place.run(&["openapi", "--profile", "documented"]).json(),
        documented(collected(), &default)
    );
    assert_eq!(place.run(&["openapi", "--profile", "sdk"]).json(), sdk_profile(&default));
    assert_eq!(
        place.run(&["openapi", "--profile", "extensions"]).json(),
        extensions_document(collected_extensions(), &default)
    );
    let servers = [("NEOKEYS_CONTRACT__SERVERS", "[https://keys.example.com]")];
    let document = place.run_with(&servers, &["openapi"]).json();
    assert_eq!(document["servers"][0]["url"], "https://keys.example.com");
    assert!(place.run(&["openapi", "--profile", "other"]).refused(2).contains("documented"));
}
