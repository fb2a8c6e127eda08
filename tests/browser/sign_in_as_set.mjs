// Swagger UI of a deployment whose identity provider knows it by another id: node sign_in_as_set.mjs
// ORIGIN CLIENT_ID SCOPE

import assert from "node:assert/strict";

import { journey } from "./chromium.mjs";
import { DOCUMENTS, SwaggerUi } from "./swagger_ui.mjs";

const [origin, clientId, scope] = process.argv.slice(2);

await journey({ name: "sign-in-as-set", origin }, async (page) => {
  const ui = new SwaggerUi(page, origin);
  await ui.open(DOCUMENTS.sdk);
  assert.deepEqual(await ui.readSignIn(), { clientId, scopes: [scope] });
});
