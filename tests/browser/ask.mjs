// What other services ask, tried out as the page fills it in: node ask.mjs ORIGIN

import assert from "node:assert/strict";

import { journey } from "./chromium.mjs";
import { DOCUMENTS, SwaggerUi } from "./swagger_ui.mjs";

const [origin] = process.argv.slice(2);

await journey({ name: "ask", origin, scheme: "light", expects: [] }, async (page, picture) => {
  const ui = new SwaggerUi(page, origin);
  await ui.open(DOCUMENTS.extensions);
  await ui.signIn((popup) => popup.getByRole("button", { name: "Sign in" }).click());

  const passed = await ui.tryOut("get", "/auth/{tenantId}", { tenantId: "demo" });
  assert.equal(passed.status, 200, passed.body);
  assert.match(passed.body, /x-auth-principal: developer/);
  await picture("1-passed", ui.operation("get", "/auth/{tenantId}"));

  const introspect = "/api/{tenantId}/introspect";
  const told = await ui.tryOut("post", introspect, { tenantId: "demo" });
  assert.equal(told.status, 200, told.body);
  assert.match(told.body, /"active": false/);
  await picture("2-told", ui.operation("post", introspect));
});
