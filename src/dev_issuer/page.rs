//! The issuer's pages as HTML.
//!
//! Invariants: every text that is not written here goes through [`escape`]. Style and script are
//! constants that the Content-Security-Policy names by their digests, so that nothing else can run
//! or style; nothing is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::authorize::{AuthorizeRequest, DEFAULT_LIFETIME, DEFAULT_SUBJECT, LIFETIMES};
use super::{DevIssuerConfig, TokenRequest};

const STYLE: &str = include_str!("sign_in.css");
const SCRIPT: &str = include_str!("copy.js");

/// The pages, and the policy that they are served under.
pub(super) struct Pages {
    policy: String,
}

impl Pages {
    pub(super) fn new(config: &DevIssuerConfig) -> Self {
        let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let policy = format!(
            "default-src 'none'; img-src data:; style-src {}; script-src {}; form-action 'self' {}; \
             base-uri 'none'; frame-ancestors 'none'",
            digest(STYLE),
            digest(SCRIPT),
            // Browsers hold the redirect after a form against this too, and Swagger UI may have
            // been opened under another of this server's names.
            config.origins().collect::<Vec<_>>().join(" "),
        );
        Self { policy }
    }

    /// The Content-Security-Policy (CSP Level 3).
    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    /// The page on which the developer chooses.
    pub(super) fn sign_in(&self, config: &DevIssuerConfig, wanted: &AuthorizeRequest) -> String {
        let (target, verb) = match &wanted.redirect_uri {
            Some(_) => ("The token goes to Swagger UI in this browser.", "Sign in"),
            None => ("The token is shown on the next page.", "Make token"),
        };
        let tenants = tenant_choices(config);
        let permissions = permission_choices(config, wanted);
        let lifetimes: String = LIFETIMES
            .iter()
            .map(|(seconds, name)| {
                let selected = if *seconds == DEFAULT_LIFETIME { " selected" } else { "" };
                format!("<option value=\"{seconds}\"{selected}>{name}</option>")
            })
            .collect();
        // The form goes to the page's own address, query and all: without `action`.
        document(
            "Sign in",
            &format!(
                "<h1>Sign in to neokeys</h1>\n\
                 <p class=\"quiet\">Development issuer. {target}</p>\n\
                 <p class=\"note\">No password: be whoever you need for a test. This page is there \
                 with <code>--dev</code> only.</p>\n\
                 <form method=\"post\">\n\
                 <fieldset><legend>Tenants</legend>{tenants}</fieldset>\n\
                 <fieldset><legend>Permissions</legend>{permissions}</fieldset>\n\
                 <div class=\"pair\"><div class=\"field\">\
                 <label class=\"name\" for=\"subject\">Name</label>\
                 <input type=\"text\" id=\"subject\" name=\"subject\" maxlength=\"128\" \
                 value=\"{DEFAULT_SUBJECT}\" autocomplete=\"off\" spellcheck=\"false\"></div>\n\
                 <div class=\"field\"><label class=\"name\" for=\"lifetime\">Valid for</label>\
                 <select id=\"lifetime\" name=\"lifetime\">{lifetimes}</select></div></div>\n\
                 <div class=\"actions\"><button type=\"submit\">{verb}</button></div>\n\
                 </form>"
            ),
            "",
        )
    }

    /// The page that shows a token.
    pub(super) fn token(&self, token: &str, choice: &TokenRequest) -> String {
        let list = |words: &[String]| match words {
            [] => "none".to_owned(),
            words => {
                let words = words.iter().map(|word| format!("<code>{}</code>", escape(word)));
                words.collect::<Vec<_>>().join(" ")
            }
        };
        let seconds = choice.lifetime.as_secs();
        let lifetime = LIFETIMES.iter().find(|(offered, _)| *offered == seconds);
        let lifetime = lifetime.map_or("", |(_, name)| *name);
        document(
            "Your token",
            &format!(
                "<h1>Your token</h1>\n\
                 <p class=\"quiet\">Send it as <code>Authorization: Bearer …</code></p>\n\
                 <div class=\"field\"><label class=\"name\" for=\"token\">Token</label>\
                 <textarea id=\"token\" readonly autofocus spellcheck=\"false\">{}</textarea></div>\n\
                 <div class=\"actions\"><button type=\"button\" id=\"copy\" hidden>Copy</button>\
                 <a class=\"button second\" href=\"authorize\">Another one</a></div>\n\
                 <dl><dt>Name</dt><dd>{}</dd><dt>Tenants</dt><dd>{}</dd>\
                 <dt>Permissions</dt><dd>{}</dd><dt>Valid for</dt><dd>{lifetime}</dd></dl>",
                escape(token),
                escape(&choice.subject),
                list(&choice.tenants),
                list(&choice.permissions),
            ),
            &format!("<script>{SCRIPT}</script>\n"),
        )
    }

    /// The page that says why not.
    pub(super) fn refusal(&self, reason: &str) -> String {
        document(
            "Cannot sign in",
            &format!("<h1>Cannot sign in</h1>\n<p>{}</p>", escape(reason)),
            "",
        )
    }
}

/// The tenants offered, the first chosen; all of them; others.
fn tenant_choices(config: &DevIssuerConfig) -> String {
    // The first choice has the focus, so that Enter is enough for most sign-ins.
    let offered = config.tenants.iter().enumerate();
    let mut choices: String = offered
        .map(|(place, tenant)| {
            checkbox("tenant", tenant, "", if place == 0 { " checked autofocus" } else { "" })
        })
        .collect();
    choices.push_str(&checkbox("tenant", "*", "every tenant", ""));
    choices.push_str(&other("tenant", "Other tenants, with spaces between"));
    choices
}

/// The scopes offered and those asked for; everything; others. Chosen are those asked for, or,
/// when none is, those offered.
fn permission_choices(config: &DevIssuerConfig, wanted: &AuthorizeRequest) -> String {
    let mut scopes: Vec<&String> = Vec::new();
    for scope in config.scopes.iter().chain(&wanted.scopes) {
        if scope != "*" && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let asked = |scope: &String| wanted.scopes.is_empty() || wanted.scopes.contains(scope);
    let checked = |asked: bool| if asked { " checked" } else { "" };
    let mut choices: String = scopes
        .iter()
        .map(|scope| checkbox("permission", scope, "", checked(asked(scope))))
        .collect();
    let all = wanted.scopes.iter().any(|scope| scope == "*");
    choices.push_str(&checkbox("permission", "*", "everything", checked(all)));
    choices.push_str(&other("permission", "Other permissions, with spaces between"));
    choices
}

fn checkbox(name: &str, value: &str, meaning: &str, attributes: &str) -> String {
    let value = escape(value);
    let meaning = match meaning {
        "" => String::new(),
        meaning => format!("<span class=\"quiet\">{meaning}</span>"),
    };
    format!(
        "<label class=\"choice\"><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"\
         {attributes}><code>{value}</code>{meaning}</label>"
    )
}

fn other(name: &str, label: &str) -> String {
    format!(
        "<div class=\"field\"><label class=\"name\" for=\"other-{name}\">{label}</label>\
         <input type=\"text\" id=\"other-{name}\" name=\"{name}\" autocomplete=\"off\" \
         autocapitalize=\"off\" spellcheck=\"false\"></div>"
    )
}

fn document(title: &str, body: &str, script: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title} · neokeys</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <main>\n{body}\n</main>\n{script}</body>\n</html>\n"
    )
}

/// Makes a text safe as an element's content and as a quoted attribute's value.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
