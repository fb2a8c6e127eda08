//! Lint: what `check` tells of a document beyond its keyring.

use std::collections::HashMap;

use crate::domain::{KeyPolicy, Scope, Timestamp};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::reading::entry::ApiKeyEntry;
use crate::storage::document::reading::entry::members::MemberName;
use crate::storage::document::reading::foreign_formats;
use crate::storage::document::reading::misspelled_members::find_limit;
use crate::storage::document::reading::{ParsedDocument, SECTION, members_of_root, read};
use crate::storage::document::yaml::Tree;

/// The findings of `check`.
#[derive(Debug, Default)]
pub(crate) struct LintReport {
    /// Faults that keep entries, or what is meant to be some, from being keys.
    pub(crate) faults: Vec<Diagnostic>,
    /// Faults that are allowed but surely not meant.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The expectations of a deployment, beyond what makes keys valid.
pub(crate) struct Expectations<'p> {
    /// The time now: tokens that have expired by then are remarked on.
    pub(crate) now: Timestamp,
    /// Every enabled key that ends by then is an error.
    pub(crate) alarm: Option<Timestamp>,
    /// The policy: keys that it does not allow are remarked on.
    pub(crate) policy: &'p KeyPolicy,
    /// The remedy for a scope that the deployment does not list; `None` for one that it lists.
    pub(crate) unlisted: &'p UnlistedScope,
}

/// The remedy for a scope, if it needs one.
pub type UnlistedScope = dyn Fn(&Scope) -> Option<String> + Send + Sync;

/// Everything worth telling about a document.
pub(crate) fn check(
    bytes: &[u8],
    expectations: Option<&Expectations<'_>>,
) -> Result<LintReport, Diagnostic> {
    let ParsedDocument { tree, has_section, entries, .. } = read(bytes)?;
    let mut report = LintReport::default();
    if let Some(expectations) = expectations {
        of_lifetimes(&tree, &entries, expectations, &mut report);
        of_scopes(&tree, &entries, expectations.unlisted, &mut report);
    }
    of_entries(&tree, entries, &mut report);
    let misspelt = misspelt_sections(&tree);
    let is_unreadable = !has_section || !report.faults.is_empty();
    let told = match foreign_formats::told_of_sops(&tree) {
        Some(told) => Some((is_unreadable, told)),
        None if has_section || !misspelt.is_empty() => None,
        None => foreign_formats::without_section(&tree),
    };
    match told {
        Some((true, fault)) => report.faults.push(fault),
        Some((false, warning)) => report.warnings.push(warning),
        None => {}
    }
    report.warnings.extend(misspelt);
    report.warnings.extend(outside_of_entries(&tree));
    Ok(report)
}

/// Tells of keys that are about to end or last too long, and of older tokens that have ended.
fn of_lifetimes(
    tree: &Tree<'_>,
    entries: &[ApiKeyEntry],
    expectations: &Expectations<'_>,
    report: &mut LintReport,
) {
    let Expectations { now, alarm, policy, .. } = expectations;
    for entry in entries {
        let (node, Ok(key)) = (tree.node(entry.node), &entry.key) else { continue };
        let (name, end) = (&key.name, key.details().limits.expires_at);
        if let Some(end) = end.filter(|end| key.enabled && alarm.is_some_and(|by| *end <= by)) {
            let fault = format!("the key {name} expires at {end}");
            report.faults.push(node.diagnostic(fault, "give it a later expiry, or disable it"));
        }
        if let Some(latest) = policy.latest_end_exceeded(key, *now).filter(|_| key.enabled) {
            let ends =
                end.map_or_else(|| "never expires".to_owned(), |end| format!("expires at {end}"));
            let fault = format!("the key {name} {ends}, which is beyond keys.max_lifetime");
            report.warnings.push(node.diagnostic(fault, format!("let it expire by {latest}")));
        }
        let ended = key.details().previous.iter().filter(|token| token.expires_at <= *now).count();
        if ended > 0 {
            let fault = format!("the key {name} has older tokens that have expired: {ended}");
            let hint = "remove them from previousHashes; the next change of the key does it too";
            report.warnings.push(node.diagnostic(fault, hint));
        }
    }
}

/// Tells of scopes that nobody listed.
fn of_scopes(
    tree: &Tree<'_>,
    entries: &[ApiKeyEntry],
    unlisted: &UnlistedScope,
    report: &mut LintReport,
) {
    for entry in entries {
        let (node, Ok(key)) = (tree.node(entry.node), &entry.key) else { continue };
        for scope in &key.scopes {
            if let Some(hint) = unlisted(scope) {
                let (name, scope) = (&key.name, scope.as_str());
                let fault =
                    format!("the key {name} has the permission {scope}, which is not listed");
                report.warnings.push(node.diagnostic(fault, hint));
            }
        }
    }
}

fn of_entries(tree: &Tree<'_>, entries: Vec<ApiKeyEntry>, report: &mut LintReport) {
    let mut holders = HashMap::with_capacity(entries.len());
    for entry in entries {
        let node = tree.node(entry.node);
        report.warnings.extend(entry.warnings);
        match entry.key {
            Err(faults) => report.faults.extend(faults),
            Ok(key) => {
                let previous = key.details().previous.iter().map(|token| token.digest);
                for digest in previous.chain([key.digest]) {
                    if let Some(line) = holders.insert(digest, node.line()) {
                        let fault = format!("the entry at line {line} has the same token");
                        let hint = "give each key tokens of its own";
                        report.faults.push(node.diagnostic(fault, hint));
                    }
                }
            }
        }
    }
}

/// Diagnostics of sections by their names.
fn of_sections(
    tree: &Tree<'_>,
    tell: impl Fn(&str) -> Option<(String, String)>,
) -> Vec<Diagnostic> {
    let told = members_of_root(tree).iter().filter_map(|[key, _]| {
        let (fault, hint) = tell(tree.text_of(*key)?)?;
        Some(tree.node(*key).diagnostic(fault, hint))
    });
    told.collect()
}

/// Sections that are surely meant to be ours and are not: what stands in them is no key.
fn misspelt_sections(tree: &Tree<'_>) -> Vec<Diagnostic> {
    of_sections(tree, |name| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let looks_like_ours = letters.trim_end_matches(['s', 'S']).eq_ignore_ascii_case("apikey");
        (name != SECTION && looks_like_ours).then(|| {
            let fault = format!("the section {name} is not {SECTION}, so its entries are not keys");
            (fault, format!("call it {SECTION}, in exactly this case"))
        })
    })
}

/// Sections that have the name of what turns a key off or limits it: outside of an entry they do
/// nothing.
fn outside_of_entries(tree: &Tree<'_>) -> Vec<Diagnostic> {
    of_sections(tree, |name| {
        let is_limit = find_limit(name).is_some_and(|rule| rule.member == name);
        let is_member = matches!(
            MemberName::find(name),
            Some(
                MemberName::Enabled
                    | MemberName::Hash
                    | MemberName::Limits
                    | MemberName::PreviousHashes
            )
        );
        (is_limit || is_member).then(|| {
            let fault = format!("{name} is outside of every entry, where it has no effect");
            (fault, "indent it as far as the other members of its entry".to_owned())
        })
    })
}
