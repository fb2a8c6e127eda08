//! Settings from their sources, and the sentences about their faults.

use std::time::Duration;

use super::Settings;
use crate::auth::Grants;
use crate::auth::bearer::SigningAlgorithm;
use crate::telemetry::{LogFormat, LogLevel};

const DOCUMENTED: &str = "\
listen: 127.0.0.1:8080
store: file:data
auth:
  bearer:
    tenants_claim: tenants
    issuers:
      - issuer: https://auth.neostore.cloud/
        audience: https://app.neostore.cloud/api/
        jwks: https://auth.neostore.cloud/.well-known/jwks.json
        algorithms: [RS256]
  grants: any
  token_prefix: nsk_
contract:
  servers: []
  authorization_url: null
limits: { body: 64KiB, document: 16MiB, shutdown: 10s }
log: { format: text, level: info }
";

pub(super) fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = environment.iter().map(|(name, value)| (name.into(), value.into()));
    let read = Settings::from_yaml(file).and_then(|mut settings| {
        super::sources::apply_environment(&mut settings, variables)?;
        Ok(settings)
    });
    read.map_err(|error| error.to_string())
}

#[test]
fn the_documented_file_says_the_defaults_and_an_issuer() {
    let mut settings = read(DOCUMENTED, &[]).unwrap();
    let issuer = settings.auth.bearer.issuers.pop().unwrap();
    assert_eq!(issuer.issuer, "https://auth.neostore.cloud/");
    assert_eq!(issuer.algorithms, [SigningAlgorithm::Rs256]);
    assert_eq!(settings, Settings::default());
}

#[test]
fn a_file_may_say_nothing() {
    for text in ["", "# nothing\n", "---\n", "auth:\n  bearer:\nlimits:\n", "{}"] {
        assert_eq!(read(text, &[]).unwrap(), Settings::default(), "{text:?}");
    }
}

#[test]
fn a_store_is_written_alone_or_with_what_is_set_of_it() {
    let etcd = "etcd://a:2379,b:2379/neokeys";
    for (text, url, max_staleness) in [
        ("store: file:a".to_owned(), "file:a", None),
        ("store: { url: file:a }".to_owned(), "file:a", None),
        (format!("store:\n  url: {etcd}\n  max_staleness: 500ms\n"), etcd, Some(500)),
        ("store: { max_staleness: 0 }".to_owned(), "file:data", Some(0)),
        ("store: { max_staleness: null }".to_owned(), "file:data", None),
    ] {
        let settings = read(&text, &[]).unwrap();
        assert_eq!(settings.store.to_string(), url, "{text}");
        assert_eq!(
            settings.storage.max_staleness,
            max_staleness.map(Duration::from_millis),
            "{text}"
        );
    }
    let environment = [("NEOKEYS_STORE", etcd), ("NEOKEYS_STORE__MAX_STALENESS", "1s")];
    let settings = read("store: { url: file:a, max_staleness: 0 }", &environment).unwrap();
    assert_eq!(
        (settings.store.to_string().as_str(), settings.storage.max_staleness),
        (etcd, Some(Duration::from_secs(1)))
    );
    for (text, period) in [("0s", Some(0)), ("5m", Some(300)), ("null", None)] {
        let settings = read(&format!("store: {{ usage_period: {text} }}"), &[]).unwrap();
        assert_eq!(settings.storage.usage_period, period.map(Duration::from_secs), "{text}");
    }
    for (text, fault) in [
        ("store: { url: file:a, url: file:b }", "store.url is set twice"),
        ("store: { uri: file:a }", "store.uri is not a setting"),
        ("store: { url: { url: file:a } }", "invalid type: map"),
        ("listen: { url: a }", "listen: invalid type: map"),
        ("auth.url: a", "auth.url is not a setting"),
        (
            "store: { usage_period: 2d }",
            "store.usage_period: \"2d\" is refused: a time is a whole number",
        ),
        ("store: { usage_period: 1441m }", "a day at most"),
        ("store: { max_staleness: 2m }", "a short time is 0, or a whole number of ms or s"),
        ("store: 5", "store: invalid type: integer `5`"),
    ] {
        let said = read(text, &[]).unwrap_err();
        assert!(said.contains(fault), "{text}: {said}");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let file = "listen: 127.0.0.1:1\nstore: file:a\nlog: { level: debug }\n";
    let settings = read(
        file,
        &[
            ("NEOKEYS_STORE", "file:b # no comment"),
            ("NEOKEYS_AUTH__BEARER__TENANTS_CLAIM", "https://neostore.cloud/tenants"),
            (
                "NEOKEYS_AUTH__BEARER__ISSUERS",
                "[{ issuer: 'https://a/', audience: b, access_tokens_only: true }]",
            ),
            ("NEOKEYS_AUTH__GRANTS", "subset"),
            ("NEOKEYS_AUTH__TOKEN_PREFIX", "no"),
            ("NEOKEYS_CONTRACT__SERVERS", "[https://a, 'http://[::1]:80/b']"),
            ("NEOKEYS_CONTRACT__AUTHORIZATION_URL", "https://a/authorize?x=y"),
            ("NEOKEYS_LIMITS__BODY", "1MiB"),
            ("NEOKEYS_LIMITS__DOCUMENT", "1000"),
            ("NEOKEYS_LIMITS__SHUTDOWN", "2m"),
            ("NEOKEYS_METRICS__LISTEN", "[::1]:9464"),
            ("NEOKEYS_TRACES__ENDPOINT", "http://[::1]:4318"),
            ("NEOKEYS_TRACES__ONE_IN", "100"),
            ("NEOKEYS_LOG__FORMAT", "json"),
            ("NEOKEY_STORE", "another program's"),
        ],
    )
    .unwrap();
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.store.to_string(), "file:b # no comment");
    assert_eq!(settings.auth.bearer.tenants_claim, "https://neostore.cloud/tenants");
    assert!(settings.auth.bearer.issuers[0].access_tokens_only);
    assert_eq!(settings.auth.grants, Grants::Subset);
    assert_eq!(settings.auth.token_prefix.as_str(), "no");
    assert_eq!(settings.contract.servers, ["https://a", "http://[::1]:80/b"]);
    assert_eq!(settings.contract.authorization_url.as_deref(), Some("https://a/authorize?x=y"));
    assert_eq!((settings.limits.body, settings.storage.document_limit), (1 << 20, 1000));
    assert_eq!(settings.limits.shutdown, Duration::from_secs(120));
    assert_eq!(settings.metrics.listen, Some("[::1]:9464".parse().unwrap()));
    assert_eq!(settings.traces.endpoint.as_deref(), Some("http://[::1]:4318"));
    assert_eq!(settings.traces.one_in.get(), 100);
    assert_eq!((settings.log.format, settings.log.level), (LogFormat::Json, LogLevel::Debug));
    let none = read(
        "contract: { authorization_url: 'https://a' }\nmetrics: { listen: '[::1]:9464' }",
        &[("NEOKEYS_CONTRACT__AUTHORIZATION_URL", "null"), ("NEOKEYS_METRICS__LISTEN", "")],
    )
    .unwrap();
    assert_eq!((none.contract.authorization_url, none.metrics.listen), (None, None));
}

#[test]
fn a_fault_in_the_file_is_named_with_its_line() {
    for (file, message) in [
        ("listne: 127.0.0.1:80", "line 1: listne is not a setting; did you mean listen?"),
        (
            "auth:\n  bearer:\n    tenant_claim: t\n",
            "line 3: auth.bearer.tenant_claim is not a setting; did you mean auth.bearer.tenants_claim?",
        ),
        (
            "# where\n\ntoken_prefix: a_\n",
            "line 3: token_prefix is not a setting; did you mean auth.token_prefix?",
        ),
        ("database: x", "line 1: database is not a setting; `neokeys serve --help` lists them"),
        (
            "auth.grants: any\nauth: { grants: any }",
            "line 2: auth.grants is set twice; remove one of them",
        ),
        (
            "store: ftp://host",
            "store: the store \"ftp://host\" is not one that neokeys knows; write file:DIR, \
             etcd://HOST:PORT,…/PREFIX, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, gs://BUCKET/PREFIX, or \
             memory: for a trial at line 1 column 8",
        ),
        ("store: file:a\nstore: file:b\n", "line 2: store is set twice; remove one of them"),
        (
            "log: { level: info }\nlimits: {}\nlog: { format: json }\n",
            "line 3: log is set twice; remove one of them",
        ),
        (
            "limits:\n  body: 64 kB\n",
            "limits.body: \"64 kB\" is refused: a size is a whole number of B, KiB, MiB or GiB, such \
             as 64KiB at line 2 column 9",
        ),
        (
            "limits:\n  shutdown: 10\n",
            "limits.shutdown: \"10\" is refused: a time is a whole number of s or m, a day at \
             most, such as 10s at line 2 column 13",
        ),
        (
            "\nlisten: localhost\n",
            "listen: \"localhost\" is refused: an address is an IP address and a port, such as \
             127.0.0.1:8080 or [::1]:8080 at line 2 column 9",
        ),
        (
            "log:\n  format: xml\n",
            "log.format: unknown variant `xml`, expected `text` or `json` at line 2 column 11",
        ),
        (
            "auth:\n  token_prefix: a b\n",
            "auth.token_prefix: \"a b\" is refused: a token prefix is 1 to 32 letters, digits, \
             hyphens and underscores at line 2 column 17",
        ),
        (
            "contract:\n  servers:\n    - https://a\n    - app.neostore.cloud\n",
            "contract.servers[1]: \"app.neostore.cloud\" is refused: an address starts with https:// or \
             http:// at line 4 column 7",
        ),
        (
            "auth:\n  bearer:\n    issuers:\n      - { issuer: a, audience: b, key: c }\n",
            "auth.bearer.issuers[0]: unknown field `key`, expected one of `issuer`, `audience`, \
             `jwks`, `ca`, `http_host`, `algorithms`, `access_tokens_only` at line 4 column 35",
        ),
        (
            "auth: yes",
            "auth: invalid type: string \"yes\", expected settings as `name: value` at line 1 column 7",
        ),
        ("- a", "invalid type: sequence, expected settings as `name: value`"),
    ] {
        assert_eq!(read(file, &[]).unwrap_err(), format!("neokeys.yml: {message}"), "{file}");
    }
    for broken in ["a: [", "\tlisten: x", "listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n"] {
        assert!(read(broken, &[]).unwrap_err().starts_with("neokeys.yml: "), "{broken:?}");
    }
}

#[test]
fn a_fault_in_the_environment_is_named_by_the_variable() {
    for (name, value, message) in [
        ("NEOKEYS_STOER", "x", "NEOKEYS_STOER is not a setting; did you mean NEOKEYS_STORE?"),
        (
            "NEOKEYS_AUTH_GRANTS",
            "any",
            "NEOKEYS_AUTH_GRANTS is not a setting; did you mean NEOKEYS_AUTH__GRANTS?",
        ),
        (
            "NEOKEYS_DATABASE",
            "x",
            "NEOKEYS_DATABASE is not a setting; `neokeys serve --help` lists them",
        ),
        (
            "NEOKEYS_LOG__FORMAT",
            "xml",
            "NEOKEYS_LOG__FORMAT: unknown variant `xml`, expected `text` or `json`",
        ),
        (
            "NEOKEYS_LIMITS__BODY",
            "",
            "NEOKEYS_LIMITS__BODY: \"\" is refused: a size is a whole number of B, KiB, MiB or GiB, \
             such as 64KiB",
        ),
        (
            "NEOKEYS_CONTRACT__SERVERS",
            "https://a,b",
            "NEOKEYS_CONTRACT__SERVERS: \"b\" is refused: an address starts with https:// or http://",
        ),
        (
            "NEOKEYS_PUBLIC_URL",
            "/neokeys",
            "NEOKEYS_PUBLIC_URL: \"/neokeys\" is refused: it is the whole address by which callers reach \
             the service, such as https://example.com/neokeys",
        ),
        (
            "NEOKEYS_CORS__ORIGINS",
            "*",
            "NEOKEYS_CORS__ORIGINS: \"*\" is refused: every page that a browser shows could call then; \
             name the origins, such as https://console.example.com",
        ),
        (
            "NEOKEYS_AUTH__THROTTLE__TRUSTED_PROXIES",
            "10.0.0.1, proxy",
            "NEOKEYS_AUTH__THROTTLE__TRUSTED_PROXIES: \"proxy\" is refused: a network is an address, or \
             an address and the bits that count, such as 10.0.0.0/8",
        ),
        (
            "NEOKEYS_AUTH__BEARER__ISSUERS",
            "https://a/",
            "NEOKEYS_AUTH__BEARER__ISSUERS: invalid type: string \"https://a/\", expected struct \
             IssuerConfig; write [{ issuer: https://…, audience: https://… }]",
        ),
        (
            "NEOKEYS_AUTH__BEARER__ISSUERS",
            "[{ issuer: a }]",
            "NEOKEYS_AUTH__BEARER__ISSUERS: [0]: missing field `audience`",
        ),
    ] {
        let said = read("", &[(name, value)]).unwrap_err();
        assert_eq!(said, format!("the environment variable {message}"));
    }
}

#[test]
fn help_names_every_setting_with_its_variable_and_default() {
    let help = super::help();
    for line in [
        "  listen",
        "NEOKEYS_LISTEN  [default: 127.0.0.1:8080]",
        "NEOKEYS_PUBLIC_URL  [default: null]",
        "NEOKEYS_STORE  [default: file:data]",
        "NEOKEYS_AUTH__BEARER__TENANTS_CLAIM  [default: tenants]",
        "NEOKEYS_AUTH__BEARER__ISSUERS  [default: []]",
        "NEOKEYS_AUTH__GRANTS  [default: any]",
        "NEOKEYS_AUTH__TOKEN_PREFIX  [default: nsk_]",
        "NEOKEYS_CONTRACT__SERVERS  [default: []]",
        "NEOKEYS_CONTRACT__AUTHORIZATION_URL  [default: null]",
        "NEOKEYS_LIMITS__BODY  [default: 64KiB]",
        "NEOKEYS_LIMITS__DOCUMENT  [default: 16MiB]",
        "NEOKEYS_LIMITS__SHUTDOWN  [default: 10s]",
        "NEOKEYS_LOG__FORMAT  [default: text]",
        "NEOKEYS_LOG__LEVEL  [default: info]",
    ] {
        assert!(help.lines().any(|it| it.trim_end().ends_with(line)), "{line}\n{help}");
    }
}

/// A section for each: what it says of a setting is what `serve --help` says.
fn sections() -> String {
    let sections = super::table::SETTINGS.iter().map(|setting| {
        let (name, variable, default) = (setting.name, setting.variable(), setting.default());
        let meaning = setting.meaning.trim();
        format!("### {name}\n\n{meaning}\n\n`{variable}`, default `{default}`\n")
    });
    sections.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_book_says_of_every_setting_what_the_help_says() {
    neokeys_testkit::book::hold("docs/reference/settings.md", "settings", &sections());
}

#[test]
fn an_address_that_no_client_can_use_is_refused() {
    for text in ["''", "app.neostore.cloud", "ftp://a", "'https://'", "'http://a b'"] {
        assert!(read(&format!("contract: {{ servers: [{text}] }}"), &[]).is_err(), "{text}");
        let url = format!("contract: {{ authorization_url: {text} }}");
        assert!(read(&url, &[]).is_err(), "{text}");
    }
}

#[test]
fn a_public_address_is_kept_without_its_last_slash_and_never_shown_with_a_password() {
    let public = |settings: Settings| settings.contract.public_url.map(|url| url.to_string());
    let kept = Some("https://example.com/keys".to_owned());
    let variable = |text: &str| read("", &[("NEOKEYS_PUBLIC_URL", text)]);
    assert_eq!(public(read("public_url: https://example.com/keys/", &[]).unwrap()), kept);
    assert_eq!(public(variable("https://example.com/keys").unwrap()), kept);
    assert_eq!(public(variable("").unwrap()), None);
    for text in ["https://me:hunter2@example.com/", "https://example.com/?token=hunter2"] {
        let said = variable(text).unwrap_err();
        assert!(said.contains("NEOKEYS_PUBLIC_URL") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn scopes_are_a_list_alone_or_beside_their_check() {
    let shown = |settings: Settings| {
        let names = settings.scopes.known.as_slice().iter().map(|it| it.name.clone());
        (names.collect::<Vec<_>>(), format!("{:?}", settings.scopes.check))
    };
    let one = "[{ name: a, description: b }]";
    let expected = |check: &str| (vec!["a".to_owned()], check.to_owned());
    let variable = |text: &str| read("", &[("NEOKEYS_SCOPES", text)]).map(shown);
    assert_eq!(shown(read(&format!("scopes: {one}"), &[]).unwrap()), expected("Off"));
    let beside = format!("scopes: {{ check: refuse, list: {one} }}");
    assert_eq!(shown(read(&beside, &[]).unwrap()), expected("Refuse"));
    assert_eq!(variable(one), Ok(expected("Off")));
    for (file, told) in [
        ("scopes: [{ name: 'a b', description: c }]", "scopes: \"a b\" is refused: a scope"),
        ("scopes: [{ name: a, description: c, x: 1 }]", "unknown field `x`"),
        ("scopes: [{ name: a }]", "missing field `description`"),
        (
            "scopes: { list: [{ name: a, description: b }, { name: a, description: c }] }",
            "\"a\" is listed twice; remove one of them",
        ),
        ("scopes: { check: maybe }", "scopes.check: unknown variant `maybe`"),
        ("limits: [a]", "limits: invalid type: sequence"),
        ("security: { contact: [me] }", "a contact starts with mailto:, tel: or https://"),
        ("security: { contact: ['mailto:a b'] }", "a contact starts with"),
    ] {
        let said = read(file, &[]).unwrap_err();
        assert!(said.contains(told), "{file}: {said}");
    }
}
