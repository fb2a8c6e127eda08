// Every operation and every error through openapi-fetch and the types of openapi-typescript.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./neokeys.js";

type Problem = components["schemas"]["ProblemDetails"];
type Invalid = components["schemas"]["HttpValidationProblemDetails"];

const baseUrl = process.env.KEYS_URL!;
const listPath = "/api/{tenantId}/admin/apiKeys";
const keyPath = "/api/{tenantId}/admin/apiKeys/{keyName}";
const name = "openapi-fetch";
const list = { tenantId: "demo" };
const key = { tenantId: "demo", keyName: name };
const scopes = ["tenant.apiKey:read", "tenant.apiKey:write"];

const client = (headers: Record<string, string>) => createClient<paths>({ baseUrl, headers });
const admin = client({ Authorization: `Bearer ${process.env.KEYS_TOKEN!}` });

function told(problem: Problem | Invalid | undefined, status: number, slug: string): void {
  assert.ok(problem);
  assert.deepEqual([problem.status, problem.type], [status, `/problems/${slug}`]);
  assert.ok(problem.title && problem.detail && problem.requestId);
}

const body = { name, permissions: scopes };
const created = await admin.POST(listPath, { params: { path: list }, body });
assert.equal(created.response.status, 201);
assert.equal(created.response.headers.get("location"), `/api/demo/admin/apiKeys/${name}`);
assert.match(created.data!.token, /^nsk_[0-9A-Za-z]{49}$/);
assert.deepEqual([created.data!.name, created.data!.enabled], [name, true]);

const byKey = client({ "X-API-KEY": created.data!.token });
const listed = await byKey.GET(listPath, { params: { path: list } });
assert.ok(listed.data!.some((it) => it.name === name));
const got = await byKey.GET(keyPath, { params: { path: key } });
assert.deepEqual(got.data, { name, enabled: true, permissions: scopes });
const etag = got.response.headers.get("etag")!;
const known = { path: key, header: { "If-None-Match": etag } };
assert.equal((await byKey.GET(keyPath, { params: known })).response.status, 304);

const taken = await byKey.POST(listPath, { params: { path: list }, body });
told(taken.error, 409, "name-taken");
const lateCreate = { path: list, header: { "If-Match": '"stale"' } };
const other = { name: `${name}-2`, permissions: scopes };
const unchanged = await byKey.POST(listPath, { params: lateCreate, body: other });
told(unchanged.error, 412, "precondition-failed");
const bad = await byKey.POST(listPath, {
  params: { path: list },
  body: { name: "a b", permissions: [] },
});
told(bad.error, 400, "validation");
const { errors } = bad.error as Invalid;
assert.deepEqual(Object.keys(errors).sort(), ["name", "permissions"]);
const odd = await byKey.POST(listPath, {
  params: { path: list },
  body,
  headers: { "Content-Type": "text/csv" },
});
told(odd.error, 415, "unsupported-media-type");
const long = { name: "a".repeat(64 * 1024), permissions: scopes };
const large = await byKey.POST(listPath, { params: { path: list }, body: long });
told(large.error, 413, "content-too-large");

const nobody = await client({ "X-API-KEY": "nsk_wrong" }).GET(listPath, { params: { path: list } });
told(nobody.error, 401, "unauthorized");
const elsewhere = await admin.GET(listPath, { params: { path: { tenantId: "other" } } });
told(elsewhere.error, 403, "tenant-forbidden");
const absent = await byKey.GET(keyPath, { params: { path: { ...key, keyName: "absent" } } });
told(absent.error, 404, "key-not-found");
const unread = await byKey.GET(listPath, { params: { path: { tenantId: "broken" } } });
told(unread.error, 503, "store-unavailable");

const update = { enabled: true, permissions: ["tenant.apiKey:write"] };
const stale = { path: key, header: { "If-Match": '"stale"' } };
const late = await byKey.PUT(keyPath, { params: stale, body: update });
told(late.error, 412, "precondition-failed");
const fresh = { path: key, header: { "If-Match": etag } };
const updated = await byKey.PUT(keyPath, { params: fresh, body: update });
assert.deepEqual(updated.data, { name, ...update });
const narrowed = await byKey.GET(listPath, { params: { path: list } });
told(narrowed.error, 403, "insufficient-scope");

const deleted = await byKey.DELETE(keyPath, { params: { path: key } });
assert.deepEqual([deleted.response.status, deleted.error], [204, undefined]);
const gone = await byKey.DELETE(keyPath, { params: { path: key } });
told(gone.error, 401, "unauthorized");
const again = await byKey.DELETE(keyPath, { params: { path: key } });
told(again.error, 429, "too-many-failures");
