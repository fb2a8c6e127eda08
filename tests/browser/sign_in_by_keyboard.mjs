// The development issuer's own page, without a mouse: node sign_in_by_keyboard.mjs ORIGIN SCHEME

import assert from "node:assert/strict";

import { journey } from "./chromium.mjs";

const [origin, scheme] = process.argv.slice(2);

await journey({ name: `sign-in-${scheme}`, origin, scheme }, async (page, picture) => {
  await page.goto(`${origin}/dev-issuer/authorize`);
  const focused = () => page.evaluate(() => document.activeElement.outerHTML);
  assert.match(await focused(), /name="tenant" value="demo"/);
  // Down the page: every tenant, others, the permissions, others, the name, the lifetime.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("acme  other");
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("Tab");
  await page.keyboard.type("passes:write");
  await page.keyboard.press("Tab");
  assert.match(await focused(), /name="subject"/);
  await page.keyboard.type("Ada");
  await page.keyboard.press("Tab");
  await page.keyboard.type("15");
  await picture("1-filled-in");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");

  const field = page.getByLabel("Token", { exact: true });
  await field.waitFor();
  assert.match(await focused(), /id="token"/);
  await picture("2-token");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await field.inputValue());
  const claims = JSON.parse(Buffer.from(copied.split(".")[1], "base64url"));
  assert.equal(claims.sub, "Ada");
  assert.deepEqual(claims.tenants, ["demo", "acme", "other"]);
  assert.deepEqual(claims.permissions, ["tenant.apiKey:read", "tenant.apiKey:write", "passes:write"]);
  assert.equal(claims.exp - claims.iat, 900);

  const answer = await page.request.get(`${origin}/api/demo/admin/apiKeys`, {
    headers: { authorization: `Bearer ${copied}` },
  });
  assert.equal(answer.status(), 200);
});
