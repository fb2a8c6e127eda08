// A server that stops between request and answer: node lost_answers.mjs ORIGIN TOKEN

import assert from "node:assert/strict";

import { call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const other = (method, path, body) => call(origin, token, method, path, body);
const failed = /Failed to load resource: net::/;
const expects = [failed, failed, /status of 404.*lost/, failed, failed, /status of 412/, failed, failed];

await throughConsole({ name: "console-lost", origin, expects }, async (ui, page) => {
  // The answer to the next change is lost, whether or not the change reaches the service.
  const lose = (isDone) => page.route("**/api/**", async (route) => {
    if (route.request().method() === "GET") return route.fallback();
    if (isDone) await route.fetch();
    await route.abort("connectionreset");
  }, { times: 1 });
  await ui.open("#/demo/keys");
  await ui.signIn();
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("lost");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await lose(false);
  await ui.button("Create").click();
  await page.getByText("The service did not answer.").waitFor();
  await page.getByText("The key may have been made or not").waitFor();
  await ui.isAccessible("1-no-answer");
  await page.getByRole("link", { name: "Look whether it is there" }).click();
  await page.getByText("There is no key lost: it was not made. Create it again.").waitFor();
  await lose(true);
  await ui.button("Create").click();
  await page.getByText("The key may have been made or not").waitFor();
  await page.getByRole("link", { name: "Look whether it is there" }).click();
  await page.getByText("The key lost is there: it was made.").waitFor();
  await ui.button("Cancel").click();

  // A rotation whose answer is lost is not made a second time by a second press.
  await page.evaluate(() => { location.hash = "#/demo/keys/lost"; });
  await ui.button("Rotate").click();
  await ui.dialog().getByLabel("in 24 hours: routine").check();
  await lose(true);
  await ui.button("Rotate lost").click();
  await page.getByText("The key may have been rotated or not.").waitFor();
  await ui.button("Rotate lost").click();
  await page.getByText("lost has changed since you opened it.").waitFor();
  assert.equal((await other("GET", `${KEYS}/lost`)).previousTokens.length, 1);
  await ui.button("Leave it as it is now").click();
  await page.getByText("2 are good").waitFor();

  await ui.button("Delete").click();
  await lose(false);
  await ui.button("Delete lost").click();
  await page.getByText("The key may have been deleted or not.").waitFor();
  assert.equal((await other("GET", `${KEYS}/lost`)).name, "lost");
  await ui.button("Cancel").click();

  // Whoever leaves before is told all the same.
  let letGo;
  await page.route("**/apiKeyDetails", async (route) => {
    await new Promise((resolve) => { letGo = resolve; });
    await route.abort("connectionreset");
  }, { times: 1 });
  await page.getByRole("link", { name: "Keys", exact: true }).first().click();
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("left");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.button("Create").click();
  await page.getByText("Sending").waitFor();
  await page.keyboard.press("Escape");
  await ui.button("Leave").click();
  await ui.dialog().waitFor({ state: "detached" });
  letGo();
  await ui.dialog().getByText("The service did not answer.").waitFor();
  await ui.isAccessible("2-told-afterwards");
  await ui.button("Close").click();

  // A list that does not come says so, and comes when it is asked for again.
  await page.route("**/apiKeyDetails?**", (route) => route.abort("connectionreset"), { times: 1 });
  await page.reload();
  await ui.signIn();
  await page.getByText("The service did not answer.").waitFor();
  await ui.button("Try again").click();
  await page.getByRole("link", { name: "lost" }).waitFor();
});
