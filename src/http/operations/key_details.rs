//! The operations on details, as the contract's are: method, path, texts and scope.

use actix_web::http::Method;

use crate::contract::{CreateApiKey, ListApiKeys, Operation};

const JSON: &[&str] = &["application/json"];

const READ: &str = ListApiKeys::SCOPE;
/// Whoever holds the key may.
const NONE: &str = "";
const WRITE: &str = CreateApiKey::SCOPE;

operations! {
    "API key details";
    ListApiKeyDetails: GET "/admin/apiKeyDetails", READ, &[], JSON, 200,
        "List keys with their details",
        "Lists the tenant's keys, a page at a time, with when they end and when they were used last. Every \
         parameter that is given must hold.";
    CreateApiKeyDetails: POST "/admin/apiKeyDetails", WRITE, JSON, JSON, 201,
        "Create a key with details",
        "Creates a key as `POST …/apiKeys` does, with an end, networks and texts for people. Where no end is \
         named, the deployment's policy decides. The token is in the answer, and only there.";
    GetApiKeyDetails: GET "/admin/apiKeyDetails/{keyName}", READ, &[], JSON, 200,
        "Get a key with its details",
        "Gets the key of this name, with when it ends and when each of its tokens was used last.";
    AmendApiKeyDetails: PATCH "/admin/apiKeyDetails/{keyName}", WRITE, &["application/merge-patch+json"], JSON, 200,
        "Change a key's details",
        "Changes the details that the body names (RFC 7396): `null` takes one away, and what is not named \
         stays. Name, `enabled` and `permissions` are changed with `PUT …/apiKeys/{keyName}`.";
    RotateApiKey: POST "/admin/apiKeyDetails/{keyName}/rotate", WRITE, JSON, JSON, 200,
        "Give a key a new token",
        "The key keeps its name, permissions and details and gets a new token, which is in the answer and only \
         there. The old one goes on working for the time that the body says. Send `If-Match`: a repeated \
         request is a 412 then, and no second rotation.";
    EndPreviousTokens: DELETE "/admin/apiKeyDetails/{keyName}/previousTokens", WRITE, &[], &[], 204,
        "End a key's older tokens",
        "No token but the newest works any more once this is answered, whether or not there were older ones.";
    ApplyApiKeyPlan: POST "/admin/apiKeyPlans", WRITE, JSON, JSON, 200,
        "Make a tenant's keys those that an owner wants",
        "Plans the steps from the keys that there are to those that the body names, and carries them out in one \
         change: all of them or none. Keys are matched by name, only members that are named are compared, and keys \
         of other owners are not touched. New keys without a `hash` get a token, which is in the answer and only \
         there. With `dryRun`, the steps are shown alone.";
    GetOwnApiKey: GET "/apiKey", NONE, &[], JSON, 200,
        "Get the key that asks",
        "Gets the key whose token came with the request, but for who answers for it. It needs no permission.";
    EndOwnToken: DELETE "/apiKey", NONE, &[], &[], 204,
        "End the token that asks",
        "The token that came with the request does not work any more once this is answered. If it is the newest \
         one, the key is disabled with all its tokens; an older one ends alone. It needs no permission.";
}
