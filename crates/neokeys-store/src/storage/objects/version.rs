//! Versions of documents in object storage: the tag that the storage gave, and the moment at which
//! it still was the document's.
//!
//! A tag says what an object holds, not which write put it there: what is written again the same may
//! have its old tag again, and is as good.

use crate::storage::boot_time::BootTime;
use crate::storage::document_store::Version;

/// A state of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectVersion {
    /// When it was asked for.
    pub(super) checked: BootTime,
    /// Its ETag.
    pub(super) tag: String,
}

const BYTES: usize = 8 * (Version::NUMBERS - 1);

impl ObjectVersion {
    /// A state that was, and whose tag nobody knows any more.
    pub(super) fn superseded() -> Self {
        Self { checked: BootTime::NEVER, tag: "\"superseded\"".to_owned() }
    }

    /// None for a document that is not there.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let [checked, rest @ ..] = version.numbers();
        let bytes: Vec<u8> = rest.iter().flat_map(|number| number.to_be_bytes()).collect();
        let (length, bytes) = bytes.split_first()?;
        let tag = bytes.get(..usize::from(*length)).filter(|tag| !tag.is_empty())?;
        let tag = String::from_utf8(tag.to_vec()).ok()?;
        Some(Self { checked: BootTime::from_number(*checked), tag })
    }

    /// None where the tag is longer than any that is known of.
    pub(super) fn version(&self) -> Option<Version> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(u8::try_from(self.tag.len()).ok()?);
        bytes.extend(self.tag.as_bytes());
        if bytes.len() > BYTES || self.tag.is_empty() {
            return None;
        }
        bytes.resize(BYTES, 0);
        let mut numbers = [self.checked.to_number(); Version::NUMBERS];
        for (number, bytes) in numbers.iter_mut().skip(1).zip(bytes.chunks_exact(8)) {
            *number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        }
        Some(Version::new(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectVersion;
    use crate::storage::boot_time::BootTime;
    use crate::storage::document_store::Version;

    #[test]
    fn a_version_gives_back_what_it_was_made_of() {
        for tag in
            ["\"d41d8cd98f00b204e9800998ecf8427e\"", "\"0x8DC1234567890AB\"", &*"t".repeat(55)]
        {
            let tagged = ObjectVersion { checked: BootTime::now(), tag: tag.to_owned() };
            assert_eq!(ObjectVersion::of(&tagged.version().unwrap()), Some(tagged));
        }
        for tag in ["", &"t".repeat(56)] {
            let tagged = ObjectVersion { checked: BootTime::now(), tag: tag.to_owned() };
            assert_eq!(tagged.version(), None);
        }
        assert_eq!(ObjectVersion::of(&Version::ABSENT), None);
    }
}
