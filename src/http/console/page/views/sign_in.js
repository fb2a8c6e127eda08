// The sign-in.

import { el } from "../elements.js";
import { signInForm } from "../parts/sign_in_form.js";

export function signInView(onSignedIn, tenant) {
  return el("div", { class: "narrow" },
    el("h1", { tabindex: "-1" }, "Sign in to neokeys"),
    el("p", {}, "Make, rotate and end the API keys of your tenants."),
    signInForm(onSignedIn, tenant));
}
