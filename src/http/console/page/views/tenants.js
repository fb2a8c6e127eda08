// The tenants of the credential.

import { make, visit } from "../address.js";
import { el, field, foreign } from "../elements.js";
import { tenants } from "../session.js";

export function view() {
  const named = tenants();
  const list = named === "*" ? [] : named;
  if (list.length === 1) {
    location.replace(make({ tenant: list[0], view: "keys" }));
  }
  const input = el("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false" });
  const form = el("form", { on: { submit: (event) => {
    event.preventDefault();
    const tenant = input.value.trim();
    if (tenant) visit(make({ tenant, view: "keys" }));
  } } }, field("Another tenant", input, named === "*" ? "You are signed in for every tenant." : null),
  el("div", { class: "actions" }, el("button", { type: "submit", class: "second" }, "Open")));
  return [
    el("h1", { tabindex: "-1" }, "Tenants"),
    list.length > 0
      ? el("ul", { class: "plain-list" }, list.map((tenant) => el("li", {}, el("a", { href: make({ tenant, view: "keys" }) }, foreign(tenant)))))
      : named !== "*" && el("p", { class: "empty" }, "Your credential names no tenant. Ask whoever runs the identity provider for one, or type the tenant's id if you know it."),
    form,
  ];
}
