//! The issuer's two pages: plain HTML, readable in light and dark, usable by keyboard, no script.

use std::fmt::Write as _;

use super::sign_in::Errand;
use super::{DevIssuer, TokenRequest};

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff; --back: #f3f5f8; --mark: #0b5fff; --on-mark: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --line: #343c48; --paper: #171b22; --back: #0e1116; --mark: #7aa7ff; --on-mark: #0e1116; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 1rem; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1.75rem 2rem 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0; font-size: 1.35rem; }
p { margin: .35rem 0 0; color: var(--soft); font-size: .9rem; }
fieldset { margin: 1.4rem 0 0; padding: 0; border: 0; }
legend, .label { display: block; padding: 0; margin: 0 0 .4rem; font-weight: 600; font-size: .95rem; }
.choice { display: flex; gap: .6rem; align-items: center; padding: .3rem 0; }
.choice input { width: 1.05rem; height: 1.05rem; margin: 0; accent-color: var(--mark); }
code { font: .9em ui-monospace, monospace; }
.hint { color: var(--soft); font-size: .85rem; }
input[type=text], select { width: 100%; padding: .5rem .65rem; border: 1px solid var(--line); border-radius: 7px; background: var(--back); color: inherit; font: inherit; }
.row { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin-top: 1.4rem; }
button { width: 100%; margin-top: 1.75rem; padding: .7rem; border: 0; border-radius: 8px; background: var(--mark); color: var(--on-mark); font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
pre { margin: .4rem 0 0; padding: .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--back); font: .8rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
dl { margin: 1.2rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
a { color: var(--mark); }
";

/// How long a token may be good for: seconds and what to call it.
const LIFETIMES: &[(u64, &str)] =
    &[(300, "5 minutes"), (3600, "1 hour"), (43_200, "12 hours"), (86_400, "1 day")];
const DEFAULT_LIFETIME: u64 = 3600;

/// The page that asks who to be.
pub(super) fn form(issuer: &DevIssuer, errand: &Errand) -> String {
    let mut tenants = String::new();
    for (index, tenant) in issuer.tenants.iter().enumerate() {
        tenants += &choice("tenant", tenant, "", index == 0);
    }
    tenants += &choice("tenant", "*", "every tenant", issuer.tenants.is_empty());
    let asked = |scope: &str| errand.scopes.iter().any(|asked| asked == scope);
    let mut permissions = choice("permission", "*", "everything", errand.scopes.is_empty());
    for scope in &issuer.scopes {
        permissions += &choice("permission", scope, "", asked(scope));
    }
    let others: Vec<_> = errand
        .scopes
        .iter()
        .filter(|scope| !issuer.scopes.contains(scope))
        .map(String::as_str)
        .collect();
    let mut lifetimes = String::new();
    for (seconds, label) in LIFETIMES {
        let selected = if *seconds == DEFAULT_LIFETIME { " selected" } else { "" };
        let _ = write!(lifetimes, "<option value=\"{seconds}\"{selected}>{label}</option>");
    }
    let mut hidden = String::new();
    if errand.redirect {
        hidden += &hidden_input("redirect_uri", &issuer.redirect_target());
        hidden += &hidden_input("response_type", "token");
    }
    if let Some(state) = &errand.state {
        hidden += &hidden_input("state", state);
    }
    let purpose = if errand.redirect {
        "Swagger UI asks for a token. Choose what it may do."
    } else {
        "Choose what the token may do. It is shown on the next page."
    };
    let body = format!(
        "<h1>Sign in to develop</h1>\
         <p>{purpose} Anybody may sign in here as anyone: this issuer exists only under \
         <code>serve --dev</code>, and its tokens are good for this run alone.</p>\
         <form method=\"post\" action=\"authorize\">{hidden}\
         <fieldset><legend>Tenants</legend>{tenants}\
         <input type=\"text\" name=\"tenant\" aria-label=\"Other tenants\" \
         placeholder=\"others, separated by spaces\" autocomplete=\"off\" spellcheck=\"false\"></fieldset>\
         <fieldset><legend>Permissions</legend>{permissions}\
         <input type=\"text\" name=\"permission\" aria-label=\"Other permissions\" value=\"{}\" \
         placeholder=\"others, separated by spaces\" autocomplete=\"off\" spellcheck=\"false\"></fieldset>\
         <div class=\"row\"><label><span class=\"label\">Name</span>\
         <input type=\"text\" name=\"subject\" value=\"developer\" maxlength=\"100\" autocomplete=\"off\" \
         spellcheck=\"false\"></label>\
         <label><span class=\"label\">Good for</span><select name=\"lifetime\">{lifetimes}</select></label></div>\
         <button type=\"submit\">Sign in</button></form>",
        escaped(&others.join(" ")),
    );
    document("Sign in · neokeys", &body)
}

/// The page that shows a token to copy.
pub(super) fn token(issuer: &DevIssuer, wanted: &TokenRequest, token: &str) -> String {
    let named = |values: &[String]| match values {
        [] => "none".to_owned(),
        values => values
            .iter()
            .map(|it| format!("<code>{}</code>", escaped(it)))
            .collect::<Vec<_>>()
            .join(" "),
    };
    let minutes = wanted.lifetime.as_secs().div_ceil(60);
    let body = format!(
        "<h1>Your token</h1><p>One click selects it. Send it as <code>Authorization: Bearer …</code>.</p>\
         <pre tabindex=\"0\" aria-label=\"Token\">{}</pre>\
         <dl><dt>Name</dt><dd>{}</dd><dt>Tenants</dt><dd>{}</dd><dt>Permissions</dt><dd>{}</dd>\
         <dt>Good for</dt><dd>{minutes} minutes</dd><dt>Issuer</dt><dd><code>{}</code></dd></dl>\
         <p><a href=\"authorize\">Make another</a> · <a href=\"/swagger-ui/\">Swagger UI</a></p>",
        escaped(token),
        escaped(&wanted.subject),
        named(&wanted.tenants),
        named(&wanted.permissions),
        escaped(&issuer.name()),
    );
    document("Your token · neokeys", &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

fn choice(name: &str, value: &str, hint: &str, checked: bool) -> String {
    let (value, checked) = (escaped(value), if checked { " checked" } else { "" });
    format!(
        "<label class=\"choice\"><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"{checked}>\
         <code>{value}</code> <span class=\"hint\">{hint}</span></label>"
    )
}

fn hidden_input(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
}

/// Text as HTML, inside elements and quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
    html
}
