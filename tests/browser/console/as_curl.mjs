// Every action as a command that does it: node as_curl.mjs ORIGIN TOKEN

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const run = (command) => execFileSync("bash", ["-c", command.replace("curl -sS", "curl -sS --fail-with-body")], { env: { ...process.env, TOKEN: token }, encoding: "utf8" });

await throughConsole({ name: "console-curl", origin }, async (ui, page) => {
  await ui.open("#/demo/keys");
  await ui.signIn();
  const command = async (within) => {
    await within.getByText("As curl").last().click();
    const text = await within.getByLabel("The command").filter({ hasText: "curl -sS" }).last().textContent();
    assert.doesNotMatch(text, /nsk_|eyJ/);
    return text;
  };
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("from-curl");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.dialog().getByText("For people, and where from").click();
  await ui.dialog().getByLabel("Description", { exact: true }).fill("it's $HOME `id` \"quoted\" \\ \u20ac");
  const made = JSON.parse(run(await command(ui.dialog())));
  assert.equal(made.description, "it's $HOME `id` \"quoted\" \\ \u20ac");
  await ui.isAccessible("1-create");
  await ui.button("Cancel").click();
  await page.reload();
  await ui.signIn();
  await page.getByRole("link", { name: "from-curl" }).waitFor();
  assert.match(run(await command(page.locator("main"))), /from-curl/);

  await page.evaluate(() => { location.hash = "#/demo/keys/from-curl"; });
  for (const [opener, fill] of [
    ["Edit", () => ui.dialog().getByLabel("Owner", { exact: true }).fill("me")],
    ["Rotate", () => ui.dialog().getByLabel("in 24 hours: routine").check()],
    ["End the old token", () => {}],
    ["Disable", () => {}],
    ["Delete", () => {}],
  ]) {
    await page.reload();
    await ui.signIn();
    await ui.button(opener).click();
    await fill();
    run(await command(ui.dialog()));
    await ui.button("Cancel").click();
  }
  await page.evaluate(() => { location.hash = "#/demo/audit"; });
  await ui.heading("Audit log").waitFor();
  assert.match(run(await command(page.locator("main"))), /"activity_name":"Delete"/);
});
