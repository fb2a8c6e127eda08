//! Addresses of stores, as operators write them.
//!
//! Every address is understood by every build; whether the store is built in is told when it is
//! opened.

mod etcd;
mod objects;
mod redaction;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use self::etcd::{EtcdUrl, EtcdUrlError};
pub use self::objects::{Cloud, ObjectsUrl, ObjectsUrlError};
pub use self::redaction::{without_credentials, without_secrets};

/// The address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// `file:DIR`: a folder with one folder a tenant.
    File(PathBuf),
    /// `memory:`: documents that are gone when the process is.
    Memory,
    /// `etcd://…`: one key a tenant in an etcd cluster.
    Etcd(EtcdUrl),
    /// `s3://…`, `az://…` or `gs://…`: one object a tenant.
    Objects(ObjectsUrl),
}

/// The text is no address of a store. Nothing in it that may be a secret is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum StoreUrlError {
    #[error("the store \"file:\" names no folder; write file:DIR, for example file:data")]
    NoFolder,
    /// `file://host/…`.
    #[error(
        "the store {0:?} names a host; write file:DIR or file:///DIR for a folder of this machine"
    )]
    Host(String),
    #[error(
        "the store {0:?} is not one that neokeys knows; write file:DIR, etcd://HOST:PORT,…/PREFIX, \
         s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, gs://BUCKET/PREFIX, or memory: for a trial"
    )]
    Scheme(String),
    #[error("the store {url:?} cannot be used: {fault}")]
    Etcd { url: String, fault: EtcdUrlError },
    #[error("the store {url:?} cannot be used: {fault}")]
    Objects { url: String, fault: ObjectsUrlError },
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if matches!(text, "memory" | "memory:" | "memory://") {
            return Ok(Self::Memory);
        }
        if let Some(rest) = text.strip_prefix("etcd://") {
            let fault = |fault| StoreUrlError::Etcd { url: without_secrets(text), fault };
            return EtcdUrl::parse(rest).map(Self::Etcd).map_err(fault);
        }
        if let Some((cloud, rest)) = Cloud::of(text) {
            let fault = |fault| StoreUrlError::Objects { url: without_secrets(text), fault };
            return ObjectsUrl::parse(cloud, rest).map(Self::Objects).map_err(fault);
        }
        let Some(path) = text.strip_prefix("file:") else {
            return Err(StoreUrlError::Scheme(without_secrets(text)));
        };
        let path = match path.strip_prefix("//") {
            Some(rest) if rest.starts_with('/') || rest.is_empty() => rest,
            Some(_) => return Err(StoreUrlError::Host(without_secrets(text))),
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
            Self::Etcd(url) => url.fmt(formatter),
            Self::Objects(url) => url.fmt(formatter),
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
        for text in ["", "data", "ftp://bucket", "etcd:host", "FILE:data", "S3://bucket"] {
            assert_eq!(text.parse::<StoreUrl>(), Err(StoreUrlError::Scheme(text.to_owned())));
        }
        assert_eq!("file:".parse::<StoreUrl>(), Err(StoreUrlError::NoFolder));
        assert!(matches!("file://h/d".parse::<StoreUrl>(), Err(StoreUrlError::Host(_))));
    }
}
