// The audit log: node audit.mjs ORIGIN TOKEN

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { call, throughConsole } from "./console.mjs";

const [origin, token] = process.argv.slice(2);
const other = (method, path, body) => call(origin, token, method, `/api/demo/admin/${path}`, body);

await throughConsole({ name: "console-audit", origin }, async (ui, page) => {
  for (const name of ["one", "two", "three"]) await other("POST", "apiKeys", { name, permissions: ["p"] });
  await other("POST", "apiKeyDetails/one/rotate", { overlapSeconds: 60 });
  await other("DELETE", "apiKeys/two");
  await ui.open("#/demo/audit");
  await ui.signIn();
  const rows = page.locator("tbody tr");
  // What was done to which key, in the order in which it is shown.
  const told = () => rows.evaluateAll((them) => them.map((it) => `${it.cells[1].firstChild.textContent} ${it.cells[2].textContent}`));
  await page.getByRole("row", { name: /Delete/ }).waitFor();
  assert.deepEqual(await told(), ["Delete two", "Rotate one", "Create three", "Create two", "Create one"]);
  await page.getByLabel("Key", { exact: true }).fill("one");
  await ui.button("Filter").click();
  await page.getByRole("row", { name: /Delete/ }).waitFor({ state: "detached" });
  await page.getByRole("row", { name: /Rotate/ }).waitFor();
  assert.deepEqual(await told(), ["Rotate one", "Create one"]);
  assert.match(page.url(), /#\/demo\/audit\?key=one$/);
  await page.getByLabel("What", { exact: true }).fill("Delete");
  await ui.button("Filter").click();
  await page.getByText("No event is like this. Take a filter away.").waitFor();
  await ui.isAccessible("1-none");
  await page.getByRole("link", { name: "All events" }).click();
  await page.getByRole("row", { name: /Delete/ }).waitFor();

  const download = page.waitForEvent("download");
  await ui.button("Export").click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "demo-audit.jsonl");
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n").map(JSON.parse);
  assert.equal(lines.filter((it) => it.activity_name === "Create").length, 3);

  await ui.button("Verify and show the head").click();
  await page.getByText(`All ${lines.length} lines lead to this head.`).waitFor();
  await ui.button("Copy the head of the log").click();
  await page.getByText("The head of the log is copied.").waitFor();
  const head = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(head.split("\n")[1], String(lines.length));
  await ui.isAccessible("2-head");

  // One letter of one line is another.
  await page.route("**/audit/export", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('"three"', '"threE"') });
  });
  await ui.button("Verify and show the head").click();
  await page.getByText("The lines do not lead to the head.").waitFor();
  await ui.isAccessible("3-tampered");
});
