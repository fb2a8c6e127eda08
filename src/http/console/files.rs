//! The files of the console, inside the program.

use actix_web::http::header::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A file, ready to be sent.
pub(super) struct File {
    /// Its path below the page.
    pub name: &'static str,
    pub media_type: &'static str,
    pub bytes: Bytes,
    pub etag: HeaderValue,
}

/// A file as it was compiled in.
pub(super) struct Embedded {
    name: &'static str,
    bytes: &'static [u8],
}

impl File {
    /// A file that was compiled in.
    pub(super) fn embedded(file: &Embedded) -> Self {
        Self::new(file.name, Bytes::from_static(file.bytes))
    }

    /// A file with settings.
    pub(super) fn of_settings(name: &'static str, settings: &Value) -> Self {
        Self::new(name, settings.to_string().into())
    }

    #[expect(clippy::expect_used, reason = "Base64 is visible ASCII")]
    fn new(name: &'static str, bytes: Bytes) -> Self {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&bytes)[..16]));
        let etag = HeaderValue::try_from(tag).expect("a tag is a header value");
        Self { name, media_type: media_type(name), bytes, etag }
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "json")) => "application/json",
        _ => "application/octet-stream",
    }
}

macro_rules! files {
    ($($name:literal)*) => {
        /// Every file.
        pub(super) const FILES: &[Embedded] = &[
            $(Embedded { name: $name, bytes: include_bytes!(concat!("page/", $name)) },)*
        ];
    };
}

files! {
    "actions/amend.js"
    "actions/confirm.js"
    "actions/create.js"
    "actions/end_overlap.js"
    "actions/rotate.js"
    "address.js"
    "api.js"
    "code_flow.js"
    "console.css"
    "elements.js"
    "icon.svg"
    "index.html"
    "main.js"
    "parts/changes.js"
    "parts/curl.js"
    "parts/dialog.js"
    "parts/events.js"
    "parts/expiry.js"
    "parts/key_table.js"
    "parts/permissions.js"
    "parts/problem.js"
    "parts/sign_in_form.js"
    "parts/status.js"
    "parts/token.js"
    "session.js"
    "signed-in.html"
    "signed-in.js"
    "sorted_keys.js"
    "times.js"
    "tree.js"
    "views/audit.js"
    "views/key.js"
    "views/keys.js"
    "views/scopes.js"
    "views/sign_in.js"
    "views/tenants.js"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::{FILES, media_type};

    /// The names of all files below a folder.
    fn names(folder: &Path, below: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let named = entries.flat_map(|entry| {
            let name = format!("{below}{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => names(&entry.path(), &format!("{name}/")),
                false => BTreeSet::from([name]),
            }
        });
        named.collect()
    }

    #[test]
    fn every_file_of_the_folder_is_served_as_what_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/console/page");
        let listed: BTreeSet<_> = FILES.iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(listed, names(&folder, ""));
        assert!(listed.iter().all(|name| media_type(name) != "application/octet-stream"));
    }
}
