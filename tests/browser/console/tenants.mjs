// The tenants of the credential, and one that is not among them: node tenants.mjs ORIGIN

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin] = process.argv.slice(2);
const expects = [403, 404].flatMap((status) => ["other", "gone"].map((it) => new RegExp(`status of ${status}.*/api/${it}/`)));

await throughConsole({ name: "console-tenants", origin, expects }, async (ui, page) => {
  await ui.open();
  await ui.signIn((issuer) => issuer.getByLabel("Other tenants, with spaces between").fill("acme"));
  await ui.heading("Tenants").waitFor();
  assert.deepEqual(await page.getByRole("listitem").allTextContents(), ["demo", "acme"]);
  await ui.isAccessible("1-tenants");
  await page.getByRole("link", { name: "demo" }).click();
  await ui.heading("Keys").waitFor();
  assert.match(page.url(), /#\/demo\/keys$/);
  // A refusal is shown as its title, its detail and the request's id.
  await page.evaluate(() => { location.hash = "#/other/keys"; });
  await page.getByText("The credential is not for this tenant").waitFor();
  const told = await page.getByRole("alert").innerText();
  assert.match(told, /Request [\w-]{8,}/);
  await ui.isAccessible("2-refused");
  await ui.button("Sign out").click();

  await ui.signIn((issuer) => issuer.getByRole("checkbox", { name: "* every tenant" }).check());
  await page.getByText("Tenant not found").waitFor();
  await page.getByRole("link", { name: "neokeys" }).click();
  await page.getByText("You are signed in for every tenant.").waitFor();
  await page.getByRole("link", { name: "demo" }).waitFor();
  assert.deepEqual(await page.getByRole("listitem").allTextContents(), ["demo"]);
  await ui.isAccessible("4-every-tenant");
  await page.getByLabel("Another tenant").fill("gone");
  await ui.button("Open").click();
  await page.getByText("Tenant not found").waitFor();
  await ui.button("Sign out").click();

  await ui.signIn((issuer) => issuer.getByRole("checkbox", { name: "demo" }).uncheck());
  await page.getByText("The credential is not for this tenant").waitFor();
  await page.getByRole("link", { name: "neokeys" }).click();
  await page.getByText("Your credential names no tenant.").waitFor();
  await ui.isAccessible("3-no-tenant");
});
