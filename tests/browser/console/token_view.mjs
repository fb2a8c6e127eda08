// The ways out of the token's view: node token_view.mjs ORIGIN PROCESS
//
// PROCESS is the service's, which is stopped for a while.

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin, service] = process.argv.slice(2);

await throughConsole({ name: "console-token", origin }, async (ui, page) => {
  await ui.open("#/demo/keys");
  await ui.signIn();
  await ui.heading("Keys").waitFor();

  // Nothing is made before "Create", and Cancel makes nothing.
  const sent = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("first");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.button("Cancel").click();
  await ui.dialog().waitFor({ state: "detached" });
  assert.equal(await ui.focused(), "Create a key");
  await ui.button("Create a key").click();
  await ui.dialog().waitFor();
  await page.keyboard.press("Escape");
  await ui.dialog().waitFor({ state: "detached" });
  assert.deepEqual(sent, []);

  // A slow answer still shows, and whoever goes meanwhile is asked. The page has the other view by then.
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await ui.heading("Audit log").waitFor();
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await page.getByText("This tenant has no keys yet.").waitFor();
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("slow");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  process.kill(Number(service), "SIGSTOP");
  await ui.button("Create").click();
  await page.getByText("Sending").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("The answer is still on its way.").waitFor();
  await ui.isAccessible("1-still-on-its-way");
  await ui.button("Leave").click();
  await ui.dialog().waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Audit", exact: true }).click();
  await ui.heading("Audit log").waitFor();
  process.kill(Number(service), "SIGCONT");
  const field = page.getByLabel("Token of slow", { exact: true });
  await field.waitFor();

  const question = page.getByText("Have you stored the token?");
  const back = ui.button("Back to the token");
  const isAsked = async (way) => {
    await question.waitFor();
    assert.equal(await ui.focused(), "Back to the token", way);
    await back.click();
    await question.waitFor({ state: "detached" });
    assert.match(await field.inputValue(), /^nsk_/, way);
  };
  assert.equal(await ui.focused(), "Copy the token of slow");
  await page.keyboard.press("Escape");
  await question.waitFor();
  await page.keyboard.press("Escape");
  await isAsked("Escape, twice");
  await page.mouse.click(5, 5);
  await isAsked("a click outside");
  const address = page.url();
  await page.goBack();
  await isAsked("back");
  assert.equal(page.url(), address);
  const asked = page.waitForEvent("dialog");
  // Not the driver's own reload, which would wait for a page that does not come.
  const reload = page.evaluate(() => location.reload());
  const native = await asked;
  assert.equal(native.type(), "beforeunload");
  await native.dismiss();
  await reload;
  assert.match(await field.inputValue(), /^nsk_/);

  // Selectable text that nobody changes, beside a button that keeps its focus and says once what it did.
  assert.ok(await field.evaluate((it) => it.readOnly && it.type === "text"));
  await field.focus();
  const selected = await field.evaluate((it) => it.value.slice(it.selectionStart, it.selectionEnd));
  assert.equal(selected, await field.inputValue());
  await ui.button("Copy the token of slow").click();
  assert.equal(await ui.focused(), "Copy the token of slow");
  const said = ui.dialog().getByRole("status");
  await said.getByText("The token of slow is copied.").waitFor();
  assert.equal(await said.count(), 1);

  // The picture has no secret in it.
  await field.evaluate((it) => { it.value = "nsk_\u2026"; });
  await ui.isAccessible("2-token");
  await page.keyboard.press("Escape");
  await question.waitFor();
  await ui.isAccessible("3-asked");
  await back.click();
  await ui.button("I have stored the token").click();
  await ui.dialog().waitFor({ state: "detached" });
  // With the token gone from the page, nothing asks any more.
  assert.doesNotMatch(await page.content(), /nsk_[0-9A-Za-z]{20}/);
  await page.goBack();
  await ui.heading("Keys").waitFor();
  await page.getByRole("link", { name: "slow" }).waitFor();
});
