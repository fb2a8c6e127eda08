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
        "Lists the tenant's keys, a page at a time, with their expiry and last use. A key must match every \
         parameter.";
    CreateApiKeyDetails: POST "/admin/apiKeyDetails", WRITE, JSON, JSON, 201,
        "Create a key with details",
        "Creates a key as `POST …/apiKeys` does, with an expiry, networks and texts for people. If no expiry \
         is given, the deployment's policy sets it. The token is in the answer, and only there.";
    GetApiKeyDetails: GET "/admin/apiKeyDetails/{keyName}", READ, &[], JSON, 200,
        "Get a key with its details",
        "Gets the key of this name, with its expiry and the last use of each of its tokens.";
    AmendApiKeyDetails: PATCH "/admin/apiKeyDetails/{keyName}", WRITE, &["application/merge-patch+json"], JSON, 200,
        "Change a key's details",
        "Changes the details that the body names (RFC 7396): `null` removes one, and the others stay. Name, \
         `enabled` and `permissions` are changed with `PUT …/apiKeys/{keyName}`.";
    RotateApiKey: POST "/admin/apiKeyDetails/{keyName}/rotate", WRITE, JSON, JSON, 200,
        "Give a key a new token",
        "The key keeps its name, permissions and details and gets a new token, which is in the answer and only \
         there. The old one goes on working for the time that the body says. Send `If-Match`: then a repeated \
         request is a 412 and not a second rotation.";
    EndPreviousTokens: DELETE "/admin/apiKeyDetails/{keyName}/previousTokens", WRITE, &[], &[], 204,
        "End a key's older tokens",
        "Once this is answered, only the newest token works, whether or not there were older ones.";
    ApplyApiKeyPlan: POST "/admin/apiKeyPlans", WRITE, JSON, JSON, 200,
        "Make a tenant's keys match those that an owner wants",
        "Plans the steps from the present keys to those in the body, and carries them out in one change: all \
         of them or none. Keys are matched by name, only members that are named are compared, and keys of \
         other owners are not touched. New keys without a `hash` get a token, which is in the answer and only \
         there. With `dryRun`, the steps are only shown.";
    GetOwnApiKey: GET "/apiKey", NONE, &[], JSON, 200,
        "Get the caller's own key",
        "Gets the key whose token came with the request, without its owner. It needs no permission.";
    EndOwnToken: DELETE "/apiKey", NONE, &[], &[], 204,
        "End the caller's own token",
        "Once this is answered, the token that came with the request no longer works. If it is the newest one, \
         the key is disabled with all its tokens; an older one ends alone. It needs no permission.";
}
