// The choice of an expiry, in the reader's own calendar: node expiry.mjs ORIGIN MOST
//
// MOST is the policy's longest lifetime in days, or "none".

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin, most] = process.argv.slice(2);
const context = { timezoneId: "America/New_York" };

await throughConsole({ name: `console-expiry-${most}`, origin, context }, async (ui, page) => {
  await ui.open("#/demo/keys");
  await ui.signIn();
  await ui.button("Create a key").click();
  const dialog = ui.dialog();
  const choice = (label) => dialog.getByRole("radio", { name: label });
  await choice("30 days").waitFor();
  assert.ok(await choice("30 days").isChecked());
  const offered = ["7 days", "30 days", "60 days", "90 days", "a year", "until the end of", "never"];
  const open = [];
  for (const label of offered) if (await choice(label).first().isEnabled()) open.push(label);
  if (most === "none") {
    assert.deepEqual(open, offered);
  } else {
    assert.deepEqual(open, ["7 days", "30 days", "60 days", "until the end of"]);
    await dialog.getByText("over the 60 days that this deployment allows").first().waitFor();
    await dialog.getByText("this deployment demands an expiry").waitFor();
    await dialog.getByText("The setting keys.max_lifetime allows 60 days at most.").waitFor();
  }
  await ui.isAccessible("1-expiry");

  // A day of the reader's calendar ends at the reader's midnight, and is stored in UTC.
  const day = await page.evaluate(() => {
    const it = new Date(Date.now() + 20 * 86_400_000);
    return [it.getFullYear(), it.getMonth() + 1, it.getDate()];
  });
  const text = day.map((it) => String(it).padStart(2, "0")).join("-");
  const end = await page.evaluate(([y, m, d]) => new Date(y, m - 1, d + 1).toISOString().replace(".000", ""), day);
  assert.match(end, /T0[45]:00:00Z$/);
  // Neither a day that is over nor one beyond the policy can be chosen.
  for (const other of ["2020-01-01", ...(most === "none" ? [] : ["2099-01-01"])]) {
    await dialog.getByLabel("The last day").fill(other);
    await dialog.getByText("Choose a day from today").waitFor();
  }
  await dialog.getByLabel("The last day").fill(text);
  await dialog.getByText(`which is ${end}`).waitFor();
  await dialog.getByLabel("Name", { exact: true }).fill("dated");
  await dialog.getByRole("button", { name: "Read only" }).click();
  const request = page.waitForRequest((it) => it.method() === "POST");
  await ui.button("Create").click();
  assert.equal((await request).postDataJSON().expiresAt, end);
  await ui.button("I have stored the token").click();

  // A relative time has the exact one with it, with hour and zone.
  const time = page.locator("td time").last();
  assert.match(await time.getAttribute("title"), /^\d{4}-\d\d-\d\d 00:00 (EST|EDT|GMT-[45])$/);
  assert.equal(await time.getAttribute("datetime"), end);

  if (most !== "none") {
    // The longest is taken, however the clocks differ by some seconds.
    await ui.button("Create a key").click();
    await ui.dialog().getByLabel("Name", { exact: true }).fill("longest");
    await ui.dialog().getByRole("button", { name: "Read only" }).click();
    await dialog.getByRole("radio", { name: "60 days", exact: true }).click();
    await ui.button("Create").click();
    await ui.button("I have stored the token").click();
    await page.getByRole("link", { name: "longest" }).waitFor();
  }
});
