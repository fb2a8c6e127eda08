// Texts of somebody who means harm: node hostile_texts.mjs ORIGIN TOKEN

import assert from "node:assert/strict";

import { call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const MARKUP = `<img src=x onerror="globalThis.harmed=1"><script>globalThis.harmed=1</script>'"&lt;`;
const KEYS_TO_MAKE = [
  { name: "wide-".repeat(25), permissions: ["p"], description: "x".repeat(1024), owner: "o".repeat(256) },
  { name: "markup", permissions: [`<img/onerror=globalThis.harmed=1>`, "javascript:globalThis.harmed=1"], description: MARKUP, owner: MARKUP },
  { name: "turned", permissions: ["p"], description: "safe \u202egnihtemos\u202c \u2066\u200f end", owner: "\u202eelpmaxe" },
  { name: "alike", permissions: ["p"], description: "p\u0430ypal \u200bhidden", owner: "\u0430dmin" },
  { name: "constructor", permissions: ["__proto__"], labels: { __proto__x: "1", constructor: "toString" } },
];

// What the odd addresses ask for is refused.
const expects = [/status of 403.*%3Cimg/, /status of 404.*%3Cscript/];

await throughConsole({ name: "console-hostile", origin, expects }, async (ui, page) => {
  for (const key of KEYS_TO_MAKE) await call(origin, token, "POST", KEYS, key);
  await ui.open("#/demo/keys");
  await ui.signIn();
  await page.getByText("5 keys").waitFor();
  await ui.isAccessible("1-keys");
  const images = () => page.locator("main img, main script, dialog img, dialog script").count();
  assert.equal(await images(), 0);
  for (const { name, owner, description } of KEYS_TO_MAKE) {
    await page.evaluate((it) => { location.hash = `#/demo/keys/${it}`; }, name);
    await ui.button("Rotate").waitFor();
    await ui.heading(name).waitFor();
    await page.getByRole("heading", { name: "What was done to it" }).waitFor();
    if (name === "markup") await page.getByText(MARKUP).first().waitFor();
    if (name === "turned") {
      await page.getByText("safe \u2039U+202E\u203agnihtemos").first().waitFor();
      await page.getByText("\u2039U+202E\u203aelpmaxe").first().waitFor();
    }
    if (name === "alike") await page.getByText("p\u0430ypal \u2039U+200B\u203ahidden").first().waitFor();
    await ui.isAccessible(`2-${name.slice(0, 12)}`);
    for (const opener of ["Edit", "Permissions", "Rotate", "Delete"]) {
      await ui.button(opener).click();
      await ui.dialog().waitFor();
      if (opener === "Edit") {
        assert.equal(await ui.dialog().getByLabel("Description", { exact: true }).inputValue(), description ?? "");
        assert.equal(await ui.dialog().getByLabel("Owner", { exact: true }).inputValue(), owner ?? "");
      }
      assert.equal(await images(), 0);
      await page.keyboard.press("Escape");
      await ui.dialog().waitFor({ state: "detached" });
    }
  }
  for (const hash of ["#/%3Cimg%20src=x%3E/keys", "#/demo/keys/%3Cscript%3E", "#/%E0%A4%A/keys", "#//keys", "#/demo/nowhere"]) {
    await page.evaluate((it) => { location.hash = it; }, hash);
    await page.locator("h1").waitFor();
    assert.equal(await images(), 0);
  }
  // What an address asks for that is not there is the list as it is otherwise.
  for (const hash of ["#/demo/constructor", "#/demo/__proto__", ...["sort=__proto__", "sort=-constructor", "page=-1", "page=1e999", "page=0.5", "find=%00", "inactive=x"].map((it) => `#/demo/keys?${it}`)]) {
    await page.evaluate((it) => { location.hash = it; }, hash);
    await page.locator("h1", { hasText: "Keys" }).waitFor();
    await page.getByText(hash.includes("find") ? "No key is like this." : "5 keys").waitFor();
  }
  await page.getByRole("link", { name: "neokeys" }).click();
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
});
