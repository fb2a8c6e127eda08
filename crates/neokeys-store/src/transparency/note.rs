//! Signed notes (C2SP signed-note): a text, an empty line, and signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note_key::{SigningKey, VerifyingKey};

/// Before each signature: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Longer, nobody's note is read.
const LONGEST: usize = 1 << 20;

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum NoteError {
    #[error("it is not a signed note")]
    Malformed,
    #[error("no known key signed it; add the key that did to audit.verify_keys")]
    UnknownKeys,
    #[error("its signature is not that of its text")]
    Signature,
}

/// The text, signed.
pub(super) fn sign(text: &str, key: &SigningKey) -> String {
    let signature = [&key.verifying().id().to_be_bytes(), key.sign(text).as_ref()].concat();
    format!("{text}\n{DASH}{} {}\n", key.verifying().name(), STANDARD.encode(signature))
}

/// The text of a note, and the first of the known keys that signed it. A signature that claims a known
/// key and is not its own spoils the whole note; those of others are passed over.
pub(super) fn open<'n, 'k>(
    note: &'n str,
    keys: &'k [VerifyingKey],
) -> Result<(&'n str, &'k VerifyingKey), NoteError> {
    let split = note.rfind("\n\n").filter(|_| note.len() <= LONGEST).ok_or(NoteError::Malformed)?;
    let (text, signatures) = (&note[..=split], &note[split + 2..]);
    let has_controls = note.bytes().any(|byte| byte < b' ' && byte != b'\n');
    if has_controls || signatures.is_empty() || !signatures.ends_with('\n') {
        return Err(NoteError::Malformed);
    }
    let mut signed_by = None;
    for line in signatures.lines() {
        let (name, id, signature) = signature(line).ok_or(NoteError::Malformed)?;
        let Some(key) = keys.iter().find(|key| key.name() == name && key.id() == id) else {
            continue;
        };
        if !key.verifies(text, &signature) {
            return Err(NoteError::Signature);
        }
        signed_by = signed_by.or(Some(key));
    }
    Ok((text, signed_by.ok_or(NoteError::UnknownKeys)?))
}

/// The name and the id of a key, and its signature.
fn signature(line: &str) -> Option<(&str, u32, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    let is_one = !name.is_empty() && !name.contains(['+']) && !signature.is_empty();
    is_one.then(|| (name, u32::from_be_bytes(*id), signature.to_vec()))
}
