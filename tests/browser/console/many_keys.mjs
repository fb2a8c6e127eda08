// Ten thousand keys: node many_keys.mjs ORIGIN REPORT

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";

import { throughConsole } from "./console.mjs";

const [origin, report] = process.argv.slice(2);

await throughConsole({ name: "console-many", origin }, async (ui, page) => {
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((it) => [it.startTime, it.duration])))
      .observe({ type: "longtask", buffered: true });
  });
  const started = performance.now();
  await ui.open("#/demo/keys");
  await ui.button("Sign in").waitFor();
  const firstView = performance.now() - started;
  await ui.signIn();
  const rows = page.locator("tbody tr");
  const most = async () => assert.ok((await rows.count()) <= 200, "more than 200 rows");
  await page.getByText("1\u2013100 of 9000 keys").waitFor();
  await most();
  const first = () => rows.first().getByRole("link").textContent();
  assert.equal(await first(), "key-00001");

  // Ended and disabled keys stand behind a button that counts them.
  await ui.button("Show inactive (1000)").click();
  await page.getByText("1\u2013100 of 10000 keys").waitFor();
  await most();
  assert.equal(await first(), "key-00000");
  assert.match(await rows.first().textContent(), /\u25a0 disabled/);
  await ui.button("Name").click();
  await page.locator("th[aria-sort=descending]", { hasText: "Name" }).waitFor();
  assert.equal(await first(), "key-09999");
  await ui.button("Next").click();
  await page.getByText("101\u2013200 of 10000 keys").waitFor();
  assert.equal(await ui.focused(), "Next");
  await most();
  // The last page keeps the focus too, and goes no further.
  await page.evaluate(() => { location.hash = "#/demo/keys?inactive=1&page=100"; });
  await page.getByText("9901\u201310000 of 10000 keys").waitFor();
  await ui.button("Next").focus();
  await page.keyboard.press("Enter");
  await ui.button("Previous").click();
  await page.getByText("9801\u20139900 of 10000 keys").waitFor();
  await ui.button("Next").click();
  await page.getByText("9901\u201310000 of 10000 keys").waitFor();
  assert.equal(await ui.focused(), "Next");
  // Equal ones are in the order of their names, whichever way the column goes.
  for (const expected of ["key-00000", "key-00090"]) {
    await ui.button("Owner").click();
    await page.getByText("1\u2013100 of 10000 keys").waitFor();
    await page.locator(`th[aria-sort=${expected === "key-00000" ? "ascending" : "descending"}]`, { hasText: "Owner" }).waitFor();
    assert.equal(await first(), expected);
  }
  await page.getByLabel("Find").pressSequentially("team-7");
  await page.getByText("1\u2013100 of 1000 keys").waitFor();
  await ui.button("Owner").click();
  await most();
  await ui.isAccessible("1-found");

  // What was chosen is in the address, and comes back with it.
  const address = page.url();
  assert.match(address, /find=team-7/);
  await page.goto("about:blank");
  await page.goto(address);
  await ui.signIn();
  await page.getByText("1\u2013100 of 1000 keys").waitFor();
  assert.equal(await page.getByLabel("Find").inputValue(), "team-7");
  await page.getByLabel("Find").fill("no such key");
  await page.getByText("No key is like this.").waitFor();

  const tasks = await page.evaluate(() => globalThis.longTasks);
  await writeFile(report, JSON.stringify({ firstViewMs: Math.round(firstView), longTasksMs: tasks.map(([, it]) => Math.round(it)) }));
});
