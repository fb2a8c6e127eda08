//! The life of a key through the client of openapi-generator's `rust` for the extensions.

use std::collections::HashMap;

use neokeys_client::apis::Error;
use neokeys_client::apis::api_key_details_api::{
    amend_api_key_details, create_api_key_details, end_own_token, end_previous_tokens,
    get_api_key_details, get_own_api_key, list_api_key_details, rotate_api_key,
};
use neokeys_client::apis::configuration::{ApiKey, Configuration};
use neokeys_client::models::api_key_details::Status;
use neokeys_client::models::{
    ApiKeyDetails, ApiKeyDetailsPatch, CreateApiKeyDetailsRequest, RotateApiKeyRequest,
};

const NAME: &str = "key-life-rust";

fn status<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, Error<E>>) -> u16 {
    match answer {
        Err(Error::ResponseError(refused)) => refused.status.as_u16(),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let base_path = std::env::var("KEYS_URL").unwrap();
    let settings = Configuration { base_path, ..Configuration::default() };
    let token = std::env::var("KEYS_TOKEN").unwrap();
    let admin = Configuration { oauth_access_token: Some(token.clone()), ..settings.clone() };
    let holder = |key: &str| Configuration {
        api_key: Some(ApiKey { prefix: None, key: key.to_owned() }),
        ..settings.clone()
    };

    let networks = vec!["127.0.0.0/8".to_owned()];
    let mut wanted =
        CreateApiKeyDetailsRequest::new(NAME.to_owned(), vec!["orders:read".to_owned()]);
    wanted.allowed_ips = Some(Some(networks.clone()));
    wanted.owner = Some(Some("sales@example.com".to_owned()));
    let created = create_api_key_details(&admin, "demo", wanted).await.unwrap();
    let owner = Some("sales@example.com");
    let listed =
        list_api_key_details(&admin, "demo", None, None, None, None, owner, None, None, None, None);
    assert!(listed.await.unwrap().items.iter().any(|key| key.name == NAME));

    let labels = HashMap::from([("team".to_owned(), "crm".to_owned())]);
    let patch = ApiKeyDetailsPatch {
        owner: Some(None),
        labels: Some(Some(labels.clone())),
        ..ApiKeyDetailsPatch::new()
    };
    // The generator sends every body as application/json; with the type of a merge patch it goes by hand.
    let answer = amend_api_key_details(&admin, NAME, "demo", patch.clone(), None).await;
    assert_eq!(status(answer), 415);
    let address = format!("{}/api/demo/admin/apiKeyDetails/{NAME}", admin.base_path);
    let request = admin.client.patch(address).bearer_auth(token);
    let request = request.header("Content-Type", "application/merge-patch+json").json(&patch);
    let amended: ApiKeyDetails = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&amended.owner, &amended.labels), (&None, &Some(labels)));
    assert_eq!(amended.allowed_ips, Some(networks));
    assert_eq!(get_api_key_details(&admin, NAME, "demo").await.unwrap(), amended);

    let rotation = RotateApiKeyRequest::new(3600);
    let stale = rotate_api_key(&admin, NAME, "demo", rotation.clone(), Some("\"stale\"")).await;
    assert_eq!(status(stale), 412);
    let rotated = rotate_api_key(&admin, NAME, "demo", rotation, None).await.unwrap();
    assert_eq!(rotated.previous_tokens.unwrap().len(), 1);
    for token in [&created.token, &rotated.token] {
        assert_eq!(get_own_api_key(&holder(token), "demo").await.unwrap().name, NAME);
    }
    end_previous_tokens(&admin, NAME, "demo", None).await.unwrap();
    assert_eq!(status(get_own_api_key(&holder(&created.token), "demo").await), 401);
    end_own_token(&holder(&rotated.token), "demo").await.unwrap();
    let last = get_api_key_details(&admin, NAME, "demo").await.unwrap();
    assert_eq!(last.status, Status::Disabled);
}
