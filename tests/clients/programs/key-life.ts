// The life of a key through openapi-fetch and the types that openapi-typescript makes of the extensions.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./neokeys.js";

const baseUrl = process.env.KEYS_URL!;
const listPath = "/api/{tenantId}/admin/apiKeyDetails";
const keyPath = "/api/{tenantId}/admin/apiKeyDetails/{keyName}";
const ownPath = "/api/{tenantId}/apiKey";
const name = "key-life-typescript";
const list = { tenantId: "demo" };
const key = { tenantId: "demo", keyName: name };
const expiresAt = "2999-01-01T00:00:00Z";

const client = (headers: Record<string, string>) => createClient<paths>({ baseUrl, headers });
const admin = client({ Authorization: `Bearer ${process.env.KEYS_TOKEN!}` });
const holder = (token: string) => client({ "X-API-KEY": token });

const created = await admin.POST(listPath, {
  params: { path: list },
  body: {
    name,
    permissions: ["orders:read"],
    expiresAt,
    allowedIps: ["127.0.0.0/8"],
    owner: "sales@example.com",
    labels: { env: "prod" },
  },
});
assert.equal(created.response.status, 201);
assert.deepEqual([created.data!.status, created.data!.expiresAt], ["active", expiresAt]);
const query = { label: "env=prod", owner: "sales@example.com" };
const listed = await admin.GET(listPath, { params: { path: list, query } });
assert.ok(listed.data!.items.some((it) => it.name === name));

const amended = await admin.PATCH(keyPath, {
  params: { path: key },
  body: { expiresAt: null, labels: { env: null, team: "crm" } },
  headers: { "Content-Type": "application/merge-patch+json" },
});
assert.equal(amended.response.status, 200);
assert.deepEqual([amended.data!.expiresAt, amended.data!.labels], [undefined, { team: "crm" }]);
assert.deepEqual(amended.data!.allowedIps, ["127.0.0.0/8"]);

const got = await admin.GET(keyPath, { params: { path: key } });
assert.deepEqual(got.data, amended.data);
const once = { path: key, header: { "If-Match": got.response.headers.get("etag")! } };
const rotate = () =>
  admin.POST(`${keyPath}/rotate`, { params: once, body: { overlapSeconds: 3600 } });
const rotated = await rotate();
assert.equal(rotated.data!.previousTokens!.length, 1);
const again = await rotate();
assert.deepEqual([again.response.status, again.error!.type], [412, "/problems/precondition-failed"]);

for (const token of [created.data!.token, rotated.data!.token]) {
  const own = await holder(token).GET(ownPath, { params: { path: list } });
  assert.deepEqual([own.data!.name, own.data!.owner], [name, undefined]);
}
const ended = await admin.DELETE(`${keyPath}/previousTokens`, { params: { path: key } });
assert.equal(ended.response.status, 204);
const old = await holder(created.data!.token).GET(ownPath, { params: { path: list } });
assert.equal(old.response.status, 401);
const itself = await holder(rotated.data!.token).DELETE(ownPath, { params: { path: list } });
assert.equal(itself.response.status, 204);
assert.equal((await admin.GET(keyPath, { params: { path: key } })).data!.status, "disabled");
