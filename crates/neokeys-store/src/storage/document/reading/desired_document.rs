//! Files of wanted keys: a document a tenant, read as strictly as `security.yml`. What is not understood is
//! refused: a member with a letter too many would be one that is not wanted.

use super::entry::EntryReader;
use super::entry::member_values::all;
use super::misspelled_members::shown;
use super::{SECTION, items_of_section};
use crate::domain::{Annotation, DesiredKeys, ManagedBy, TenantId};
use crate::storage::document::diagnostic::Diagnostic;
use crate::storage::document::yaml::scalar::Value;
use crate::storage::document::yaml::{NodeId, Tree};

/// The most documents in one file.
const MOST_DOCUMENTS: usize = 1000;

/// The keys that one document wants a tenant to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredDocument {
    /// Whose keys.
    pub tenant: TenantId,
    /// The keys.
    pub keys: DesiredKeys,
    /// Where the document starts in its file: the line and the column, counted from 1.
    pub place: (u64, u64),
    /// Where each key starts.
    pub places: Vec<(u64, u64)>,
}

/// Reads all documents of a file, of which those with nothing but comments are none.
///
/// # Errors
/// Every [`Diagnostic`] that there is.
pub fn read_desired(bytes: &[u8]) -> Result<Vec<DesiredDocument>, Vec<Diagnostic>> {
    let (mut documents, mut faults) = (Vec::new(), Vec::new());
    for text in documents_of(bytes).map_err(|fault| vec![fault])? {
        match read_document(&text) {
            Ok(document) => documents.extend(document),
            Err(all) => faults.extend(all),
        }
    }
    if faults.is_empty() { Ok(documents) } else { Err(faults) }
}

/// Each document of a file by itself, behind as many blank lines as stand before it, so that every place is
/// one of the file.
pub(super) fn documents_of(
    bytes: &[u8],
) -> Result<impl Iterator<Item = String> + use<'_>, Diagnostic> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text =
        std::str::from_utf8(bytes).map_err(|error| super::not_utf_8(bytes, error.valid_up_to()))?;
    let starts = starts_of_documents(text);
    if starts.len() > MOST_DOCUMENTS {
        let fault = format!("the file has more than {MOST_DOCUMENTS} documents");
        return Err(Diagnostic::at(1, 1, fault, "split it into several files"));
    }
    let ends: Vec<_> = starts.iter().skip(1).map(|start| start.0).chain([text.len()]).collect();
    let parts = starts.into_iter().zip(ends);
    Ok(parts.map(|((start, line), end)| format!("{}{}", "\n".repeat(line), &text[start..end])))
}

/// Where each document starts: its offset, and how many lines stand before it. A line that begins with
/// `---` starts one, whatever it seems to stand in (YAML 1.2.2 §9.1.2).
fn starts_of_documents(text: &str) -> Vec<(usize, usize)> {
    let (mut starts, mut offset) = (vec![(0, 0)], 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let rest = line.strip_prefix("---");
        if offset > 0
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
        {
            starts.push((offset, number));
        }
        offset += line.len();
    }
    starts
}

fn read_document(text: &str) -> Result<Option<DesiredDocument>, Vec<Diagnostic>> {
    let one = |fault| vec![fault];
    let tree =
        &Tree::parse(text).map_err(|fault| one(super::syntax_hints::explained(text, fault)))?;
    let root = tree.root().map(|root| tree.node(root));
    let Some(root) = root.filter(|root| root.value() != Some(Value::Null)) else { return Ok(None) };
    let repeated = tree.repeated().iter().map(|key| {
        tree.node(*key)
            .diagnostic("the same name occurs twice in one mapping", "keep one of the two")
    });
    all(repeated.map(Err::<(), _>))?;
    let members = tree.members_of(root).ok_or_else(|| {
        let fault = format!("the document is {}, not a mapping", root.kind());
        one(root.diagnostic(fault, "write tenant, managedBy and apiKeys"))
    })?;
    let member = |name: &str| {
        let found = members.iter().find(|[key, _]| tree.text_of(*key) == Some(name));
        found.map(|[_, value]| *value).ok_or_else(|| {
            let hint = format!("add a line \"{name}: …\"");
            root.diagnostic(format!("the document has no {name}"), hint)
        })
    };
    let unknown = members.iter().filter_map(|[key, _]| {
        let name = tree.text_of(*key).unwrap_or_default();
        let hint = "the members are tenant, managedBy and apiKeys; fix or remove this one";
        let fault = format!("the document has {}, which is not known", shown(name));
        (!["tenant", "managedBy", SECTION].contains(&name))
            .then(|| tree.node(*key).diagnostic(fault, hint))
    });
    let mut faults: Vec<_> = unknown.collect();
    let tenant = member("tenant").and_then(|value| {
        let told =
            |error: String| tree.node(value).diagnostic("the tenant is not a tenant id", error);
        TenantId::parse(text_of(tree, value)).map_err(|error| told(error.to_string()))
    });
    let tenant = tenant.map_err(|fault| faults.push(fault));
    let managed_by: Result<ManagedBy, _> = member("managedBy").and_then(|value| {
        let told =
            |error| tree.node(value).diagnostic("managedBy is not allowed", format!("it {error}"));
        Annotation::parse(text_of(tree, value)).map_err(told)
    });
    let managed_by = managed_by.map_err(|fault| faults.push(fault));
    let items = member(SECTION).and_then(|value| items_of_section(tree, value));
    let items = items.map_err(|fault| faults.push(fault)).unwrap_or_default();
    let keys = EntryReader::new(tree).all_desired(items).map_err(|all| faults.extend(all));
    match (tenant, managed_by, keys) {
        (Ok(tenant), Ok(managed_by), Ok(keys)) if faults.is_empty() => Ok(Some(DesiredDocument {
            tenant,
            keys: DesiredKeys { managed_by, keys },
            place: root.place(),
            places: items.iter().map(|item| tree.node(*item).place()).collect(),
        })),
        _ => Err(faults),
    }
}

fn text_of<'a>(tree: &'a Tree<'_>, value: NodeId) -> &'a str {
    tree.text_of(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::read_desired;
    use crate::domain::{Patch, Timestamp};

    const WHOLE: &str = "\
# keys of acme
tenant: acme
managedBy: git/platform
apiKeys:
  - name: crm-sync
    permissions: [orders:read, orders:write]
    expiresAt: 2027-06-30T00:00:00Z
    hash: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
    overlap: 24h
---
tenant: other
managedBy: git/platform
apiKeys:
  - {name: a, expiresAt: null, labels: {env: prod}, overlap: 0, description: \"\"}
---
# nothing
";

    #[test]
    fn every_document_is_read_with_the_places_of_its_keys() {
        let documents = read_desired(WHOLE.as_bytes()).unwrap();
        let [acme, other] = &documents[..] else { panic!("{documents:?}") };
        assert_eq!((acme.tenant.as_str(), other.tenant.as_str()), ("acme", "other"));
        assert_eq!((acme.place, &acme.places[..]), ((2, 1), &[(5, 5)][..]));
        assert_eq!(other.places, [(14, 5)]);
        let key = &acme.keys.keys[0];
        assert_eq!(key.overlap, Some(Duration::from_secs(86_400)));
        assert_eq!(key.expires_at, Patch::Set(Timestamp::parse("2027-06-30T00:00:00Z").unwrap()));
        assert_eq!((key.enabled, &key.owner), (None, &Patch::Keep));
        let key = &other.keys.keys[0];
        assert_eq!((&key.expires_at, &key.description), (&Patch::Remove, &Patch::Remove));
        assert_eq!((key.overlap, key.scopes.as_ref()), (Some(Duration::ZERO), None));
        assert_eq!(key.labels.as_ref().unwrap().iter().count(), 1);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let refused = |text: &str| {
            let faults = read_desired(text.as_bytes()).unwrap_err();
            let told = faults.iter().map(|it| format!("{}:{}", it.line, it.column));
            told.collect::<Vec<_>>().join(" ")
        };
        let head = "tenant: a\nmanagedBy: git\napiKeys:\n";
        for (text, places) in [
            (String::new() + "tenant: a\n", "1:1 1:1"),
            ("- a\n".to_owned(), "1:1"),
            (format!("{head}prune: true\n"), "4:1"),
            (format!("{head}  - name: a\n    permission: [x]\n"), "5:5"),
            (format!("{head}  - name: a\n    Enabled: true\n"), "5:5"),
            (format!("{head}  - name: a\n    limits: {{}}\n    managedBy: b\n"), "5:5 6:5"),
            (
                format!("{head}  - name: a\n    overlap: 1 day\n    expiresAt: tomorrow\n"),
                "5:14 6:16",
            ),
            (format!("{head}  - name: a\n    hash: xyz\n  - name: b/c\n"), "5:11 6:11"),
            (format!("{head}  - name: a\n  - name: a\n"), "5:5"),
            (format!("{head}  - name: a\n    owner: 5\n"), "5:12"),
            (format!("{head}  - name: a\n    name: b\n"), "5:5"),
            (
                format!("tenant: ../a\nmanagedBy: ''\napiKeys: 5\n---\n{head}  - a\n"),
                "1:9 2:12 3:10 8:5",
            ),
            (format!("{head}\u{1}"), "4:1"),
        ] {
            assert_eq!(refused(&text), places, "{text}");
        }
        assert_eq!(refused("a: \"\n---\n\"\n"), "2:1 3:1");
        assert!(read_desired(b"tenant: \xff").is_err());
        assert_eq!(read_desired(b"").unwrap(), []);
    }
}
