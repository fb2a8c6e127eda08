//! The issuer's pages as HTML.
//!
//! Invariants: every text is escaped by [`maud`], but for style and script. Those are constants that
//! the Content-Security-Policy names by their digests, so that nothing else can run or style; nothing
//! is fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::authorize::{AuthorizeRequest, DEFAULT_LIFETIME, DEFAULT_SUBJECT, LIFETIMES};
use super::{DevIssuerConfig, TokenRequest};

const STYLE: &str = include_str!("sign_in.css");
const SCRIPT: &str = include_str!("copy.js");

/// The Content-Security-Policy (CSP Level 3) of the pages.
pub(super) fn policy(config: &DevIssuerConfig) -> String {
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; form-action 'self' {}; \
         base-uri 'none'; frame-ancestors 'none'",
        digest(STYLE),
        digest(SCRIPT),
        // Browsers hold the redirect after a form against this too, and Swagger UI may have been
        // opened under another of this server's names.
        config.origins().collect::<Vec<_>>().join(" "),
    )
}

/// The page on which the developer chooses.
pub(super) fn sign_in(config: &DevIssuerConfig, wanted: &AuthorizeRequest) -> Markup {
    let (target, verb) = match (&wanted.redirect_uri, &wanted.code) {
        (Some(_), Some(_)) => ("The token goes to the console in this browser.", "Sign in"),
        (Some(_), None) => ("The token goes to Swagger UI in this browser.", "Sign in"),
        (None, _) => ("The token is shown on the next page.", "Make token"),
    };
    choices(config, &wanted.scopes, target, verb, &html! {})
}

/// The page on which the developer answers a program on a device.
pub(super) fn device(config: &DevIssuerConfig, scopes: &[String], user_code: &str) -> Markup {
    let target = format!("The token goes to the program that shows the code {user_code}.");
    let deny = html! { button.second type="submit" name="deny" value="true" { "Deny" } };
    choices(config, scopes, &target, "Sign in", &deny)
}

/// The page that asks for the code that a program on a device shows.
pub(super) fn user_code() -> Markup {
    let body = html! {
        h1 { "Sign in to neokeys" }
        form method="get" {
            .field {
                label.name for="user_code" { "Code that the program shows" }
                input type="text" id="user_code" name="user_code" maxlength="16" autofocus
                    autocomplete="off" autocapitalize="characters" spellcheck="false";
            }
            .actions { button type="submit" { "Go on" } }
        }
    };
    document("Sign in", &body, None)
}

/// The page behind an answer to a program on a device.
pub(super) fn answered(told: &str) -> Markup {
    document("Answered", &html! { h1 { (told) } p { "You can close this page." } }, None)
}

fn choices(
    config: &DevIssuerConfig,
    scopes: &[String],
    target: &str,
    verb: &str,
    more: &Markup,
) -> Markup {
    let body = html! {
        h1 { "Sign in to neokeys" }
        p.quiet { "Development issuer. " (target) }
        p.note {
            "No password: be whoever you need for a test. This page is there with "
            code { "--dev" } " only."
        }
        // The form goes to the page's own address, query and all: without `action`.
        form method="post" {
            fieldset { legend { "Tenants" } (tenant_choices(config)) }
            fieldset { legend { "Permissions" } (permission_choices(config, scopes)) }
            .pair {
                .field {
                    label.name for="subject" { "Name" }
                    input type="text" id="subject" name="subject" maxlength="128"
                        value=(DEFAULT_SUBJECT) autocomplete="off" spellcheck="false";
                }
                .field {
                    label.name for="lifetime" { "Valid for" }
                    select id="lifetime" name="lifetime" {
                        @for (seconds, name) in LIFETIMES {
                            option value=(seconds) selected[seconds == DEFAULT_LIFETIME] { (name) }
                        }
                    }
                }
            }
            .actions { button type="submit" { (verb) } (more) }
        }
    };
    document("Sign in", &body, None)
}

/// The page that shows a token.
pub(super) fn token(token: &str, choice: &TokenRequest) -> Markup {
    let list = |words: &[String]| {
        html! {
            @if words.is_empty() { "none" }
            @for (place, word) in words.iter().enumerate() {
                @if place > 0 { " " }
                code { (word) }
            }
        }
    };
    let lifetime = LIFETIMES.iter().find(|(offered, _)| *offered == choice.lifetime.as_secs());
    let body = html! {
        h1 { "Your token" }
        p.quiet { "Send it as " code { "Authorization: Bearer …" } }
        .field {
            label.name for="token" { "Token" }
            textarea id="token" readonly autofocus spellcheck="false" { (token) }
        }
        .actions {
            button type="button" id="copy" hidden { "Copy" }
            a.button.second href="authorize" { "Another one" }
        }
        dl {
            dt { "Name" } dd { (choice.subject) }
            dt { "Tenants" } dd { (list(&choice.tenants)) }
            dt { "Permissions" } dd { (list(&choice.permissions)) }
            @if let Some((_, lifetime)) = lifetime { dt { "Valid for" } dd { (lifetime) } }
        }
    };
    document("Your token", &body, Some(SCRIPT))
}

/// The page that says why not.
pub(super) fn refusal(reason: &str) -> Markup {
    document("Cannot sign in", &html! { h1 { "Cannot sign in" } p { (reason) } }, None)
}

/// The tenants offered, the first chosen; all of them; others.
fn tenant_choices(config: &DevIssuerConfig) -> Markup {
    html! {
        @for (place, tenant) in config.tenants.iter().enumerate() {
            // The first choice has the focus, so that Enter is enough for most sign-ins.
            (checkbox("tenant", tenant, None, place == 0, place == 0))
        }
        (checkbox("tenant", "*", Some("every tenant"), false, false))
        (other("tenant", "Other tenants, with spaces between"))
    }
}

/// The scopes offered and those asked for; everything; others. Chosen are those asked for, or,
/// when none is, those offered.
fn permission_choices(config: &DevIssuerConfig, wanted: &[String]) -> Markup {
    let mut scopes: Vec<&String> = Vec::new();
    for scope in config.scopes.iter().chain(wanted) {
        if scope != "*" && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let asked = |scope: &str| wanted.iter().any(|it| it == scope);
    html! {
        @for scope in scopes {
            (checkbox("permission", scope, None, wanted.is_empty() || asked(scope), false))
        }
        (checkbox("permission", "*", Some("everything"), asked("*"), false))
        (other("permission", "Other permissions, with spaces between"))
    }
}

fn checkbox(name: &str, value: &str, meaning: Option<&str>, checked: bool, focus: bool) -> Markup {
    html! {
        label.choice {
            input type="checkbox" name=(name) value=(value) checked[checked] autofocus[focus];
            code { (value) }
            @if let Some(meaning) = meaning { span.quiet { (meaning) } }
        }
    }
}

fn other(name: &str, label: &str) -> Markup {
    html! {
        .field {
            label.name for={ "other-" (name) } { (label) }
            input type="text" id={ "other-" (name) } name=(name) autocomplete="off"
                autocapitalize="off" spellcheck="false";
        }
    }
}

fn document(title: &str, body: &Markup, script: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { (title) " · neokeys" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    }
}
