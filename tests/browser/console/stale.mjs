// A page that is older than the key: node stale.mjs ORIGIN TOKEN

import assert from "node:assert/strict";

import { call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const other = (method, path, body, headers) => call(origin, token, method, path, body, headers);
const patch = (body) => other("PATCH", `${KEYS}/stale`, body, { "content-type": "application/merge-patch+json" });
const state = () => other("GET", `${KEYS}/stale`);
const refused = (pattern) => new RegExp(`status of 412.*${pattern}`);
const expects = [refused("stale"), refused("stale"), refused("stale"), refused("rotate"), refused("previousTokens"), refused("stale")];

await throughConsole({ name: "console-stale", origin, expects }, async (ui, page) => {
  await other("POST", KEYS, { name: "stale", permissions: ["a:read"], description: "first" });
  await ui.open("#/demo/keys/stale");
  await ui.signIn();
  await ui.button("Edit").waitFor();

  const changed = page.getByText("stale has changed since you opened it.");
  await ui.button("Edit").click();
  await ui.dialog().getByLabel("Owner", { exact: true }).fill("mine");
  await patch({ description: "theirs" });
  await ui.button("Save").click();
  await changed.waitFor();
  // It shows what changed, and has written nothing.
  await ui.dialog().getByRole("row", { name: "description first theirs" }).waitFor();
  assert.equal((await state()).owner, undefined);
  await ui.isAccessible("1-changed");
  await ui.button("Go on with my change").click();
  await page.getByText("stale is changed.").waitFor();
  const now = await state();
  assert.deepEqual([now.owner, now.description], ["mine", "theirs"]);

  await page.getByText("theirs").first().waitFor();
  await ui.button("Edit").click();
  await ui.dialog().getByLabel("Description", { exact: true }).fill("mine again");
  await patch({ description: "theirs again" });
  await ui.button("Save").click();
  await changed.waitFor();
  await ui.button("Leave it as it is now").click();
  await page.getByText("theirs again").first().waitFor();
  assert.equal((await state()).description, "theirs again");

  const put = (permissions) => other("PUT", "/api/demo/admin/apiKeys/stale", { enabled: true, permissions });
  await ui.button("Permissions").click();
  await ui.dialog().getByLabel("Search permissions").fill("b:read");
  await ui.dialog().getByRole("button", { name: "Add b:read" }).click();
  await put(["c:read"]);
  await ui.button("Save").click();
  await ui.dialog().getByRole("row", { name: "permissions a:read c:read" }).waitFor();
  assert.deepEqual((await state()).permissions, ["c:read"]);
  await ui.button("Leave it as it is now").click();
  await page.getByText("c:read").first().waitFor();

  await ui.button("Rotate").click();
  await ui.dialog().getByLabel("now: it leaked").check();
  await patch({ owner: "somebody" });
  await ui.button("Rotate stale").click();
  await changed.waitFor();
  assert.equal((await state()).rotatedAt, undefined);
  await ui.button("Go on with my change").click();
  await ui.button("I have stored the token").click();
  await ui.dialog().waitFor({ state: "detached" });

  // A token that somebody else's rotation made an old one is not ended unseen.
  const rotate = () => other("POST", `${KEYS}/stale/rotate`, { overlapSeconds: 3600 });
  await rotate();
  // Whoever goes there and back before the view has changed has not been away.
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await ui.heading("Audit log").waitFor();
  await page.goBack();
  await ui.button("End the old token").click();
  await ui.dialog().waitFor();
  await rotate();
  await ui.button("End the old token of stale").click();
  await changed.waitFor();
  assert.equal((await state()).previousTokens.length, 2);
  await ui.button("Leave it as it is now").click();
  await page.getByText("3 are good").waitFor();

  await ui.button("Delete").click();
  await put(["d:read"]);
  await ui.button("Delete stale").click();
  await ui.dialog().getByRole("row", { name: "permissions c:read d:read" }).waitFor();
  assert.equal((await state()).name, "stale");
  await ui.button("Go on with my change").click();
  await page.getByText("stale is deleted.").waitFor();
});
