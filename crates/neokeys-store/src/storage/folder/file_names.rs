//! Names of the files that the store makes, and what they tell.

use std::path::{Path, PathBuf};

pub(super) use crate::storage::document_store::DOCUMENT_NAME as DOCUMENT;
/// Our own folder beside the tenants'; its name is no tenant id.
pub(super) const OWN_FOLDER: &str = ".neokeys";
/// The beginning of the names of staged files, and of displaced ones.
pub(super) const STAGED: &str = ".security.yml.neokeys-";
/// The beginning of the names of displaced files.
pub(super) const DISPLACED: &str = ".security.yml.neokeys-displaced-";

/// The names under which what a hand wrote is kept beside a document.
pub(super) fn conflict_names(document: &Path) -> impl Iterator<Item = PathBuf> {
    (1..1000).map(|number: u32| document.with_file_name(format!("{DOCUMENT}.conflict-{number}")))
}

/// The contents of the name of a staged file or a displaced one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MadeName {
    /// The file.
    pub(super) inode: u64,
    /// Size and time: of a displaced file when it came out, or of the document that a staged one is to
    /// replace, zeros for none.
    pub(super) document: (u64, u64),
}

impl MadeName {
    /// The name of a file that begins so.
    pub(super) fn to_file_name(self, beginning: &str) -> String {
        let Self { inode, document: (size, modified) } = self;
        format!("{beginning}{inode}-{size}-{modified}")
    }

    /// None of a name that does not begin so, or goes on otherwise.
    pub(super) fn parse(name: &str, beginning: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix(beginning)?.split('-').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { inode: next()?, document: (next()?, next()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::{MadeName, STAGED};

    #[test]
    fn a_staged_name_tells_what_it_was_made_of() {
        let name = MadeName { inode: 7, document: (12, 34) };
        assert_eq!(MadeName::parse(&name.to_file_name(STAGED), STAGED), Some(name));
        assert_eq!(MadeName::parse(".security.yml.neokeys-new-3", STAGED), None);
    }
}
