// Swagger UI from the sign-in to a key that is gone: node issue_use_revoke.mjs ORIGIN DOCUMENT SCHEME

import assert from "node:assert/strict";

import { journey } from "./chromium.mjs";
import { DOCUMENTS, SwaggerUi } from "./swagger_ui.mjs";

const [origin, document, scheme] = process.argv.slice(2);
const KEYS = "/api/{tenantId}/admin/apiKeys";
const KEY = `${KEYS}/{keyName}`;
const permissions = ["tenant.apiKey:read", "tenant.apiKey:write"];
const inDemo = { tenantId: "demo" };
const ofKey = { ...inDemo, keyName: "from-browser" };
const name = `${document}-${scheme}`;
// The key that was deleted is refused, and Chromium says so of every request that fails.
const expects = [/status of 401 .*\/api\/demo\/admin\/apiKeys\)/];

await journey({ name, origin, scheme, expects }, async (page, picture) => {
  const ui = new SwaggerUi(page, origin);
  await ui.open(DOCUMENTS[document]);
  await picture("1-opened");

  await ui.signIn(
    async (popup) => {
      await picture("2-sign-in", popup);
      await popup.getByRole("button", { name: "Sign in" }).click();
    },
    () => picture("3-authorized"),
  );

  const created = await ui.tryOut("post", KEYS, inDemo, {
    name: ofKey.keyName,
    enabled: true,
    permissions,
  });
  assert.equal(created.status, 201, created.body);
  assert.match(created.sent.authorization, /^Bearer ey/);
  assert.equal(created.sent["x-api-key"], undefined);
  await picture("4-created", ui.operation("post", KEYS));
  const [token] = created.body.match(/nsk_[0-9A-Za-z]{49}/);

  await ui.useApiKey(token);
  const byBoth = await ui.tryOut("get", KEYS, inDemo);
  assert.equal(byBoth.status, 200, byBoth.body);
  assert.equal(byBoth.sent["x-api-key"], token);
  assert.match(byBoth.sent.authorization, /^Bearer ey/);

  await ui.signOut("admin-bearer");
  const byKey = await ui.tryOut("get", KEYS, inDemo);
  assert.equal(byKey.status, 200, byKey.body);
  assert.equal(byKey.sent.authorization, undefined);
  assert.match(byKey.body, /from-browser/);
  assert.doesNotMatch(byKey.body, /nsk_|hash/);
  await picture("5-listed", ui.operation("get", KEYS));

  const read = await ui.tryOut("get", KEY, ofKey);
  assert.equal(read.status, 200, read.body);
  const updated = await ui.tryOut("put", KEY, ofKey, { enabled: true, permissions });
  assert.equal(updated.status, 200, updated.body);
  const deleted = await ui.tryOut("delete", KEY, ofKey);
  assert.equal(deleted.status, 204);
  await picture("6-deleted", ui.operation("delete", KEY));

  const refused = await ui.tryOut("get", KEYS, inDemo);
  assert.equal(refused.status, 401, refused.body);
  assert.match(refused.body, /problems/);
  await picture("7-refused", ui.operation("get", KEYS));

  await ui.signOut("X-API-KEY");
  await ui.signIn((popup) => popup.getByRole("button", { name: "Sign in" }).click());
  const last = await ui.tryOut("get", KEYS, inDemo);
  assert.equal(last.status, 200, last.body);
  assert.doesNotMatch(last.body, /from-browser/);
});
