//! Where a store is, as an operator writes it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The address of a store: `file:DIR` or `memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder with one folder a tenant.
    File(PathBuf),
    /// Documents that are gone when the process is.
    Memory,
}

/// The text is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// `file:` without a folder.
    #[error("the store \"file:\" names no folder; write file:DIR, for example file:data")]
    NoFolder,
    /// `file://host/…`.
    #[error(
        "the store {0:?} names a host; write file:DIR or file:///DIR for a folder of this machine"
    )]
    Host(String),
    /// No scheme, or one that there is no store for.
    #[error("the store {0:?} is none that neokeys knows; write file:DIR, or memory: for a trial")]
    Scheme(String),
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "memory" | "memory:" | "memory://") {
            return Ok(Self::Memory);
        }
        let Some(path) = text.strip_prefix("file:") else {
            return Err(StoreUrlError::Scheme(text.to_owned()));
        };
        let path = match path.strip_prefix("//") {
            Some(rest) if rest.starts_with('/') || rest.is_empty() => rest,
            Some(_) => return Err(StoreUrlError::Host(text.to_owned())),
            None => path,
        };
        if path.is_empty() { Err(StoreUrlError::NoFolder) } else { Ok(Self::File(path.into())) }
    }
}

impl Default for StoreUrl {
    fn default() -> Self {
        Self::File("data".into())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(folder) => write!(formatter, "file:{}", folder.display()),
            Self::Memory => formatter.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StoreUrl, StoreUrlError};

    #[test]
    fn folders_and_memory_are_stores() {
        for (text, url) in [
            ("file:data", StoreUrl::File("data".into())),
            ("file:/srv/keys", StoreUrl::File("/srv/keys".into())),
            ("file:///srv/keys", StoreUrl::File("/srv/keys".into())),
            ("file:../a b", StoreUrl::File("../a b".into())),
            ("memory:", StoreUrl::Memory),
        ] {
            assert_eq!(text.parse(), Ok(url), "{text}");
        }
        assert_eq!(StoreUrl::default().to_string(), "file:data");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in ["", "data", "s3://bucket", "etcd://host", "FILE:data"] {
            assert_eq!(text.parse::<StoreUrl>(), Err(StoreUrlError::Scheme(text.to_owned())));
        }
        assert_eq!("file:".parse::<StoreUrl>(), Err(StoreUrlError::NoFolder));
        assert!(matches!("file://h/d".parse::<StoreUrl>(), Err(StoreUrlError::Host(_))));
    }
}
