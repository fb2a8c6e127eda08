// A reader in a hurry, with more than one tab: node in_a_hurry.mjs ORIGIN TOKEN

import assert from "node:assert/strict";

import { Console, call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const other = (method, path, body) => call(origin, token, method, path, body);

await throughConsole({ name: "console-hurry", origin, expects: [1, 2, 3].map(() => /status of 401/) }, async (ui, page) => {
  const mine = await other("POST", KEYS, { name: "mine", permissions: ["tenant.apiKey:read", "tenant.apiKey:write", "tenant.audit:read"] });
  await ui.open();
  await page.getByText("With an API key").click();
  await page.getByLabel("Tenant", { exact: true }).fill(" demo ");
  const key = page.getByLabel("API key", { exact: true });
  const enter = () => ui.button("Sign in with the key").click();
  // Something else was on the clipboard, and then more than the key.
  await key.fill("\u201cnsk_\u2026\u201d");
  await enter();
  await page.getByText("This is no API key").waitFor();
  await ui.isAccessible("1-no-key");
  await key.fill("nsk_of somebody else");
  await enter();
  await page.getByText("A valid credential is required").waitFor();
  await key.fill(` \t${mine.token.slice(0, 20)} \u200b${mine.token.slice(20)}\u00a0`);
  await enter();
  await ui.heading("Keys").waitFor();
  await page.getByRole("link", { name: "mine" }).waitFor();

  // Two presses are one, however slow the answers are.
  const letGo = await slowly(page, "**/scopes");
  await ui.button("Create a key").dblclick();
  letGo();
  await ui.dialog().waitFor();
  assert.equal(await page.locator("dialog").count(), 1);
  const asked = [];
  page.on("request", (it) => it.method() === "POST" && asked.push(it.url()));
  await ui.dialog().getByLabel("Name", { exact: true }).fill("once");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.button("Create").dblclick();
  await ui.button("I have stored the token").click();
  assert.equal(asked.length, 1);

  // Back closes the dialog on top and nothing else.
  await page.getByRole("link", { name: "once" }).click();
  await ui.button("Edit").click();
  const address = page.url();
  const owner = () => ui.dialog().getByLabel("Owner", { exact: true });
  await owner().fill("typed");
  await other("PUT", "/api/demo/admin/apiKeys/mine", { enabled: false, permissions: ["tenant.apiKey:read"] });
  await ui.button("Save").click();
  await ui.button("Sign in again").click();
  await ui.dialog().getByRole("heading", { name: "Sign in again" }).waitFor();
  await page.goBack();
  await ui.dialog().getByRole("heading", { name: "Sign in again" }).waitFor({ state: "detached" });
  assert.equal(await owner().inputValue(), "typed");
  assert.equal(page.url(), address);
  await page.goBack();
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.getByText("Your sign-in has ended.").waitFor();

  // Each tab is signed in by itself, and goes on when another one ends.
  const second = await page.context().newPage();
  const beside = new Console(second, origin, ui.picture);
  await beside.open("#/demo/keys");
  await beside.signIn();
  await second.getByRole("link", { name: "once" }).waitFor();
  await ui.button("Sign out").click();
  await ui.heading("Sign in to neokeys").waitFor();
  await second.getByRole("link", { name: "Audit", exact: true }).click();
  await second.getByRole("row", { name: /Create/ }).first().waitFor();

  // What the browser kept of a page that was left is not signed in any more.
  await second.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await beside.heading("Sign in to neokeys").waitFor();
  await beside.holds();
});

// Holds the answers to such requests until what it gives is called.
async function slowly(page, pattern) {
  let letGo;
  const gate = new Promise((resolve) => { letGo = resolve; });
  await page.route(pattern, async (route) => {
    await gate;
    await route.continue();
  });
  return letGo;
}
