// The session ends in the middle of each dialog: node session_ends.mjs ORIGIN TOKEN

import assert from "node:assert/strict";

import { call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const PERMISSIONS = ["tenant.apiKey:read", "tenant.apiKey:write", "tenant.audit:read"];
const other = (method, path, body) => call(origin, token, method, path, body);
const enable = (enabled) => other("PUT", "/api/demo/admin/apiKeys/me", { enabled, permissions: PERMISSIONS });
const rotate = () => other("POST", `${KEYS}/me/rotate`, { overlapSeconds: 0 });
const EACH = [
  ["Create a key", "Create", "#/demo/keys", async (dialog) => {
    await dialog.getByLabel("Name", { exact: true }).fill("typed");
    await dialog.getByRole("button", { name: "Read only" }).click();
    return () => dialog.getByLabel("Name", { exact: true }).inputValue();
  }, "typed"],
  ["Edit", "Save", "#/demo/keys/other", async (dialog) => {
    await dialog.getByLabel("Owner", { exact: true }).fill("typed");
    return () => dialog.getByLabel("Owner", { exact: true }).inputValue();
  }, "typed"],
  ["Permissions", "Save", "#/demo/keys/other", async (dialog) => {
    await dialog.getByLabel("Search permissions").fill("typed:read");
    await dialog.getByRole("button", { name: "Add typed:read" }).click();
    return async () => (await dialog.locator(".chips code").allTextContents()).join();
  }, "a:read,typed:read"],
  ["Rotate", "Rotate other", "#/demo/keys/other", async (dialog) => {
    await dialog.getByLabel("in 24 hours: routine").check();
    return async () => String(await dialog.getByLabel("in 24 hours: routine").isChecked());
  }, "true"],
  ["End the old token", "End the old token of other", "#/demo/keys/other", async () => async () => "", ""],
  ["Disable", "Disable other", "#/demo/keys/other", async () => async () => "", ""],
  ["Delete", "Delete other", "#/demo/keys/other", async () => async () => "", ""],
];
// Chromium says so of every answer that is a refusal; how many there are is not what is judged here.
const expects = Array.from({ length: EACH.length }, () => /status of 401/);

await throughConsole({ name: "console-session", origin, expects }, async (ui, page) => {
  let me = await other("POST", KEYS, { name: "me", permissions: PERMISSIONS });
  await other("POST", KEYS, { name: "other", permissions: ["a:read"] });
  const signInWithKey = async (within) => {
    if (!(await within.getByLabel("API key", { exact: true }).isVisible())) await within.getByText("With an API key").click();
    await within.getByLabel("Tenant", { exact: true }).fill("demo");
    await within.getByLabel("API key", { exact: true }).fill(me.token);
    await within.getByRole("button", { name: "Sign in with the key" }).click();
  };
  await ui.open("#/demo/keys");
  await signInWithKey(page);
  await ui.heading("Keys").waitFor();
  for (const [place, [opener, act, address, fill, kept]] of EACH.entries()) {
    await page.evaluate((it) => { location.hash = it; }, address);
    await ui.button(opener).click();
    const dialog = ui.dialog();
    const read = await fill(dialog);
    // By turns the key is disabled, or its token has ended.
    if (place % 2) me = await rotate();
    else await enable(false);
    await ui.button(act).click();
    await page.getByText("Your sign-in has ended.").waitFor();
    await page.getByText("Sign in again, and go on where you are: nothing that you typed is lost.").waitFor();
    if (opener === "Edit") await ui.isAccessible("1-ended");
    assert.equal(await read(), kept, opener);
    await enable(true);
    await ui.button("Sign in again").click();
    await ui.dialog().getByRole("heading", { name: "Sign in again" }).waitFor();
    if (opener === "Edit") await ui.isAccessible("2-again");
    await signInWithKey(ui.dialog());
    await page.getByRole("heading", { name: "Sign in again" }).waitFor({ state: "detached" });
    assert.equal(await read(), kept, opener);
    await ui.button(act).click();
    if (["Create", "Rotate other"].includes(act)) await ui.button("I have stored the token").click();
    await page.locator("dialog").waitFor({ state: "detached" });
  }
  await ui.heading("Keys").waitFor();
  const left = await other("GET", KEYS);
  assert.deepEqual(left.items.map((it) => it.name), ["me", "typed"]);
});
