// Answers that are lost between the service and the browser: node lost_answers.mjs ORIGIN TOKEN ADDRESS PROCESS
//
// ORIGIN is where this listens as a proxy, ADDRESS is the service's own, and PROCESS is killed in the end.

import assert from "node:assert/strict";

import { call, throughConsole } from "./console.mjs";
import { changes, serveProxy } from "./proxy.mjs";

const [origin, token, address, service] = process.argv.slice(2);
const KEYS = "/api/demo/admin/apiKeyDetails";
const other = (method, path, body) => call(`http://${address}`, token, method, path, body);
const failed = /Failed to load resource: net::ERR_(CONNECTION_RESET|EMPTY_RESPONSE|CONNECTION_CLOSED)/;
const expects = [failed, failed, /status of 404.*lost/, failed, /status of 409/, failed, /status of 412/, failed, failed, failed, failed];
const proxy = await serveProxy(origin, address);

await throughConsole({ name: "console-lost", origin, expects }, async (ui, page) => {
  const lose = (isDone) => proxy.lose(changes, { isDone });
  await ui.open("#/demo/keys");
  await ui.signIn();
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("lost");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  lose(false);
  await ui.button("Create").click();
  await page.getByText("The service did not answer.").waitFor();
  await page.getByText("The key may have been made or not").waitFor();
  await ui.isAccessible("1-no-answer");
  await page.getByRole("link", { name: "Look whether it is there" }).click();
  await page.getByText("There is no key lost: it was not made. Create it again.").waitFor();
  lose(true);
  await ui.button("Create").click();
  await page.getByText("The key may have been made or not").waitFor();
  await page.getByRole("link", { name: "Look whether it is there" }).click();
  await page.getByText("The key lost is there: it was made.").waitFor();
  await ui.button("Cancel").click();
  await page.getByRole("link", { name: "lost" }).waitFor();

  // The browser itself sends it again, and the refusal of the second is not all that is known.
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("twice");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  // A connection that has proven itself, of requests without cookies as the page sends them.
  proxy.keepsConnections = true;
  await page.evaluate(async () => (await fetch("settings.json", { credentials: "omit" })).text());
  lose(true);
  await ui.button("Create").click();
  await page.getByText("It was made while this was under way.").waitFor();
  proxy.keepsConnections = false;
  await ui.isAccessible("2-sent-twice");
  await ui.button("Cancel").click();

  // A rotation whose answer is lost is not made a second time by a second press.
  await page.evaluate(() => { location.hash = "#/demo/keys/lost"; });
  await ui.button("Rotate").click();
  await ui.dialog().getByLabel("in 24 hours: routine").check();
  lose(true);
  await ui.button("Rotate lost").click();
  await page.getByText("The key may have been rotated or not.").waitFor();
  await ui.button("Rotate lost").click();
  await page.getByText("lost has changed since you opened it.").waitFor();
  assert.equal((await other("GET", `${KEYS}/lost`)).previousTokens.length, 1);
  await ui.button("Leave it as it is now").click();
  await page.getByText("2 are good").waitFor();

  await ui.button("Delete").click();
  lose(false);
  await ui.button("Delete lost").click();
  await page.getByText("The key may have been deleted or not.").waitFor();
  assert.equal((await other("GET", `${KEYS}/lost`)).name, "lost");
  await ui.button("Cancel").click();

  // Whoever leaves before is told all the same.
  const held = proxy.hold(changes);
  await page.getByRole("link", { name: "Keys", exact: true }).first().click();
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("left");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.button("Create").click();
  await page.getByText("Sending").waitFor();
  await page.keyboard.press("Escape");
  await ui.button("Leave").click();
  await ui.dialog().waitFor({ state: "detached" });
  held.cut();
  await ui.dialog().getByText("The service did not answer.").waitFor();
  await ui.isAccessible("3-told-afterwards");
  await ui.button("Close").click();

  // A list is on its way until it comes.
  const slow = proxy.hold((request) => request.url.includes("apiKeyDetails?"));
  await page.reload();
  await ui.signIn();
  await page.getByRole("status").getByText("Loading").waitFor();
  slow.letGo();
  await page.getByText("3 keys").waitFor();

  // One that does not come says so, and comes when it is asked for again.
  proxy.lose((request) => request.url.includes("apiKeyDetails?"), { isDone: false });
  await page.reload();
  await ui.signIn();
  await page.getByText("The service did not answer.").waitFor();
  await ui.button("Try again").click();
  await page.getByRole("link", { name: "lost" }).waitFor();

  // The service is killed between a request and its answer.
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("killed");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  process.kill(Number(service), "SIGSTOP");
  await ui.button("Create").click();
  await page.getByText("Sending").waitFor();
  process.kill(Number(service), "SIGKILL");
  await page.getByText("The key may have been made or not").waitFor();
  await page.getByRole("link", { name: "Look whether it is there" }).click();
  await page.getByText("The service still does not answer.").waitFor();
  assert.equal(await ui.dialog().getByLabel("Name", { exact: true }).inputValue(), "killed");
});
proxy.close();
