//! A server that refuses, and what is none.

use super::{Asked, answers};
use neokeys_testkit::workplace::Workplace;
use neokeys_testkit::{Claims, Issuer};

#[test]
fn credentials_come_from_the_environment_or_a_file_and_from_no_argument() {
    let asked = Asked::new();
    let list = ["keys", "list", "--tenant", "demo"];
    let key =
        asked.run(&["keys", "create", "admin", "--tenant", "demo", "--permission", "*"]).done();
    let (token, key) = (asked.token(), key.trim());
    asked.run_with(&[("NEOKEYS_API_KEY", key)], &list).done();
    for secret in [token.as_str(), key] {
        asked.place.write("credential", &format!("{secret}\n"));
        asked
            .run_with(
                &[("NEOKEYS_TOKEN", "unused")],
                &[&list[..], &["--credential-file", "credential"]].concat(),
            )
            .done();
    }
    let origin = asked.server.origin();
    let variables = [("NEOKEYS_SERVER", origin), ("NEOKEYS_TOKEN", &token)];
    let tenants = ["tenants", "list"];
    let refused = asked.run_with(&[("NEOKEYS_API_KEY", key)], &tenants).refused(2);
    assert!(refused.contains("for one tenant") && refused.contains("neokeys login"), "{refused}");
    let named = asked.place.run_with(&variables, &list).done();
    assert!(named.contains("admin"), "{named}");
    // A store that is named counts more.
    let store = [&list[..], &["--store", "file:none"]].concat();
    assert!(asked.place.run_with(&variables, &store).refused(1).contains("none"));
    asked.run(&[&list[..], &["--store", "file:data"]].concat()).refused(2);
    let made = asked.place.run_with(&variables, &["tenants", "create", "other"]).refused(2);
    assert!(made.contains("--store") && !asked.place.path("data/other").exists(), "{made}");
    for (variables, told) in [
        (&[][..], "no credential"),
        (&[("NEOKEYS_TOKEN", "a"), ("NEOKEYS_API_KEY", "b")], "both"),
        (&[("NEOKEYS_TOKEN", "broken\nSecretWord")], "holds no credential"),
    ] {
        let refused = asked.run_with(variables, &list).refused(2);
        assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
    }
    for (server, told) in [
        ("http://keys.example.com", "https"),
        ("https://me:SecretWord@keys.example.com", "password"),
        ("keys.example.com", "URL"),
        ("ftp://127.0.0.1", "https"),
        ("http://127.0.0.1/?SecretWord", "query"),
    ] {
        let run = asked
            .place
            .run_with(&[("NEOKEYS_TOKEN", &token)], &[&list[..], &["--server", server]].concat());
        let refused = run.refused(2);
        assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
    }
}

#[test]
fn each_refusal_is_told_with_a_way_out() {
    let asked = Asked::with("auth.throttle.failures_per_minute: 3\n", &[]);
    let claims = |tenants: &[&str], permissions: &[&str]| {
        asked.issuer.sign(&Claims::new(tenants, permissions))
    };
    let list = ["keys", "list", "--tenant", "demo"];
    let expired = asked.issuer.sign(&Claims::new(&["demo"], &["*"]).expired());
    asked.run(&["keys", "create", "a", "--tenant", "demo", "--permission", "p"]).done();
    let create = ["keys", "create", "a", "--tenant", "demo", "--permission", "p"];
    let none = ["keys", "list", "--tenant", "none"];
    let missing = ["keys", "get", "none", "--tenant", "demo"];
    let everything = asked.token();
    for (token, command, told, way) in [
        (expired.as_str(), &list[..], "valid credential", "neokeys login"),
        (&claims(&["demo"], &["other"]), &list, "lacks the scope", "has the permission"),
        (&claims(&["other"], &["*"]), &list, "not for this tenant", "has the permission"),
        (
            &claims(&["demo"], &["other"]),
            &["tenants", "list"],
            "lacks the scope",
            "has the permission",
        ),
        (&everything, &none, "Tenant not found", "neokeys tenants list"),
        (&everything, &missing, "API key not found", "neokeys keys list"),
        (&everything, &create, "already exists", "neokeys keys update"),
    ] {
        let refused = asked.run_with(&[("NEOKEYS_TOKEN", token)], command).refused(1);
        assert!(refused.contains(told) && refused.contains(way), "{refused}");
        assert!(!refused.contains(token), "{refused}");
    }
    asked.place.write("data/demo/security.yml", "apiKeys: [");
    let unavailable = asked.run(&["keys", "delete", "a", "--tenant", "demo"]).refused(1);
    assert!(unavailable.contains("nothing was changed; try again"), "{unavailable}");
    for _ in 0..3 {
        asked.run_with(&[("NEOKEYS_API_KEY", "nsk_wrong")], &list).refused(1);
    }
    let throttled = asked.run(&list).refused(1);
    assert!(
        throttled.contains("Too many failed attempts") && throttled.contains("seconds"),
        "{throttled}"
    );
    asked.place.write("data/demo/security.yml", "apiKeys: [");
}

#[test]
fn what_is_no_answer_of_neokeys_is_told_as_that() {
    let place = Workplace::new();
    let html = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>SecretWord</html>";
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Sign in, SecretWord</html>";
    let away = "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n";
    let other =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":[{\"name\":1}]}";
    let later = "HTTP/1.1 418 Later\r\nContent-Type: application/problem+json\r\n\r\n\
                 {\"type\":\"/problems/novelty\",\"title\":\"A novelty\",\"detail\":\"Of a later version.\",\"new\":{}}";
    let endless =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":[],\"next\":\"same\"}";
    for (answer, told) in [
        (endless, "was read before"),
        (html, "502"),
        (page, "not JSON"),
        (away, "302"),
        (other, "lacks what the documents promise"),
        (later, "A novelty: Of a later version."),
    ] {
        let server = answers(answer);
        for command in [
            &["keys", "list", "--tenant", "demo"][..],
            &["audit", "list", "--tenant", "demo"],
            &["tenants", "list"],
        ] {
            let command = [command, &["--server", &server]].concat();
            let refused = place.run_with(&[("NEOKEYS_TOKEN", "token")], &command).refused(1);
            // An event may have any members.
            let told = if (answer, command[0]) == (other, "audit") { "" } else { told };
            assert!(refused.contains(told) && !refused.contains("SecretWord"), "{refused}");
        }
    }
    let list = ["keys", "list", "--tenant", "demo", "--server", "http://127.0.0.1:1"];
    let refused = place.run_with(&[("NEOKEYS_TOKEN", "token")], &list).refused(1);
    assert!(refused.contains("cannot connect to 127.0.0.1:1: "), "{refused}");
}

#[test]
fn a_certificate_has_to_be_vouched_for() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let issuer = Issuer::generate();
    let place = Workplace::with_tenant();
    place.write("key.pem", &made.signing_key.serialize_pem());
    place.write("cert.pem", &made.cert.pem());
    place.write("jwks.json", &issuer.key_set().to_string());
    let (name, audience) = (Issuer::NAME, Issuer::AUDIENCE);
    place.write(
        "serve.yml",
        &format!("tls: {{ certificate: cert.pem, key: key.pem }}\nauth: {{ bearer: {{ issuers: [{{ issuer: '{name}', audience: '{audience}', jwks: file:jwks.json }}] }} }}\n"),
    );
    let server = place.serve(&["--config", "serve.yml"]);
    let token = issuer.token(&["*"], &["*"]);
    let list = ["keys", "list", "--tenant", "demo", "--server", server.origin()];
    let variables = [("NEOKEYS_TOKEN", token.as_str())];
    let refused = place.run_with(&variables, &list).refused(1);
    assert!(refused.contains("is not trusted") && refused.contains("--ca"), "{refused}");
    place.run_with(&variables, &[&list[..], &["--ca", "cert.pem"]].concat()).done();
    place.run_with(&variables, &[&list[..], &["--ca", "key.pem"]].concat()).refused(2);
}
