//! Files that are no plain `security.yml`, named as what they are: encrypted, a manifest around the
//! file, a file whose keys stand a level too deep, lines indented with blanks that only look like spaces.

use crate::storage::document::diagnostics::Diagnostic;
use crate::storage::document::reading::entry::is_name_of_member;
use crate::storage::document::reading::misspelled_members::{Consequence, find_rule};
use crate::storage::document::reading::section_layout::Seal;
use crate::storage::document::reading::{SECTION, members_of_root, text_of_key};
use crate::storage::document::yaml::{Content, NodeId, Tree};

/// How files begin that another program has encrypted, or holds in another place.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (
        b"$ANSIBLE_VAULT;",
        "the file is encrypted with ansible-vault",
        "put the decrypted file here (ansible-vault decrypt)",
    ),
    (
        b"\0GITCRYPT\0",
        "the file is encrypted with git-crypt",
        "unlock the repository first (git-crypt unlock)",
    ),
    (
        b"-----BEGIN PGP MESSAGE-----",
        "the file is encrypted with PGP",
        "put the decrypted file here (gpg --decrypt)",
    ),
    (
        b"-----BEGIN AGE ENCRYPTED FILE-----",
        "the file is encrypted with age",
        "put the decrypted file here (age --decrypt)",
    ),
    (
        b"age-encryption.org/",
        "the file is encrypted with age",
        "put the decrypted file here (age --decrypt)",
    ),
    (b"\xff\xfe", "the document is UTF-16, not UTF-8", "save it as UTF-8"),
    (b"\xfe\xff", "the document is UTF-16, not UTF-8", "save it as UTF-8"),
    (b"\x1f\x8b", "the file is compressed with gzip", "put the unpacked file here (gunzip)"),
];

/// What the first bytes of a file say that it is, where that is no YAML.
pub(crate) fn by_first_bytes(bytes: &[u8]) -> Option<Diagnostic> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (_, fault, hint) = BEGINNINGS.iter().find(|(first, ..)| start.starts_with(first))?;
    Some(Diagnostic::at(1, 1, fault, hint))
}

/// Who encrypted a single value, and how to have it decrypted.
pub(crate) fn encrypted_value(text: &str) -> Option<(&'static str, &'static str)> {
    if text.trim_start().starts_with("$ANSIBLE_VAULT;") {
        Some((
            "encrypted with ansible-vault",
            "put the decrypted value here (ansible-vault decrypt)",
        ))
    } else if text.starts_with("ENC[") {
        Some(("encrypted with SOPS", "keep the decrypted file here (sops decrypt)"))
    } else {
        None
    }
}

/// The seal of SOPS: a section `sops` with a code over all values, which any change would break.
pub(crate) fn seal(tree: &Tree<'_>) -> Option<Seal> {
    let (key, _) = sops(tree)?;
    Some(Seal {
        reason: "the file is encrypted with SOPS, whose code over all values any change here would \
                 break; make the change with sops (\"sops edit\"), or keep the decrypted file here",
        place: tree.node(key).range().start,
    })
}

fn sops(tree: &Tree<'_>) -> Option<(NodeId, NodeId)> {
    let has = |value: NodeId, names: &[&str]| match &tree.resolved(value).content {
        Content::Mapping { members, .. } => tree
            .members(members)
            .any(|(key, _)| text_of_key(tree, key).is_some_and(|name| names.contains(&name))),
        Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => false,
    };
    members_of_root(tree).find(|(key, value)| {
        text_of_key(tree, *key) == Some("sops") && has(*value, &["mac", "lastmodified"])
    })
}

/// That a file is encrypted with SOPS.
pub(crate) fn told_of_sops(tree: &Tree<'_>) -> Option<Diagnostic> {
    let (key, _) = sops(tree)?;
    let node = tree.node(key);
    Some(Diagnostic::at(
        node.line(),
        node.column(),
        "the file is encrypted with SOPS: encrypted values are no keys, and neokeys makes no change \
         to it",
        "keep the decrypted file here (sops decrypt)",
    ))
}

/// A line that was meant for an entry, or for the list of them, and is a section by the blanks before
/// it, which only look like spaces. What it says would be lost, so nothing of the document counts.
pub(crate) fn oddly_indented_member(tree: &Tree<'_>) -> Result<(), Diagnostic> {
    let odd = members_of_root(tree).find(|(key, _)| {
        text_of_key(tree, *key).is_some_and(|name| {
            let bare = name.trim_start_matches(is_odd_blank_or_space);
            let bare = bare.strip_prefix('-').unwrap_or(bare).trim_matches(is_odd_blank_or_space);
            name.contains(is_odd_blank) && bare != name && is_for_an_entry(bare)
        })
    });
    odd.map_or(Ok(()), |(key, _)| Err(odd_blanks(tree.node(key).line(), tree.node(key).column())))
}

fn is_for_an_entry(name: &str) -> bool {
    is_name_of_member(name)
        || find_rule(name).is_some_and(|rule| rule.outcome == Consequence::NoKey)
}

/// The fault of a line that is indented with blanks that are no spaces.
pub(crate) fn odd_blanks(line: u64, column: u64) -> Diagnostic {
    Diagnostic::at(
        line,
        column,
        "the line is indented with blanks that are no spaces, such as U+00A0",
        "indent it with plain spaces, as many as the lines beside it have",
    )
}

/// Blanks and marks that look like a space, or like nothing.
pub(crate) fn is_odd_blank(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'
            ..='\u{202f}' | '\u{205f}'..='\u{2064}' | '\u{3000}' | '\u{feff}')
}

fn is_odd_blank_or_space(character: char) -> bool {
    is_odd_blank(character) || character == ' '
}

/// What a document that has content and no section of ours is: whether that is surely a mistake, and
/// what to do about it.
pub(crate) fn without_section(tree: &Tree<'_>) -> Option<(bool, Diagnostic)> {
    let (first, _) = members_of_root(tree).next()?;
    let at = |id: NodeId, fault: &str, hint: &str| {
        Diagnostic::at(tree.node(id).line(), tree.node(id).column(), fault, hint)
    };
    let find =
        |name: &str| members_of_root(tree).find(|(key, _)| text_of_key(tree, *key) == Some(name));
    if let (Some(_), Some((kind, value))) = (find("apiVersion"), find("kind")) {
        let kind_of = text_of_key(tree, value).unwrap_or("manifest");
        let kind_of: String = kind_of.chars().filter(char::is_ascii_alphanumeric).collect();
        let fault = format!("the file is a Kubernetes manifest ({kind_of}), and defines no key");
        let hint = "put the document that the manifest holds here, with apiKeys at its left margin";
        return Some((true, at(kind, &fault, hint)));
    }
    if find("oid").is_some()
        && find("version").is_some_and(|(_, value)| {
            text_of_key(tree, value).is_some_and(|url| url.contains("git-lfs"))
        })
    {
        let hint = "fetch the file itself (git lfs pull)";
        return Some((
            true,
            at(first, "the file is a pointer of Git LFS, and defines no key", hint),
        ));
    }
    if let Some((inner, outer)) = deeper_section(tree) {
        let fault = format!("apiKeys stands within {outer}, where it defines no key");
        let hint = "move apiKeys, with what belongs to it, to the left margin";
        return Some((true, at(inner, &fault, hint)));
    }
    let fault = "the document has no section apiKeys, so it defines no key";
    let hint = "if it should, put the entries under a line \"apiKeys:\" at the left margin";
    Some((false, at(first, fault, hint)))
}

/// A mapping within another section that has our section's name, or a text that holds one.
fn deeper_section(tree: &Tree<'_>) -> Option<(NodeId, String)> {
    for (key, value) in members_of_root(tree) {
        let outer = text_of_key(tree, key).unwrap_or("another section");
        let outer = if outer.len() <= 64 && outer.chars().all(|part| part.is_ascii_graphic()) {
            outer.to_owned()
        } else {
            "another section".to_owned()
        };
        let mut waiting = vec![(value, 0_u8)];
        while let Some((node, depth)) = waiting.pop() {
            match &tree.node(node).content {
                Content::Mapping { members, .. } => {
                    for (inner, value) in tree.members(members) {
                        if text_of_key(tree, inner) == Some(SECTION) {
                            return Some((inner, outer));
                        }
                        if depth < DEEPEST_LOOK {
                            waiting.push((value, depth + 1));
                        }
                    }
                }
                Content::Scalar { text, .. } if text.lines().any(|line| line == "apiKeys:") => {
                    return Some((node, format!("a text of {outer}")));
                }
                Content::Sequence { items, .. } if depth < DEEPEST_LOOK => {
                    waiting.extend(tree.items(items).iter().map(|item| (*item, depth + 1)));
                }
                Content::Scalar { .. } | Content::Sequence { .. } | Content::Alias(_) => {}
            }
        }
    }
    None
}

/// How deep a section of ours is looked for within others.
const DEEPEST_LOOK: u8 = 4;
