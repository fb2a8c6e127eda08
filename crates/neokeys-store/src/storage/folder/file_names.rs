//! Names of the files that the store makes, and what they tell.

/// The document's name in a tenant's folder.
pub(super) const DOCUMENT: &str = "security.yml";
/// Our own folder beside the tenants'; its name is no tenant id.
pub(super) const OWN_FOLDER: &str = ".neokeys";
/// The beginning of the names of staged files, and of displaced ones.
pub(super) const STAGED: &str = ".security.yml.neokeys-";
/// The beginning of the names of displaced files.
pub(super) const DISPLACED: &str = ".security.yml.neokeys-displaced-";

/// What the name of a staged file tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StagedName {
    /// The staged file.
    pub(super) inode: u64,
    /// The document that it is to replace: its size and its time; zeros for none.
    pub(super) replaces: (u64, u64),
}

impl StagedName {
    /// The name of a file.
    pub(super) fn to_file_name(&self) -> String {
        format!("{STAGED}{}-{}-{}", self.inode, self.replaces.0, self.replaces.1)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix(STAGED)?.split('-').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { inode: next()?, replaces: (next()?, next()?) })
    }
}

/// What the name of a displaced file tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DisplacedName {
    /// The file.
    pub(super) inode: u64,
    /// Its size and its time when it came out.
    pub(super) size: u64,
    pub(super) modified: u64,
}

impl DisplacedName {
    /// The name of a file.
    pub(super) fn to_file_name(&self) -> String {
        format!("{DISPLACED}{}-{}-{}", self.inode, self.size, self.modified)
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix(DISPLACED)?.split('-').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self { inode: next()?, size: next()?, modified: next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::StagedName;

    #[test]
    fn a_staged_name_tells_what_it_was_made_of() {
        let name = StagedName { inode: 7, replaces: (12, 34) };
        assert_eq!(StagedName::parse(&name.to_file_name()), Some(name));
        assert_eq!(StagedName::parse(".security.yml.neokeys-new-3"), None);
    }
}
