//! Every operation and every error through the client of openapi-generator's `rust`.

use neokeys_client::apis::api_keys_api::{
    CreateApiKeyError, create_api_key, delete_api_key, get_api_key, list_api_keys, update_api_key,
};
use neokeys_client::apis::configuration::{ApiKey, Configuration};
use neokeys_client::apis::{Error, ResponseContent};
use neokeys_client::models::{CreateApiKeyRequest, UpdateApiKeyRequest};

const NAME: &str = "openapi-generator-rust";
const WRITE: &str = "tenant.apiKey:write";

/// The problem in a typed error: whichever of the operation's variants holds one.
macro_rules! problem {
    ($answer:expr) => {
        match $answer {
            Err(Error::ResponseError(ResponseContent { status, entity: Some(entity), .. })) => {
                let text = format!("{entity:?}");
                assert!(!text.starts_with("UnknownValue"), "{text}");
                (status.as_u16(), text)
            }
            other => panic!("a typed problem was expected, not {other:?}"),
        }
    };
}

fn told((status, entity): (u16, String), expected: u16, slug: &str) {
    assert_eq!(status, expected, "{entity}");
    assert!(entity.contains(&format!("\"/problems/{slug}\"")), "{entity}");
    assert!(entity.contains(&format!("status: {expected}")), "{entity}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base_path = std::env::var("KEYS_URL").unwrap();
    let settings = Configuration { base_path, ..Configuration::default() };
    let token = std::env::var("KEYS_TOKEN").unwrap();
    let admin = Configuration { oauth_access_token: Some(token), ..settings.clone() };
    let holder = |key: String| Configuration {
        api_key: Some(ApiKey { prefix: None, key }),
        ..settings.clone()
    };

    let scopes = vec!["tenant.apiKey:read".to_owned(), WRITE.to_owned()];
    let wanted = CreateApiKeyRequest::new(NAME.to_owned(), scopes.clone());
    let created = create_api_key(&admin, "demo", wanted.clone(), None).await.unwrap();
    assert!(created.token.starts_with("nsk_") && created.enabled);

    let keys = holder(created.token);
    let listed = list_api_keys(&keys, "demo", None).await.unwrap();
    assert!(listed.iter().any(|key| key.name == NAME));
    let got = get_api_key(&keys, NAME, "demo", None).await.unwrap();
    assert_eq!((got.name.as_str(), got.permissions), (NAME, scopes));

    told(problem!(create_api_key(&keys, "demo", wanted, None).await), 409, "name-taken");
    let bad = CreateApiKeyRequest::new("a b".to_owned(), Vec::new());
    match create_api_key(&keys, "demo", bad, None).await {
        Err(Error::ResponseError(ResponseContent {
            entity: Some(CreateApiKeyError::Status400(problem)),
            ..
        })) => {
            assert_eq!((problem.status, problem.errors.len()), (400, 2), "{problem:?}");
            assert!(problem.errors.contains_key("name"), "{problem:?}");
        }
        other => panic!("faults by member were expected, not {other:?}"),
    }
    let long = CreateApiKeyRequest::new("a".repeat(64 * 1024), vec![WRITE.to_owned()]);
    told(problem!(create_api_key(&keys, "demo", long, None).await), 413, "content-too-large");

    let nobody = holder("nsk_wrong".to_owned());
    told(problem!(list_api_keys(&nobody, "demo", None).await), 401, "unauthorized");
    told(problem!(list_api_keys(&admin, "other", None).await), 403, "tenant-forbidden");
    told(problem!(get_api_key(&keys, "absent", "demo", None).await), 404, "key-not-found");
    told(problem!(list_api_keys(&keys, "broken", None).await), 503, "store-unavailable");

    let update = UpdateApiKeyRequest::new(true, vec![WRITE.to_owned()]);
    let late = update_api_key(&keys, NAME, "demo", update.clone(), Some("\"stale\"")).await;
    told(problem!(late), 412, "precondition-failed");
    let updated = update_api_key(&keys, NAME, "demo", update, None).await.unwrap();
    assert_eq!(updated.permissions, [WRITE]);
    told(problem!(list_api_keys(&keys, "demo", None).await), 403, "insufficient-scope");

    delete_api_key(&keys, NAME, "demo", None).await.unwrap();
    told(problem!(delete_api_key(&keys, NAME, "demo", None).await), 401, "unauthorized");
    told(problem!(delete_api_key(&keys, NAME, "demo", None).await), 429, "too-many-failures");
}
