//! Faults in a cloud's settings in the environment. Some of those are secrets.
//!
//! Invariant: nothing that a variable holds is told but addresses, and of those no credentials.

use super::ObjectsOpenError;
use crate::storage::url::without_credentials;

/// The words of the library when it could not read a secret, of which it then repeats a part.
const OF_A_SECRET: [&str; 4] =
    ["decode service account", "Invalid Access Key", "Invalid encryption key", "SAS key"];

/// The error in words that can be shown.
pub(super) fn fault(cloud: &'static str, error: &object_store::Error) -> ObjectsOpenError {
    let told = error.to_string();
    let fault = if OF_A_SECRET.iter().any(|words| told.contains(words)) {
        "a key in them, or in a file that they name, is not in the form that the cloud gives it in"
            .to_owned()
    } else {
        without_credentials(&told)
    };
    ObjectsOpenError::Environment { cloud, fault }
}

#[cfg(test)]
mod tests {
    use crate::storage::StoreUrl;
    use crate::storage::objects::ObjectsStore;

    #[test]
    fn no_part_of_a_secret_in_the_environment_is_told() {
        for (url, variables) in [
            ("gs://bucket/p", vec![("GOOGLE_SERVICE_ACCOUNT_KEY", "\"PASSWORD\"")]),
            (
                "gs://bucket/p",
                vec![("GOOGLE_SERVICE_ACCOUNT_KEY", "{\"private_key\": [\"PASSWORD\"]}")],
            ),
            (
                "az://container/p",
                vec![
                    ("AZURE_STORAGE_ACCOUNT_NAME", "a"),
                    ("AZURE_STORAGE_ACCOUNT_KEY", "PASSWORD!"),
                ],
            ),
            (
                "az://container/p",
                vec![("AZURE_STORAGE_ACCOUNT_NAME", "a"), ("AZURE_STORAGE_SAS_KEY", "PASSWORD")],
            ),
            (
                "s3://bucket/p",
                vec![
                    ("AWS_ENDPOINT", "x://u:PASSWORD@[/"),
                    ("AWS_ACCESS_KEY_ID", "PASSWORD"),
                    ("AWS_SECRET_ACCESS_KEY", "PASSWORD"),
                ],
            ),
        ] {
            let Ok(StoreUrl::Objects(parsed)) = url.parse() else { panic!("{url}") };
            // Whether the library finds it out now or at the first request is its own affair.
            if let Err(error) = ObjectsStore::open(&parsed, 1, None, &variables) {
                let told = format!("{error} {error:?}");
                assert!(!told.contains("PASSWORD"), "{variables:?}: {told}");
            }
        }
    }
}
