"""What the client of openapi-generator's `python` makes of correct answers when it is generated
from the documented contract. Prints a line per call: what was asked, and what came of it."""

import os
from collections.abc import Callable

from documented_client import (
    ApiClient,
    ApiException,
    ApiKeysApi,
    Configuration,
    CreateApiKeyRequest,
    UpdateApiKeyRequest,
)

settings = Configuration(host=os.environ["KEYS_URL"], access_token=os.environ["KEYS_TOKEN"])
keys = ApiKeysApi(ApiClient(settings))
good = CreateApiKeyRequest(name="documented", permissions=["tenant.apiKey:read"])
bad = CreateApiKeyRequest(name="a b", permissions=[])


def tell(label: str, call: Callable[[], object]) -> None:
    try:
        outcome = type(call()).__name__
    except ApiException as error:
        outcome = f"{error.status}, typed as {type(error.data).__name__}: {error.__context__}"
    print(f"{label}: {outcome}")


change = UpdateApiKeyRequest(enabled=False, permissions=["tenant.apiKey:read"])

tell("create", lambda: keys.api_tenant_id_admin_api_keys_post("demo", good))
get = keys.api_tenant_id_admin_api_keys_key_name_get
put = keys.api_tenant_id_admin_api_keys_key_name_put
# A `oneOf` is a value of the one schema that it matches.
tell("list", lambda: keys.api_tenant_id_admin_api_keys_get("demo")[0].actual_instance)
tell("get", lambda: get("documented", "demo").actual_instance)
tell("update", lambda: put("documented", "demo", change).actual_instance)
tell("create again", lambda: keys.api_tenant_id_admin_api_keys_post("demo", good))
tell("create a bad one", lambda: keys.api_tenant_id_admin_api_keys_post("demo", bad))
tell("get what is not there", lambda: get("no", "demo"))
tell("delete", lambda: keys.api_tenant_id_admin_api_keys_key_name_delete("documented", "demo"))
