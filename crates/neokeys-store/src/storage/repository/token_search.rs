//! The search for the tenants that have keys with some tokens, through the bytes of all documents.
//!
//! A digest stands in a document in one of a few spellings. Runs of the characters that these have are read as
//! one, so that a thousand digests cost as much as one; only documents with a hit are worth a reading.

use std::collections::HashSet;

use crate::domain::{Digest, Holders};
use crate::storage::document_store::{DocumentError, DocumentStore, Reading};

/// The tenants whose documents have one of these digests in them.
pub(super) async fn find_holders(
    documents: &dyn DocumentStore,
    digests: &HashSet<Digest>,
) -> Result<Holders, DocumentError> {
    let mut found = Holders { tenants: Vec::new(), is_complete: true };
    for tenant in documents.tenants().await? {
        match documents.read_newest(&tenant, None).await {
            Ok(Reading::Found(stored)) if has_any(&stored.bytes, digests) => {
                found.tenants.push(tenant);
            }
            Ok(Reading::Found(_) | Reading::NoSuchTenant) => {}
            // What the repository has of it is looked at.
            Ok(Reading::Unchanged | Reading::Confirmed(_) | Reading::BeingAcknowledged) => {
                found.tenants.push(tenant);
            }
            Err(error) => {
                tracing::warn!(tenant.id = %tenant, error = %error, "a document cannot be searched for leaked \
                    tokens");
                found.is_complete = false;
            }
        }
    }
    Ok(found)
}

/// Whether one of the digests stands in these bytes, in a spelling that [`Digest::parse`] takes.
fn has_any(bytes: &[u8], digests: &HashSet<Digest>) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
    let runs = bytes.split(|byte| !is_part(byte)).filter(|run| run.len() >= 43);
    let read = |run: &[u8]| Digest::parse(std::str::from_utf8(run).ok()?).ok();
    runs.filter_map(read).any(|digest| digests.contains(&digest))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::has_any;
    use crate::domain::Digest;

    #[test]
    fn a_digest_is_found_in_every_spelling_and_place() {
        let digest = Digest::of(b"a token");
        let hex = digest.to_hex();
        let raw: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let wanted = HashSet::from([digest]);
        let spellings =
            [hex.clone(), hex.to_uppercase(), STANDARD.encode(&raw), URL_SAFE_NO_PAD.encode(&raw)];
        for spelling in &spellings {
            for text in [
                spelling.clone(),
                format!("apiKeys:\n  - name: a\n    hash: {spelling}\r\n"),
                format!("{{\"hash\":\"{spelling}\",\"name\":\"a\"}}"),
                format!("hash: '{spelling}' # {spelling}"),
            ] {
                assert!(has_any(text.as_bytes(), &wanted), "{text}");
            }
        }
        for text in [String::new(), Digest::of(b"another").to_hex(), hex[1..].to_owned()] {
            assert!(!has_any(text.as_bytes(), &wanted), "{text}");
        }
    }
}
