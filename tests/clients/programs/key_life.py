"""The life of a key through the client of openapi-generator's `python` for the extensions."""

import os
from datetime import UTC, datetime

from neokeys_client import (
    ApiClient,
    ApiException,
    APIKeyDetailsApi,
    ApiKeyDetailsPatch,
    Configuration,
    CreateApiKeyDetailsRequest,
    RotateApiKeyRequest,
)

URL = os.environ["KEYS_URL"]
NAME = "key-life-python"
END = datetime(2999, 1, 1, tzinfo=UTC)
NETWORK = "127.0.0.0/8"

admin = APIKeyDetailsApi(
    ApiClient(Configuration(host=URL, access_token=os.environ["KEYS_TOKEN"]))
)


def holder(key: str) -> APIKeyDetailsApi:
    return APIKeyDetailsApi(ApiClient(Configuration(host=URL, api_key={"apiKey": key}, retries=0)))


wanted = CreateApiKeyDetailsRequest(
    name=NAME,
    permissions=["orders:read"],
    expiresAt=END,
    allowedIps=[NETWORK],
    owner="sales@example.com",
    labels={"env": "prod"},
)
created = admin.create_api_key_details("demo", wanted)
assert (created.status, created.expires_at, created.allowed_ips) == ("active", END, [NETWORK])
listed = admin.list_api_key_details("demo", label="env=prod", owner="sales@example.com")
assert NAME in [key.name for key in listed.items], listed

patch = ApiKeyDetailsPatch(expiresAt=None, labels={"env": None, "team": "crm"})
amended = admin.amend_api_key_details(NAME, "demo", patch)
assert (amended.expires_at, amended.labels) == (None, {"team": "crm"}), amended
assert amended.allowed_ips == [NETWORK], "what a patch does not name stays"

got = admin.get_api_key_details_with_http_info(NAME, "demo")
assert got.data == amended and got.headers is not None
etag = got.headers["etag"]
rotation = RotateApiKeyRequest(overlapSeconds=3600)
rotated = admin.rotate_api_key(NAME, "demo", rotation, if_match=etag)
assert rotated.previous_tokens is not None and len(rotated.previous_tokens) == 1
try:
    admin.rotate_api_key(NAME, "demo", rotation, if_match=etag)
    raise AssertionError("a repeated rotation was made")
except ApiException as error:
    assert error.status == 412 and error.data is not None, error
    assert error.data.type == "/problems/precondition-failed", error

for token in (created.token, rotated.token):
    own = holder(token).get_own_api_key("demo")
    assert (own.name, own.owner) == (NAME, None), own
assert admin.end_previous_tokens_with_http_info(NAME, "demo").status_code == 204
try:
    holder(created.token).get_own_api_key("demo")
    raise AssertionError("the older token works after the end of the overlap")
except ApiException as error:
    assert error.status == 401, error
assert holder(rotated.token).end_own_token_with_http_info("demo").status_code == 204
assert admin.get_api_key_details(NAME, "demo").status == "disabled"
