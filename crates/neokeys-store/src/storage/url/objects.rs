//! `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`, `gs://BUCKET/PREFIX`.

use std::fmt;

use super::redaction::without_secrets;

/// A provider of object storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon S3, or what speaks its protocol and its conditional writes.
    S3,
    /// Azure Blob Storage.
    Azure,
    /// Google Cloud Storage.
    Google,
}

/// A bucket or container, and the part of it that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectsUrl {
    /// Whose.
    pub cloud: Cloud,
    /// The bucket's or container's name.
    pub bucket: String,
    /// The prefix of our objects' names; no slash first or last. May be empty.
    pub prefix: String,
}

/// A fault in an address of object storage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ObjectsUrlError {
    #[error("{0:?} is not the name of a bucket or container")]
    Bucket(String),
    #[error("the prefix {0:?} is not made of letters, digits, - _ . and /, or has an empty part")]
    Prefix(String),
}

impl Cloud {
    /// The cloud of an address, and what stands after its scheme.
    pub(super) fn of(text: &str) -> Option<(Self, &str)> {
        [Self::S3, Self::Azure, Self::Google].into_iter().find_map(|cloud| {
            Some((cloud, text.strip_prefix(cloud.scheme())?.strip_prefix("://")?))
        })
    }

    /// The scheme of its addresses.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }
}

impl ObjectsUrl {
    /// Parses what stands after the scheme.
    pub(super) fn parse(cloud: Cloud, text: &str) -> Result<Self, ObjectsUrlError> {
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(plain) {
            return Err(ObjectsUrlError::Bucket(without_secrets(bucket)));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(ObjectsUrlError::Prefix(without_secrets(prefix)));
        }
        Ok(Self { cloud, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for ObjectsUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cloud, bucket, prefix } = self;
        let slash = if prefix.is_empty() { "" } else { "/" };
        write!(formatter, "{}://{bucket}{slash}{prefix}", cloud.scheme())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{StoreUrl, StoreUrlError};
    use super::{ObjectsUrlError, without_secrets};

    #[test]
    fn an_address_is_written_as_it_is_read() {
        for text in ["s3://bucket", "az://container/a", "gs://b.example.com/a/b_c"] {
            assert_eq!(text.parse::<StoreUrl>().unwrap().to_string(), text);
        }
        assert_eq!("s3://b/a/".parse::<StoreUrl>().unwrap().to_string(), "s3://b/a");
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_is_wrong() {
        for (text, fault) in [
            ("s3://", ObjectsUrlError::Bucket(String::new())),
            ("az://a:b@c/d", ObjectsUrlError::Bucket("…@c".to_owned())),
            ("gs://b//c", ObjectsUrlError::Prefix("/c".to_owned())),
            ("s3://b/../c", ObjectsUrlError::Prefix("../c".to_owned())),
            ("s3://b/c?region=x", ObjectsUrlError::Prefix("c?region=…".to_owned())),
        ] {
            let url = without_secrets(text);
            assert_eq!(text.parse::<StoreUrl>(), Err(StoreUrlError::Objects { url, fault }));
        }
    }
}
