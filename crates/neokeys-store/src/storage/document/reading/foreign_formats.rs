//! Foreign formats: files that are no plain `security.yml`, named as what they are: encrypted, a manifest around the
//! file, a file whose keys stand a level too deep, lines indented with blanks that only look like spaces.

use super::entry::members::MemberName;
use super::misspelled_members::find_limit;
use super::section_layout::Seal;
use super::{SECTION, members_of_root};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::{NodeId, Tree};

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

/// The format that the first bytes of a file tell, where that is no YAML.
pub(crate) fn by_first_bytes(bytes: &[u8]) -> Option<Diagnostic> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (_, fault, hint) = BEGINNINGS.iter().find(|(first, ..)| start.starts_with(first))?;
    Some(Diagnostic::at(1, 1, *fault, *hint))
}

/// The seal of SOPS: a section `sops` with a code over all values, which any change would break.
pub(crate) fn seal(tree: &Tree<'_>) -> Option<Seal> {
    Some(Seal {
        reason: "the file is encrypted with SOPS, and any change here would break its checksum over all \
            values; make the change with sops (\"sops edit\"), or keep the decrypted file here",
        place: tree.node(sops(tree)?).range().start,
    })
}

fn sops(tree: &Tree<'_>) -> Option<NodeId> {
    let has_code = |value: NodeId| {
        let mut members = tree.members_of(tree.resolved(value)).unwrap_or_default().iter();
        members.any(|[key, _]| matches!(tree.text_of(*key), Some("mac" | "lastmodified")))
    };
    find(tree, "sops").filter(|[_, value]| has_code(*value)).map(|[key, _]| key)
}

/// The section of a name.
fn find(tree: &Tree<'_>, name: &str) -> Option<[NodeId; 2]> {
    members_of_root(tree).iter().copied().find(|[key, _]| tree.text_of(*key) == Some(name))
}

/// That a file is encrypted with SOPS.
pub(crate) fn told_of_sops(tree: &Tree<'_>) -> Option<Diagnostic> {
    Some(tree.node(sops(tree)?).diagnostic(
        "the file is encrypted with SOPS: encrypted values are not keys, and neokeys makes no change to it",
        "keep the decrypted file here (sops decrypt)",
    ))
}

/// A line that was meant for an entry, or for the list of them, and is a section by the blanks before
/// it, which only look like spaces. What it says would be lost, so nothing of the document counts.
pub(crate) fn oddly_indented_member(tree: &Tree<'_>) -> Result<(), Diagnostic> {
    let is_odd = |name: &str| {
        let bare = name.trim_start_matches(is_odd_blank_or_space);
        let bare = bare.strip_prefix('-').unwrap_or(bare).trim_matches(is_odd_blank_or_space);
        let is_for_an_entry = || MemberName::find(bare).is_some() || find_limit(bare).is_some();
        name.contains(is_odd_blank) && bare != name && is_for_an_entry()
    };
    match members_of_root(tree).iter().find(|[key, _]| tree.text_of(*key).is_some_and(is_odd)) {
        Some([key, _]) => Err(tree.node(*key).diagnostic(ODD_BLANKS.0, ODD_BLANKS.1)),
        None => Ok(()),
    }
}

/// The fault of a line that is indented with blanks that are no spaces, and how to fix it.
pub(crate) const ODD_BLANKS: (&str, &str) = (
    "the line is indented with blanks that are not spaces, such as U+00A0",
    "indent it with plain spaces, as many as the lines beside it have",
);

/// Blanks and marks that look like a space, or like nothing.
pub(crate) fn is_odd_blank(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'
            ..='\u{202f}' | '\u{205f}'..='\u{2064}' | '\u{3000}' | '\u{feff}')
}

fn is_odd_blank_or_space(character: char) -> bool {
    is_odd_blank(character) || character == ' '
}

/// A document that has content and no section of ours: whether that is surely a mistake, and what to do
/// about it.
pub(crate) fn without_section(tree: &Tree<'_>) -> Option<(bool, Diagnostic)> {
    let [first, _] = *members_of_root(tree).first()?;
    let text = |name| find(tree, name).and_then(|[_, value]| tree.text_of(value));
    if let (Some(_), Some([kind, value])) = (find(tree, "apiVersion"), find(tree, "kind")) {
        let kind_of = tree.text_of(value).unwrap_or("manifest");
        let kind_of: String = kind_of.chars().filter(char::is_ascii_alphanumeric).collect();
        let fault = format!("the file is a Kubernetes manifest ({kind_of}), and defines no key");
        let hint = "put the document that the manifest holds here, with apiKeys at its left margin";
        return Some((true, tree.node(kind).diagnostic(fault, hint)));
    }
    if find(tree, "oid").is_some() && text("version").is_some_and(|url| url.contains("git-lfs")) {
        let fault = "the file is a pointer of Git LFS, and defines no key";
        let hint = "fetch the file itself (git lfs pull)";
        return Some((true, tree.node(first).diagnostic(fault, hint)));
    }
    if let Some((inner, outer)) = deeper_section(tree) {
        let fault = format!("apiKeys is inside {outer}, where it defines no keys");
        let hint = "move apiKeys, with what belongs to it, to the left margin";
        return Some((true, tree.node(inner).diagnostic(fault, hint)));
    }
    let fault = "the document has no section apiKeys, so it defines no key";
    let hint = "if it should, put the entries under a line \"apiKeys:\" at the left margin";
    Some((false, tree.node(first).diagnostic(fault, hint)))
}

/// A mapping within another section that has our section's name, or a text that holds one.
fn deeper_section(tree: &Tree<'_>) -> Option<(NodeId, String)> {
    members_of_root(tree).iter().find_map(|[key, value]| {
        let is_plain =
            |name: &&str| name.len() <= 64 && name.chars().all(|part| part.is_ascii_graphic());
        let outer = tree.text_of(*key).filter(is_plain).unwrap_or("another section");
        let mut waiting = vec![(*value, 0_u8)];
        while let Some((id, depth)) = waiting.pop() {
            let node = tree.node(id);
            let members = tree.members_of(node).unwrap_or_default();
            if let Some([inner, _]) =
                members.iter().find(|[key, _]| tree.text_of(*key) == Some(SECTION))
            {
                return Some((*inner, outer.to_owned()));
            }
            if node.text().is_some_and(|text| text.lines().any(|line| line == "apiKeys:")) {
                return Some((id, format!("a text of {outer}")));
            }
            if depth < DEEPEST_LOOK {
                let values = members.iter().map(|[_, value]| value);
                let items = tree.items_of(node).unwrap_or_default();
                waiting.extend(values.chain(items).map(|inner| (*inner, depth + 1)));
            }
        }
        None
    })
}

/// How deep a section of ours is looked for within others.
const DEEPEST_LOOK: u8 = 4;
