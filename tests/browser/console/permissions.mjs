// The choice of permissions, with a catalogue: node permissions.mjs ORIGIN any|subset

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin, grants] = process.argv.slice(2);

await throughConsole({ name: `console-permissions-${grants}`, origin }, async (ui, page) => {
  await ui.open("#/demo/scopes");
  await ui.signIn(async (issuer) => {
    await issuer.getByLabel("Other permissions, with spaces between").fill("orders:read");
  });
  await page.getByRole("row", { name: /orders:write/ }).waitFor();
  await ui.isAccessible("1-scopes");
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await ui.button("Create a key").click();
  const dialog = ui.dialog();
  const box = (name) => dialog.getByRole("checkbox", { name: new RegExp(`^${name.replaceAll(".", "\\.")}`) });
  await dialog.getByRole("group", { name: "Orders" }).waitFor();
  await dialog.getByText("See a shop's orders").waitFor();
  // One that nobody should be given any more is not offered.
  assert.equal(await box("orders:old").count(), 0);
  if (grants === "subset") {
    assert.equal(await box("orders:read").count(), 1);
    assert.equal(await box("orders:write").count(), 0);
    assert.equal(await box("stock:read").count(), 0);
    assert.equal(await dialog.getByRole("button", { name: "Everything" }).count(), 0);
    await dialog.getByText("Only what you hold yourself is offered").waitFor();
    await dialog.getByLabel("Search permissions").fill("stock:read");
    assert.equal(await dialog.getByRole("button", { name: "Add stock:read" }).count(), 0);
    await ui.isAccessible("2-subset");
    await ui.button("Cancel").click();
    return;
  }
  const chosen = dialog.getByRole("list", { name: "Chosen permissions" });
  await box("stock:read").check();
  await dialog.getByLabel("Search permissions").fill("place orders");
  assert.deepEqual(await dialog.getByRole("checkbox").count(), 1);
  await box("orders:write").check();
  // What was chosen stays in view, whatever is searched for.
  await chosen.getByText("stock:read").waitFor();
  await chosen.getByText("orders:write").waitFor();
  await dialog.getByLabel("Search permissions").fill("own:thing");
  await dialog.getByRole("button", { name: "Add own:thing" }).click();
  await chosen.getByText("own:thing").waitFor();
  await ui.isAccessible("2-chosen");
  await dialog.getByRole("button", { name: "Remove own:thing" }).click();
  assert.equal(await chosen.getByText("own:thing").count(), 0);
  await dialog.getByRole("button", { name: "Read only" }).click();
  assert.deepEqual((await chosen.locator("code").allTextContents()).sort(), ["orders:read", "stock:read", "tenant.apiKey:read", "tenant.audit:read"]);
  assert.equal(await dialog.getByText("Everything:").count(), 0);
  await dialog.getByRole("button", { name: "Everything" }).click();
  assert.deepEqual(await chosen.locator("code").allTextContents(), ["*"]);
  await dialog.getByText("Everything:").waitFor();
  await ui.isAccessible("3-everything");
  await dialog.getByRole("button", { name: "Remove *" }).click();
  await ui.button("Create").click();
  await dialog.getByText("A name is 1 to 128").waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("none");
  await ui.button("Create").click();
  await dialog.getByText("Choose at least one permission.").waitFor();
});
