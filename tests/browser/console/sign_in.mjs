// The sign-in at a real OpenID provider, and its end: node sign_in.mjs ORIGIN ISSUER CONTROL

import assert from "node:assert/strict";

import { throughConsole } from "./console.mjs";

const [origin, issuer, control] = process.argv.slice(2);
const PATIENCE = 60_000;
// While no token is renewed, each try fails, and so does what is sent until the last one ends; how many there
// are is the page's affair.
const forgives = [/Failed to load resource: net::ERR_CONNECTION_REFUSED/, /status of 400.*\/token/, /status of 400.*\/apiKeyDetails/, /status of 401/];
const tell = async (what) => assert.ok((await fetch(`${control}/${what}`, { method: "POST" })).ok);

await throughConsole({ name: "console-provider", origin, also: issuer, forgives }, async (ui, page) => {
  const asked = [];
  const grants = [];
  const given = [];
  page.context().on("request", (request) => {
    if (request.url().startsWith(`${issuer}/auth?`)) asked.push(new URL(request.url()).searchParams);
    if (request.url() === `${issuer}/token` && request.method() === "POST") grants.push(new URLSearchParams(request.postData()));
  });
  page.context().on("response", async (answer) => {
    if (answer.url() === `${issuer}/token` && answer.ok()) given.push(await answer.json());
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

  // The session ends in the middle of a dialog. The service refuses what is sent until then for a fault in it,
  // which is not all that was typed.
  const untilItEnds = async (act) => {
    const ended = page.getByText("Your sign-in has ended.");
    const until = Date.now() + PATIENCE;
    while (!(await ended.isVisible())) {
      assert.ok(Date.now() < until, "the sign-in did not end");
      await ui.button(act).click();
      await ended.or(page.getByText("allowedIps")).first().waitFor();
    }
    await page.getByText("Sign in again, and go on where you are: nothing that you typed is lost.").waitFor();
    await ui.button("Sign in again").click();
  };
  const signInAgain = async () => {
    await signIn(ui.dialog().getByRole("button", { name: "Sign in", exact: true }));
    await page.getByRole("heading", { name: "Sign in again" }).waitFor({ state: "detached" });
  };
  const networks = () => ui.dialog().getByLabel("Only from these addresses and networks");

  await ui.button("Create a key").click();
  await ui.dialog().getByLabel("Name", { exact: true }).fill("kept");
  await ui.dialog().getByRole("button", { name: "Read only" }).click();
  await ui.dialog().getByText("For people, and where from").click();
  await networks().fill("nowhere");
  await tell("gone");
  await untilItEnds("Create");
  await ui.dialog().getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText(`The issuer ${issuer} does not answer. Try again later.`).waitFor();
  await ui.isAccessible("1-issuer-gone");
  await tell("back");
  await signInAgain();
  assert.equal(await ui.dialog().getByLabel("Name", { exact: true }).inputValue(), "kept");
  await networks().fill("");
  await ui.button("Create").click();
  await ui.button("I have stored the token").click();
  await page.getByRole("link", { name: "kept" }).click();

  // What the reader was given is revoked at the issuer (RFC 7009): it gives no other token.
  await ui.button("Edit").click();
  await ui.dialog().getByLabel("Owner", { exact: true }).fill("typed@example.com");
  await networks().fill("nowhere");
  const revoked = new URLSearchParams({ token: given.at(-1).refresh_token, client_id: "neokeys-console" });
  assert.equal((await fetch(`${issuer}/token/revocation`, { method: "POST", body: revoked })).status, 200);
  await untilItEnds("Save");
  await ui.isAccessible("2-revoked");
  await signInAgain();
  assert.equal(await ui.dialog().getByLabel("Owner", { exact: true }).inputValue(), "typed@example.com");
  await networks().fill("");
  await ui.button("Save").click();
  await page.getByText("typed@example.com").first().waitFor();

  // The issuer goes on giving tokens, which the service takes no more.
  await ui.button("Edit").click();
  await ui.dialog().getByLabel("Owner", { exact: true }).fill("other@example.com");
  await tell("elsewhere");
  await ui.button("Save").click();
  await page.getByText("Your sign-in has ended.").waitFor();
  assert.equal(await ui.dialog().getByLabel("Owner", { exact: true }).inputValue(), "other@example.com");
});
