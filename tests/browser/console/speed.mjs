// What readers wait for, in milliseconds, as JSON: node speed.mjs ORIGIN TENANT KEY ROUNDS
//
// The first view is in sight when the browser has painted the largest part of it. Of each action, the longest
// task that kept the page from answering is taken out of the browser's trace, by the clock and by the processor's
// time. TENANT has 10,000 keys.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const [origin, tenant, key, rounds] = process.argv.slice(2);
const PATIENCE = 60_000;
const MARK = "reader: ";
const OF = "of 10000 keys";
const COLUMNS = ["Status", "Permissions", "Last use", "Expires", "Owner", "Name"];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const firstViews = [];
const tasks = {};
try {
  // The first one finds the browser cold, and is not counted.
  for (let round = 0; round <= Number(rounds); round += 1) {
    const [firstView, longest] = await visit();
    if (round === 0) continue;
    firstViews.push(firstView);
    for (const [what, duration] of Object.entries(longest)) (tasks[what] ??= []).push(duration);
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ version: browser.version(), firstViews, tasks: Object.entries(tasks) }));

// One visit in a fresh profile: the time of its first view, and the longest tasks of each action.
async function visit() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.addInitScript(() => {
    new PerformanceObserver((list) => { globalThis.painted = list.getEntries().at(-1).startTime; })
      .observe({ type: "largest-contentful-paint", buffered: true });
  });
  await page.goto(`${origin}/console/#/${tenant}/keys`);
  const withKey = page.locator("summary", { hasText: "With an API key" });
  await withKey.waitFor();
  const firstView = await (await page.waitForFunction(() => globalThis.painted)).jsonValue();

  if (!(await page.getByLabel("API key", { exact: true }).isVisible())) await withKey.click();
  await page.getByLabel("API key", { exact: true }).fill(key);
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "blink.user_timing"] });
  const rows = page.locator("tbody tr");
  const act = async (action, walk) => {
    await page.evaluate((it) => performance.mark(it), `${MARK}${action}`);
    await walk();
    // Until it is painted, and the page has nothing to do.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve))));
  };
  await act("The list loads", async () => {
    await page.getByRole("button", { name: "Sign in with the key" }).click();
    await page.getByText(`1\u2013100 ${OF}`).waitFor();
  });
  await act("A name is typed into the search", async () => {
    await page.getByLabel("Find").pressSequentially("key-001234");
    await page.getByText("1 key", { exact: true }).waitFor();
  });
  await act("The search is emptied", async () => {
    await page.getByLabel("Find").fill("");
    await page.getByText(`1\u2013100 ${OF}`).waitFor();
  });
  await act("The list is sorted by each column, both ways", async () => {
    for (const column of COLUMNS) {
      for (const way of [1, 2]) {
        await page.getByRole("button", { name: column, exact: true }).click();
        await page.locator(`th[aria-sort=${way === 1 ? "ascending" : "descending"}]`).getByText(column).waitFor();
      }
    }
  });
  await act("A page is turned", async () => {
    for (const last of [200, 300, 400]) {
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText(`${last - 99}\u2013${last} ${OF}`).waitFor();
    }
  });
  assert.equal(await rows.count(), 100);
  await page.evaluate((it) => performance.mark(it), `${MARK}the end`);
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  await context.close();
  return [firstView, longestTasks(traceEvents)];
}

// The longest tasks of the page's main thread behind each mark, up to the next one.
function longestTasks(events) {
  const marks = events.filter((it) => it.name.startsWith(MARK)).sort((a, b) => a.ts - b.ts);
  const { pid, tid } = marks[0];
  const own = events.filter((it) => it.pid === pid && it.tid === tid && /RunTask/.test(it.name) && it.dur);
  const longest = {};
  for (const [place, mark] of marks.slice(0, -1).entries()) {
    const within = own.filter((it) => it.ts + it.dur > mark.ts && it.ts < marks[place + 1].ts);
    const action = mark.name.slice(MARK.length);
    longest[`${action}: longest task`] = Math.max(...within.map((it) => it.dur)) / 1000;
    longest[`${action}: most processor time of a task`] = Math.max(...within.map((it) => it.tdur ?? 0)) / 1000;
  }
  return longest;
}
