"""Every operation and every error through the client of openapi-generator's `python`."""

import os
from collections.abc import Callable

from neokeys_client import (
    ApiClient,
    ApiException,
    ApiKeyDefinition,
    ApiKeysApi,
    Configuration,
    CreateApiKeyRequest,
    HttpValidationProblemDetails,
    ProblemDetails,
    UpdateApiKeyRequest,
)

URL = os.environ["KEYS_URL"]
NAME = "openapi-generator-python"
SCOPES = ["tenant.apiKey:read", "tenant.apiKey:write"]


def holder(key: str) -> ApiKeysApi:
    # Left alone, it waits for as long as Retry-After says, and asks again.
    settings = Configuration(host=URL, api_key={"apiKey": key}, retries=0)
    return ApiKeysApi(ApiClient(settings))


def told(call: Callable[[], object], status: int, slug: str) -> object:
    """The typed error of a call that must fail so."""
    try:
        answer = call()
    except ApiException as error:
        problem = error.data
        assert isinstance(problem, (ProblemDetails, HttpValidationProblemDetails)), error
        assert (error.status, problem.status) == (status, status), error
        assert problem.type == f"/problems/{slug}", error
        assert problem.title and problem.detail and problem.request_id, error
        return problem
    raise AssertionError(f"{status} was expected, not {answer}")


admin_settings = Configuration(host=URL, access_token=os.environ["KEYS_TOKEN"])
admin = ApiKeysApi(ApiClient(admin_settings))
wanted = CreateApiKeyRequest(name=NAME, permissions=SCOPES)
created = admin.create_api_key_with_http_info("demo", wanted)
assert created.status_code == 201, created
assert created.headers is not None
assert created.headers["location"] == f"/api/demo/admin/apiKeys/{NAME}"
assert created.data.token.startswith("nsk_")

keys = holder(created.data.token)
assert any(key.name == NAME for key in keys.list_api_keys("demo"))
got = keys.get_api_key_with_http_info(NAME, "demo")
assert got.data == ApiKeyDefinition(name=NAME, enabled=True, permissions=SCOPES), got
assert got.headers is not None
etag = got.headers["etag"]

told(lambda: keys.create_api_key("demo", wanted), 409, "name-taken")
# The models refuse what the profile forbids; unchecked, the service does.
unchecked = CreateApiKeyRequest.model_construct(name="a b", permissions=[])
bad = told(lambda: keys.create_api_key("demo", unchecked), 400, "validation")
assert isinstance(bad, HttpValidationProblemDetails)
assert sorted(bad.errors) == ["name", "permissions"], bad
long = CreateApiKeyRequest.model_construct(name="a" * 64 * 1024, permissions=SCOPES)
told(lambda: keys.create_api_key("demo", long), 413, "content-too-large")
# No 415: it refuses itself to send what the profile does not take.

told(lambda: holder("nsk_wrong").list_api_keys("demo"), 401, "unauthorized")
told(lambda: admin.list_api_keys("other"), 403, "tenant-forbidden")
told(lambda: keys.get_api_key("absent", "demo"), 404, "key-not-found")
told(lambda: keys.list_api_keys("broken"), 503, "store-unavailable")

update = UpdateApiKeyRequest(enabled=True, permissions=["tenant.apiKey:write"])
told(
    lambda: keys.update_api_key(NAME, "demo", update, if_match='"stale"'),
    412,
    "precondition-failed",
)
updated = keys.update_api_key(NAME, "demo", update, if_match=etag)
assert updated.permissions == ["tenant.apiKey:write"], updated
told(lambda: keys.list_api_keys("demo"), 403, "insufficient-scope")

assert keys.delete_api_key_with_http_info(NAME, "demo").status_code == 204
told(lambda: keys.delete_api_key(NAME, "demo"), 401, "unauthorized")
told(lambda: keys.delete_api_key(NAME, "demo"), 429, "too-many-failures")
