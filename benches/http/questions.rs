//! The cost of being asked: by a gateway, and what a token is worth.

use crate::bare::Answer;
use crate::issuer::{Issuer, TOKENS};
use crate::load::Load;
use crate::population::{self, Population, token};
use crate::report::{self, Pages, Row};
use crate::rounds::{Case, alternate};
use crate::server::Server;
use crate::targets::bare_by;

const ROUNDS: usize = 5;

pub fn run(pages: &Pages) {
    let store = Population::of(1, 10);
    let issuer = Issuer::generate();
    let settings = format!("{}log: {{ level: off }}\n", issuer.settings(store.folder()));
    let neokeys = Server::neokeys(&store.settings("questions.yml", &settings), None);

    let own = token(0, 3);
    let key = [("X-API-KEY", own.as_str())];
    let bearer = format!("Bearer {}", issuer.token(TOKENS));
    let bearer = [("Authorization", bearer.as_str())];
    let gateway = format!("{}?scope=tenant.apiKey:read", population::forward_auth(0));
    let (introspect, form) = (population::introspect(0), format!("token={}", token(0, 4)));
    let unknown = format!("token={}", token(9, 9));

    let bare_gateway =
        bare_by(|server| server.get(&gateway, &key), &neokeys, store.folder(), &gateway);
    let ask = |server: &Server| server.post(&introspect, &key, &form);
    let bare_introspect = bare_by(ask, &neokeys, store.folder(), &introspect);
    let answer = String::from_utf8(Answer::parse(&ask(&neokeys)).body).unwrap();
    assert!(answer.contains("\"active\":true"), "{answer}");

    let get = Load::same(&population::key(0, 3), &key);
    let pass = Load::same(&gateway, &key);
    let tell = Load::form(&introspect, &key, &form);
    let mut cases = vec![
        Case::new("bare handler, same bytes as forward-auth", &bare_gateway, pass.clone()),
        Case::new("forward-auth, X-API-KEY", &neokeys, pass),
        Case::new("forward-auth, RS256 token seen before", &neokeys, Load::same(&gateway, &bearer)),
        Case::new("bare handler, same bytes as introspection", &bare_introspect, tell.clone()),
        Case::new("introspection of an API key", &neokeys, tell),
        Case::new(
            "introspection of an unknown token",
            &neokeys,
            Load::form(&introspect, &key, &unknown),
        ),
        Case::new("GET of one key, X-API-KEY", &neokeys, get),
    ];
    for case in &cases {
        case.warm_up();
    }
    alternate(&mut cases, ROUNDS);
    let row = |name: usize, against: usize, at_most: f64| {
        let (case, limit) = (&cases[name], &cases[against]);
        Row::ratio(&case.name, &limit.name, case.ratio(limit, |it| it.cpu_us), at_most)
    };
    let rows = [row(1, 0, 1.5), row(2, 0, 1.5), row(4, 3, 2.0), row(5, 3, 2.0)];
    let text = format!(
        "# What questions of other services cost\n\n{}\n{}\n{REMARKS}",
        report::rows(&rows),
        report::cases(&cases)
    );
    pages.page("questions", &text);
}

const REMARKS: &str = "\
Measured like the targets: wrk over 64 connections, five alternating rounds of two seconds, log off, \
processor time of the server. The bare handler of introspection reads the whole body and ignores it.
";
