//! The commit that sources are of, as git says.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The state of sources in git.
#[derive(Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full name, in hexadecimal digits.
    pub name: String,
    /// Whether the sources differ from it.
    pub is_changed: bool,
    /// The file that git changes with every other commit; none where git keeps no log.
    pub log: Option<PathBuf>,
}

/// The commit of a folder's sources; none if the folder is not the top of a clone, or git is not there.
/// Of a folder within somebody else's repository, git would say that one's.
#[must_use]
pub fn commit_of(folder: &Path, sources: &[&str]) -> Option<Commit> {
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != folder.canonicalize().ok()? {
        return None;
    }
    let name = git(folder, &["rev-parse", "--verify", "HEAD"])?;
    let status = ["status", "--porcelain", "--untracked-files=no", "--"];
    let changes = git(folder, &[&status, sources].concat())?;
    let log = git(folder, &["rev-parse", "--git-path", "logs/HEAD"])?;
    let log = Some(folder.join(log)).filter(|it| it.is_file());
    Some(Commit { name, is_changed: !changes.is_empty(), log })
}

/// Git's answer on a folder, unless it complains. Within a hook, its environment names another one.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.arg("-C").arg(folder).args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim_end().to_owned())
}
