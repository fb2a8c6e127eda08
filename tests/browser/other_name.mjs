// Swagger UI and the console by another name of the same server: node other_name.mjs ORIGIN

import assert from "node:assert/strict";

import { journey } from "./chromium.mjs";

const [origin] = process.argv.slice(2);
const byName = origin.replace("127.0.0.1", "localhost");

await journey({ name: "other-name", origin, also: byName }, async (page) => {
  await page.goto(`${byName}/`);
  await page.locator(".opblock").first().waitFor();
  assert.equal(page.url(), `${origin}/swagger-ui/`);
  await page.goto(`${byName}/console/#/demo/keys`);
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  assert.equal(page.url(), `${origin}/console/#/demo/keys`);
});
