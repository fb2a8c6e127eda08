//! One table of hostile requests for every gateway: what a caller says of itself never comes through,
//! nor does what it says who it is with.

use std::collections::BTreeSet;

use super::way::{IDENTITY, ORDERS, Way, identity, of_shop, taken_for, ways};
use crate::raw::{Answer, get};
use neokeys_testkit::token_of;

/// The marks that a header's name may have besides letters and digits (RFC 9110 §5.6.2).
const MARKS: &str = "-_.!#$%&'*+^`|~";

/// Names that a service could take for one of the identity: every pair of marks, and cases mixed.
fn names_of(header: &str) -> BTreeSet<String> {
    let last = header.rsplit('-').next().unwrap();
    let mut names = BTreeSet::from([
        header.to_owned(),
        header.to_uppercase(),
        format!("X-Auth-{}", last.to_uppercase()),
        format!("x-AUTH_{last}"),
        format!("X_auth-{last}"),
        format!("X.AUTH.{last}"),
    ]);
    for first in MARKS.chars() {
        for second in MARKS.chars() {
            names.insert(format!("x{first}auth{second}{last}"));
        }
    }
    names
}

/// Texts that are no name, but could be made one by who reads them leniently.
fn broken_names() -> Vec<Vec<u8>> {
    let shapes: [&[u8]; 12] = [
        b"X-Auth-Tenant : forged",
        b"X-Auth-Tenant\t: forged",
        b" X-Auth-Tenant: forged",
        b"X-Other: 1\r\n X-Auth-Tenant: forged",
        b"X-Other: 1\r\n\tX-Auth-Tenant: forged",
        b"X-Other: 1\nX-Auth_Tenant: forged",
        b"X-Auth-Tenant\0: forged",
        b"X-Auth-\0Tenant: forged",
        b"X\xADAuth-Tenant: forged",
        b"X-Auth-\xC5\xBFcopes: forged",
        b"X-Auth-Tenant\xC2\xA0: forged",
        b"X\xE2\x80\x90Auth\xE2\x80\x90Tenant: forged",
    ];
    shapes.map(<[u8]>::to_vec).to_vec()
}

fn line(name: &str, value: &str) -> Vec<u8> {
    format!("{name}: {value}").into_bytes()
}

/// Every way in which `Connection` can name a header, and so have a gateway drop it.
fn connection_lines(named: &str) -> Vec<Vec<Vec<u8>>> {
    let all = IDENTITY.join(", ");
    let values = [
        named.to_owned(),
        named.to_uppercase(),
        format!("close, {named}"),
        format!("{named}, keep-alive"),
        format!("keep-alive,{named},close"),
        format!(",, {named} ,,"),
        format!("\"{named}\""),
        format!("Upgrade, {named}"),
        all,
    ];
    let mut rows: Vec<_> = values.iter().map(|it| vec![line("Connection", it)]).collect();
    rows.push(vec![line("Connection", named), line("Connection", named)]);
    rows.push(vec![line("Connection", "keep-alive"), line("connection", named)]);
    rows.push(vec![line("Connection", "Upgrade"), line("CONNECTION", named)]);
    rows.push(vec![line("Proxy-Connection", named)]);
    rows.push(vec![line("Connection", &format!("TE, {named}")), line("TE", "trailers")]);
    rows.push(vec![line("Connection", &format!("{named}, Upgrade")), line("Upgrade", "h2c")]);
    rows
}

/// The table: lines that come beside a credential. A batch is tried line by line if it is refused.
fn rows() -> Vec<Vec<Vec<u8>>> {
    let mut rows = vec![Vec::new()];
    for header in IDENTITY {
        let forged: Vec<_> = names_of(header).iter().map(|it| line(it, "forged")).collect();
        rows.extend(forged.chunks(40).map(<[_]>::to_vec));
        rows.push(vec![line(header, "forged"), line(header, "*"), line(header, "")]);
        rows.push(vec![line(header, "a"), line(&header.to_uppercase(), "b"), line(header, "a, b")]);
    }
    for header in IDENTITY.into_iter().chain(["X-API-KEY", "Authorization"]) {
        for named in connection_lines(header) {
            if IDENTITY.contains(&header) {
                let mut beside = named.clone();
                beside.push(line(header, "forged"));
                rows.push(beside);
            }
            rows.push(named);
        }
    }
    rows.extend(broken_names().into_iter().map(|it| vec![it]));
    rows
}

/// Holds an answer against what may come of a request by the key `shop`.
fn judge(way: &Way, lines: &[Vec<u8>], before: usize, secrets: &[&str], answer: &Answer) {
    let lines: Vec<_> = lines.iter().map(|it| String::from_utf8_lossy(it)).collect();
    let label = format!("{:?}: {lines:?}: {answer:?}", way.gateway);
    if answer.status != 200 {
        assert!(matches!(answer.status, 0 | 400 | 401 | 403 | 431), "{label}");
        assert_eq!(way.upstream.reached(), before, "{label}");
        return;
    }
    let told = answer.json();
    assert_eq!(identity(&told), of_shop(), "{label}");
    if way.gateway.knows_families() {
        let names = told["headers"].as_object().unwrap().keys();
        let mut strange = names.filter(|name| {
            let alike = taken_for(name);
            alike.starts_with("x-auth") && !IDENTITY.contains(&&*alike)
        });
        assert_eq!(strange.next(), None, "{label}");
    }
    for secret in secrets {
        assert!(!told["headers"].to_string().contains(secret), "{label}");
    }
}

#[tokio::test]
async fn no_caller_gives_itself_an_identity_and_no_credential_comes_through() {
    let key = line("X-API-KEY", &token_of("shop"));
    for way in ways() {
        let send = |lines: &[Vec<u8>]| {
            let before = way.upstream.reached();
            let lines: Vec<_> = [&key].into_iter().chain(lines).cloned().collect();
            let answer = get(way.proxy.address(), ORDERS, &lines);
            judge(&way, &lines, before, &[&token_of("shop")], &answer);
            answer.status
        };
        let mut passed = 0;
        for lines in rows() {
            let status = send(&lines);
            passed += usize::from(status == 200);
            if status != 200 && lines.len() > 20 {
                passed += lines.iter().filter(|it| send(std::slice::from_ref(it)) == 200).count();
            }
        }
        // The table is no table of requests that all are refused.
        assert!(passed > 100, "{:?}: {passed}", way.gateway);
    }
}

#[tokio::test]
async fn a_header_of_the_family_that_is_not_sent_yet_is_nobodys() {
    for way in ways().filter(|way| way.gateway.knows_families()) {
        let lines = [line("X-API-KEY", &token_of("shop")), line("X-Auth-Not-Yet", "forged")];
        let told = get(way.proxy.address(), ORDERS, &lines).json();
        assert_eq!(told["headers"].get("x-auth-not-yet"), None, "{:?}: {told}", way.gateway);
    }
}

#[tokio::test]
async fn forged_headers_let_nobody_in() {
    for way in ways() {
        for lines in rows() {
            let before = way.upstream.reached();
            let answer = get(way.proxy.address(), ORDERS, &lines);
            let label = format!("{:?}: {lines:?}: {answer:?}", way.gateway);
            assert!(matches!(answer.status, 0 | 400 | 401 | 403 | 431), "{label}");
            assert_eq!(way.upstream.reached(), before, "{label}");
        }
    }
}

#[tokio::test]
async fn whichever_credential_came_it_stays_here() {
    for way in ways() {
        let token = token_of("shop");
        let jwt = way.service.issuer.token(&["demo"], &["orders:read"]);
        let bearer = format!("Bearer {jwt}");
        for lines in [
            vec![line("X-API-KEY", &token)],
            vec![line("x-api-key", &token)],
            vec![line("Authorization", &bearer)],
            vec![line("AUTHORIZATION", &bearer.replace("Bearer", "bearer"))],
            vec![line("X-API-KEY", &token), line("Authorization", &bearer)],
            vec![line("X-API-KEY", &token), line("X_API_KEY", &token), line("X.API.KEY", &token)],
            vec![line("X-API-KEY", &token), line("X-API_KEY", &token)],
            vec![line("Authorization", &bearer), line("Authorization.", &bearer)],
            vec![line("X-API-KEY", &token), line("Connection", "X-API-KEY")],
            vec![line("Authorization", &bearer), line("Connection", "close, Authorization")],
        ] {
            let answer = get(way.proxy.address(), ORDERS, &lines);
            let label = format!("{:?}: {lines:?}: {answer:?}", way.gateway);
            let plain = lines.iter().all(|line| {
                let name = line.split(|it| *it == b':').next().unwrap();
                name.iter().all(|it| it.is_ascii_alphabetic() || *it == b'-')
            });
            let named = lines.iter().any(|line| line.starts_with(b"Connection"));
            let may_be_refused = !plain && way.gateway.is_envoy() || named;
            if answer.status != 200 && may_be_refused {
                assert!(matches!(answer.status, 400 | 401), "{label}");
                continue;
            }
            assert_eq!(answer.status, 200, "{label}");
            let told = answer.json().to_string();
            assert!(!told.contains(&token) && !told.contains(&jwt), "{label}");
        }
    }
}

#[tokio::test]
async fn a_header_that_only_looks_like_a_credential_is_none() {
    for way in ways() {
        let token = token_of("shop");
        let bearer = format!("Bearer {}", way.service.issuer.token(&["demo"], &["*"]));
        let keys = MARKS.chars().flat_map(|mark| {
            [format!("x{mark}api{mark}key"), format!("x-api{mark}key"), format!("x{mark}api-key")]
        });
        let keys = keys.filter(|it| it != "x-api-key").chain(["xapikey".to_owned()]);
        let aliases = keys.map(|it| line(&it, &token));
        let bearers =
            ["authorization_", "authorization.", "x-authorization", "proxy-authorization"];
        let aliases = aliases.chain(bearers.map(|it| line(it, &bearer)));
        for alias in aliases {
            let before = way.upstream.reached();
            let answer = get(way.proxy.address(), ORDERS, std::slice::from_ref(&alias));
            let label = format!("{:?}: {alias:?}: {answer:?}", way.gateway);
            assert!(matches!(answer.status, 400 | 401), "{label}");
            assert_eq!(way.upstream.reached(), before, "{label}");
        }
        for name in ["X-API-KEY", "Authorization"] {
            let value = if name == "Authorization" { &bearer } else { &token };
            let twice = [line(name, value), line(&name.to_lowercase(), value)];
            let answer = get(way.proxy.address(), ORDERS, &twice);
            assert!(matches!(answer.status, 400 | 401), "{:?}: {name} twice", way.gateway);
        }
    }
}
