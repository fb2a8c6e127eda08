// The whole life of a key: node life.mjs ORIGIN mouse|keyboard SCHEME WIDTH PERCENT

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";
import { reader } from "./reader.mjs";

const [origin, way, scheme, width, percent] = process.argv.slice(2);
const name = `console-life-${way}-${scheme}-${width}-${percent}`;
const context = { viewport: { width: Number(width), height: 900 }, reducedMotion: "reduce" };
const used = (token) => fetch(`${origin}/api/demo/admin/apiKeys`, { headers: { "x-api-key": token } }).then((it) => it.status);

const textSize = (16 * Number(percent)) / 100;

await throughConsole({ name, origin, scheme, textSize, context }, async (ui, page) => {
  const hands = reader(way, ui);
  await ui.open();
  await ui.isAccessible("1-sign-in");
  const popup = page.waitForEvent("popup");
  await hands.press("Sign in");
  const issuer = await popup;
  await issuer.getByRole("button", { name: "Sign in" }).waitFor();
  await Promise.all([issuer.waitForEvent("close"), issuer.keyboard.down("Enter")]);
  await ui.heading("Keys").waitFor();
  const moves = await page.getByRole("button").first().evaluate((it) => getComputedStyle(it).transitionDuration);
  assert.equal(moves, "0s", "something moves for a reader who wants nothing to");
  await page.getByText("This tenant has no keys yet.").waitFor();
  await ui.isAccessible("2-no-keys");

  await hands.press("Create the first key");
  await ui.dialog().waitFor();
  assert.match(await ui.focused(), /Name/);
  await hands.type("Name", "crm-sync");
  await hands.choose("tenant.apiKey:read");
  await hands.choose("7 days");
  await ui.isAccessible("3-create");
  await hands.press("Create");
  const field = page.getByLabel("Token of crm-sync", { exact: true });
  await field.waitFor();
  const token = await field.inputValue();
  assert.match(token, /^nsk_[0-9A-Za-z]{49}$/);
  assert.match(await ui.focused(), /Copy the token of crm-sync/);
  await ui.hasNoFault("the token");
  await hands.press("Copy the token of crm-sync");
  await page.getByText("The token of crm-sync is copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
  await hands.press("I have stored the token");
  await page.getByRole("link", { name: "crm-sync" }).waitFor();
  assert.equal(await used(token), 200);
  await ui.isAccessible("4-keys");

  await hands.press("crm-sync", "link");
  await ui.heading("crm-sync").waitFor();
  await hands.press("Rotate");
  await hands.press("Rotate crm-sync");
  await page.getByText("Choose when the old token ends.").waitFor();
  await hands.choose("in 24 hours: routine");
  // What was said of the last try is gone with the next choice.
  await page.getByText("Choose when the old token ends.").waitFor({ state: "detached" });
  await ui.isAccessible("5-rotate");
  await hands.press("Rotate crm-sync");
  await field.waitFor();
  const second = await field.inputValue();
  assert.notEqual(second, token);
  await hands.press("I have stored the token");
  await page.getByText("2 are good").waitFor();
  // The service has known of uses since before this token was made.
  await page.locator("dd").getByText("not used yet", { exact: true }).waitFor();
  assert.equal(await ui.focused(), "Rotate");
  assert.deepEqual([await used(token), await used(second)], [200, 200]);
  await ui.isAccessible("6-two-tokens");

  await hands.press("Keys", "link");
  await page.getByText("2 tokens are good.").waitFor();
  await ui.isAccessible("7-keys-with-two-tokens");
  await hands.press("End the old token of crm-sync");
  await ui.dialog().getByRole("heading", { name: "End the old token of crm-sync?" }).waitFor();
  await ui.isAccessible("8-end-the-old-token");
  await hands.press("End the old token of crm-sync");
  await page.getByText("The old token of crm-sync has ended.").waitFor();
  assert.deepEqual([await used(token), await used(second)], [401, 200]);

  await page.getByText("1 key", { exact: true }).waitFor();
  await hands.press("crm-sync", "link");
  await hands.press("Edit");
  await hands.type("Owner", "sales@example.com");
  await ui.isAccessible("edit");
  await hands.press("Save");
  await page.getByText("sales@example.com").first().waitFor();
  await hands.press("Permissions");
  await ui.dialog().waitFor();
  await ui.isAccessible("permissions");
  await page.keyboard.press("Escape");
  assert.equal(await ui.focused(), "Permissions");

  await hands.press("Disable");
  await page.getByText("crm-sync was last used a moment ago.").or(page.getByText(/crm-sync was last used 1 minute ago\./)).waitFor();
  await hands.type("Type crm-sync to go on", "crm");
  await hands.press("Disable crm-sync");
  await page.getByText("This is not crm-sync.").waitFor();
  assert.equal(await used(second), 200);
  await hands.type("Type crm-sync to go on", "crm-sync");
  await page.getByText("This is not crm-sync.").waitFor({ state: "detached" });
  await ui.isAccessible("9-disable");
  await hands.press("Disable crm-sync");
  await page.getByText("crm-sync is disabled.").waitFor();
  assert.equal(await used(second), 401);
  await hands.press("Enable");
  await hands.press("Enable crm-sync");
  await page.getByText("crm-sync is enabled.").waitFor();
  assert.equal(await used(second), 200);

  await hands.press("Delete");
  await hands.type("Type crm-sync to go on", "crm-sync");
  await ui.isAccessible("10-delete");
  await hands.press("Delete crm-sync");
  await ui.heading("Keys").waitFor();
  await page.getByText("This tenant has no keys yet.").waitFor();
  assert.equal(await used(second), 401);

  await hands.press("Audit", "link");
  await page.getByRole("row", { name: /Rotate/ }).first().waitFor();
  await hands.press("Verify and show the head");
  await page.getByText(/All \d+ lines lead to this head/).waitFor();
  await ui.isAccessible("11-audit");
  await hands.press("Scopes", "link");
  await page.getByText("This deployment lists no scopes").waitFor();
  await ui.isAccessible("12-scopes");
  await hands.press("Sign out");
  await ui.heading("Sign in to neokeys").waitFor();
});
