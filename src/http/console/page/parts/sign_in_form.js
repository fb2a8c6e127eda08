// The two ways to sign in: at the issuer, or with an API key.

import { getOwnKey } from "../api.js";
import { signIn } from "../code_flow.js";
import { button, el, field, replace } from "../elements.js";
import { deployment, signInWithKey, signInWithTokens } from "../session.js";
import { openDialog } from "./dialog.js";
import { problem } from "./problem.js";

export function signInForm(onSignedIn, tenant = "") {
  const told = el("div");
  return el("div", { class: "sign-in" }, atIssuer(onSignedIn, told), withKey(onSignedIn, told, tenant), told);
}

function atIssuer(onSignedIn, told) {
  const settings = deployment();
  if (!settings.issuer) {
    return el("p", { class: "quiet" }, "This deployment has no issuer of tokens, so sign in with an API key.");
  }
  let waiting = null;
  const cancel = button("Cancel the sign-in", () => waiting?.abort(), { class: "second", hidden: true });
  const start = button("Sign in", async () => {
    waiting = new AbortController();
    replace(told, el("p", { class: "quiet", role: "status" }, "Go on in the window that opened."));
    cancel.hidden = false;
    try {
      signInWithTokens(await signIn(settings, waiting.signal));
      replace(told);
      onSignedIn();
    } catch (error) {
      replace(told, problem(error));
    } finally {
      waiting = null;
      cancel.hidden = true;
    }
  }, { class: "first", "data-first": true });
  return el("section", {}, el("p", { class: "quiet" }, "At ", el("code", {}, settings.issuer)),
    el("div", { class: "actions" }, start, cancel));
}

function withKey(onSignedIn, told, tenantId) {
  const tenant = el("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false", value: tenantId });
  const key = el("input", { type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const form = el("form", { on: { submit: async (event) => {
    event.preventDefault();
    // Whatever came along from where it was copied.
    const secret = key.value.replace(/[\s\p{Cf}]/gu, "");
    if (!/^[\x21-\x7e]+$/.test(secret)) {
      replace(told, el("p", { class: "fault", role: "alert" }, "This is no API key: there are other characters in it than letters, digits and signs. Copy it again."));
      key.focus();
      return;
    }
    try {
      signInWithKey(tenant.value.trim(), secret, await getOwnKey(tenant.value.trim(), secret));
      key.value = "";
      replace(told);
      onSignedIn();
    } catch (error) {
      replace(told, problem(error));
    }
  } } },
  field("Tenant", tenant), field("API key", key, "It is kept in this page's memory alone, until you leave it."),
  el("div", { class: "actions" }, el("button", { type: "submit", class: "second" }, "Sign in with the key")));
  return el("details", { open: !deployment().issuer }, el("summary", {}, "With an API key"), form);
}

// The sign-in over whatever is open, which stays as it is.
export function signInAgain(onSignedIn = () => {}) {
  const dialog = openDialog("Sign in again", () => [signInForm(() => {
    dialog.close();
    onSignedIn();
  })]);
}
