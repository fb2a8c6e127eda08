"""Every operation and every error through the client of openapi-python-client."""

import os
from http import HTTPStatus

from neokeys_client import AuthenticatedClient
from neokeys_client.api.api_keys import (
    create_api_key,
    delete_api_key,
    get_api_key,
    list_api_keys,
    update_api_key,
)
from neokeys_client.models import (
    ApiKeyCreatedResponse,
    ApiKeyDefinition,
    CreateApiKeyRequest,
    HttpValidationProblemDetails,
    ProblemDetails,
    UpdateApiKeyRequest,
)

URL = os.environ["KEYS_URL"]
NAME = "openapi-python-client"
SCOPES = ["tenant.apiKey:read", "tenant.apiKey:write"]


def holder(key: str) -> AuthenticatedClient:
    """A client with an API key: its header in place of Authorization."""
    return AuthenticatedClient(URL, key, prefix="", auth_header_name="X-API-KEY")


def told(answer: object, status: int, slug: str) -> None:
    assert isinstance(answer, (ProblemDetails, HttpValidationProblemDetails)), answer
    assert (answer.status, answer.type_) == (status, f"/problems/{slug}"), answer
    assert answer.title and answer.detail and answer.request_id, answer


admin = AuthenticatedClient(URL, os.environ["KEYS_TOKEN"])
wanted = CreateApiKeyRequest(name=NAME, permissions=SCOPES)
created = create_api_key.sync_detailed("demo", client=admin, body=wanted)
assert created.status_code == HTTPStatus.CREATED, created
assert created.headers["location"] == f"/api/demo/admin/apiKeys/{NAME}"
assert isinstance(created.parsed, ApiKeyCreatedResponse)
assert created.parsed.token.startswith("nsk_")

client = holder(created.parsed.token)
listed = list_api_keys.sync("demo", client=client)
assert isinstance(listed, list) and any(key.name == NAME for key in listed), listed
got = get_api_key.sync_detailed("demo", NAME, client=client)
assert got.parsed == ApiKeyDefinition(name=NAME, enabled=True, permissions=SCOPES), got
etag = got.headers["etag"]
known = get_api_key.sync_detailed("demo", NAME, client=client, if_none_match=etag)
assert known.status_code == HTTPStatus.NOT_MODIFIED, known

told(create_api_key.sync("demo", client=client, body=wanted), 409, "name-taken")
bad = create_api_key.sync("demo", client=client, body=CreateApiKeyRequest("a b", []))
told(bad, 400, "validation")
assert isinstance(bad, HttpValidationProblemDetails)
assert sorted(bad.errors.additional_keys) == ["name", "permissions"], bad
assert all(bad.errors["name"])
long = CreateApiKeyRequest("a" * 64 * 1024, SCOPES)
told(create_api_key.sync("demo", client=client, body=long), 413, "content-too-large")

told(list_api_keys.sync("demo", client=holder("nsk_wrong")), 401, "unauthorized")
told(list_api_keys.sync("other", client=admin), 403, "tenant-forbidden")
told(get_api_key.sync("demo", "absent", client=client), 404, "key-not-found")
told(list_api_keys.sync("broken", client=client), 503, "store-unavailable")

update = UpdateApiKeyRequest(enabled=True, permissions=["tenant.apiKey:write"])
late = update_api_key.sync("demo", NAME, client=client, body=update, if_match='"stale"')
told(late, 412, "precondition-failed")
updated = update_api_key.sync("demo", NAME, client=client, body=update, if_match=etag)
assert isinstance(updated, ApiKeyDefinition), updated
assert updated.permissions == ["tenant.apiKey:write"]
told(list_api_keys.sync("demo", client=client), 403, "insufficient-scope")

deleted = delete_api_key.sync_detailed("demo", NAME, client=client)
assert deleted.status_code == HTTPStatus.NO_CONTENT, deleted
told(delete_api_key.sync("demo", NAME, client=client), 401, "unauthorized")
told(delete_api_key.sync("demo", NAME, client=client), 429, "too-many-failures")
