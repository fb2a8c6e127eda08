// Every operation and every error through the client of @hey-api/openapi-ts.
import assert from "node:assert/strict";
import { createClient } from "./client/client/index.js";
import type { HttpValidationProblemDetails, ProblemDetails } from "./client/index.js";
import { createApiKey, deleteApiKey, getApiKey, listApiKeys, updateApiKey } from "./client/index.js";

const baseUrl = process.env.KEYS_URL!;
const name = "hey-api";
const list = { tenantId: "demo" };
const key = { tenantId: "demo", keyName: name };
const scopes = ["tenant.apiKey:read", "tenant.apiKey:write"];

// The client asks for each scheme in turn; the one that has an answer is sent.
const admin = createClient({
  baseUrl,
  auth: (scheme) => (scheme.type === "http" ? process.env.KEYS_TOKEN! : undefined),
});
const holder = (token: string) =>
  createClient({ baseUrl, auth: (scheme) => (scheme.type === "apiKey" ? token : undefined) });

function told(
  problem: ProblemDetails | HttpValidationProblemDetails | undefined,
  status: number,
  slug: string,
): void {
  assert.ok(problem);
  assert.deepEqual([problem.status, problem.type], [status, `/problems/${slug}`]);
  assert.ok(problem.title && problem.detail && problem.requestId);
}

const body = { name, permissions: scopes };
const created = await createApiKey({ client: admin, path: list, body });
assert.equal(created.response?.status, 201);
assert.match(created.data!.token, /^nsk_[0-9A-Za-z]{49}$/);

const client = holder(created.data!.token);
const listed = await listApiKeys({ client, path: list });
assert.ok(listed.data!.some((it) => it.name === name));
const got = await getApiKey({ client, path: key });
assert.deepEqual(got.data, { name, enabled: true, permissions: scopes });
const etag = got.response!.headers.get("etag")!;
const known = await getApiKey({ client, path: key, headers: { "If-None-Match": etag } });
assert.equal(known.response?.status, 304);

told((await createApiKey({ client, path: list, body })).error, 409, "name-taken");
const bad = await createApiKey({ client, path: list, body: { name: "a b", permissions: [] } });
told(bad.error, 400, "validation");
const { errors } = bad.error as HttpValidationProblemDetails;
assert.deepEqual(Object.keys(errors).sort(), ["name", "permissions"]);
const odd = await createApiKey({
  client,
  path: list,
  body,
  headers: { "Content-Type": "text/csv" },
});
told(odd.error, 415, "unsupported-media-type");
const long = { name: "a".repeat(64 * 1024), permissions: scopes };
told((await createApiKey({ client, path: list, body: long })).error, 413, "content-too-large");

told((await listApiKeys({ client: holder("nsk_wrong"), path: list })).error, 401, "unauthorized");
const elsewhere = await listApiKeys({ client: admin, path: { tenantId: "other" } });
told(elsewhere.error, 403, "tenant-forbidden");
const absent = await getApiKey({ client, path: { ...key, keyName: "absent" } });
told(absent.error, 404, "key-not-found");
const unread = await listApiKeys({ client, path: { tenantId: "broken" } });
told(unread.error, 503, "store-unavailable");

const update = { enabled: true, permissions: ["tenant.apiKey:write"] };
const late = await updateApiKey({
  client,
  path: key,
  body: update,
  headers: { "If-Match": '"stale"' },
});
told(late.error, 412, "precondition-failed");
const fresh = { "If-Match": etag };
const updated = await updateApiKey({ client, path: key, body: update, headers: fresh });
assert.deepEqual(updated.data, { name, ...update });
told((await listApiKeys({ client, path: list })).error, 403, "insufficient-scope");

const deleted = await deleteApiKey({ client, path: key });
assert.deepEqual([deleted.response?.status, deleted.error], [204, undefined]);
told((await deleteApiKey({ client, path: key })).error, 401, "unauthorized");
told((await deleteApiKey({ client, path: key })).error, 429, "too-many-failures");
