// The sign-in at a real OpenID provider: node sign_in.mjs ORIGIN ISSUER

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin, issuer] = process.argv.slice(2);
const PATIENCE = 60_000;
const failed = /Failed to load resource: net::/;

// While the issuer is gone, each try to renew fails; how many there are is the page's affair.
await throughConsole({ name: "console-provider", origin, also: issuer, forgives: [failed] }, async (ui, page) => {
  const asked = [];
  const grants = [];
  page.context().on("request", (request) => {
    if (request.url().startsWith(`${issuer}/auth?`)) asked.push(new URL(request.url()).searchParams);
    if (request.url() === `${issuer}/token` && request.method() === "POST") grants.push(new URLSearchParams(request.postData()));
  });
  const signIn = async (button) => {
    const opened = page.waitForEvent("popup");
    await button.click();
    const popup = await opened;
    const closed = popup.waitForEvent("close");
    // Whoever the provider knows already is not asked.
    await popup.getByRole("button", { name: "Sign in as Ada" }).click().catch(() => {});
    await closed;
  };
  await ui.open("#/demo/keys");
  await page.getByText(issuer).waitFor();
  // A window that is not answered in can be given up.
  const left = page.waitForEvent("popup");
  await ui.button("Sign in").click();
  await left;
  await ui.button("Cancel the sign-in").click();
  await page.getByText("the sign-in was cancelled").waitFor();

  await signIn(ui.button("Sign in"));
  await ui.heading("Keys").waitFor();
  await page.getByText("Ada", { exact: true }).waitFor();
  const of = asked.at(-1);
  assert.equal(of.get("response_type"), "code");
  assert.equal(of.get("code_challenge_method"), "S256");
  assert.equal(of.get("redirect_uri"), `${origin}/console/signed-in.html`);
  for (const [first, second] of [["state", "state"], ["nonce", "nonce"], ["code_challenge", "code_challenge"]]) {
    assert.ok(of.get(first).length >= 43, first);
    assert.notEqual(asked[0].get(second), of.get(first), "drawn anew for each sign-in");
  }
  assert.ok(grants[0].get("code_verifier").length >= 43);
  assert.equal(grants[0].get("client_secret"), null);

  // Every request has a token that is not about to end; each renewal is by the token that the last one gave.
  for (const view of ["Audit", "Scopes", "Keys"]) {
    await page.getByRole("link", { name: view, exact: true }).first().click();
    await ui.heading(view === "Audit" ? "Audit log" : view).waitFor();
    await page.waitForLoadState("networkidle");
  }
  const renewals = grants.filter((it) => it.get("grant_type") === "refresh_token").map((it) => it.get("refresh_token"));
  assert.ok(renewals.length >= 3, `${renewals.length} renewals`);
  assert.equal(new Set(renewals).size, renewals.length, "a refresh token was used twice");

  // The issuer is gone in the middle of a dialog.
  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("kept");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("not a name");
  await page.route(`${issuer}/**`, (route) => route.abort("connectionrefused"));
  const ended = page.getByText("Your sign-in has ended.");
  const until = Date.now() + PATIENCE;
  await ui.dialog().getByLabel("Name", { exact: true }).fill("kept");
  await page.route("**/apiKeyDetails", (route) => route.abort("connectionrefused"));
  while (!(await ended.isVisible())) {
    assert.ok(Date.now() < until, "the sign-in did not end");
    await ui.button("Create").click();
    await ended.or(page.getByText("The service did not answer.")).first().waitFor();
  }
  await page.unroute("**/apiKeyDetails");
  await ui.button("Sign in again").click();
  await ui.dialog().getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText(`The issuer ${issuer} does not answer. Try again later.`).waitFor();
  await page.unroute(`${issuer}/**`);
  await signIn(ui.dialog().getByRole("button", { name: "Sign in", exact: true }));
  await page.getByRole("heading", { name: "Sign in again" }).waitFor({ state: "detached" });
  assert.equal(await ui.dialog().getByLabel("Name", { exact: true }).inputValue(), "kept");
  await ui.button("Create").click();
  await ui.button("I have stored the token").click();
  await page.getByRole("link", { name: "kept" }).waitFor();
});
