// The tenants of the credential.

import { make, visit } from "../address.js";
import { requests, send } from "../api.js";
import { el, field, foreign, replace } from "../elements.js";
import { curlOf } from "../parts/curl.js";
import { problem } from "../parts/problem.js";
import { tenants } from "../session.js";

export function view(_place, signal) {
  const named = tenants();
  if (named.length === 1 && named !== "*") location.replace(make({ tenant: named[0], view: "keys" }));
  const input = el("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false" });
  const form = el("form", { on: { submit: (event) => {
    event.preventDefault();
    const tenant = input.value.trim();
    if (tenant) visit(make({ tenant, view: "keys" }));
  } } }, field("Another tenant", input, named === "*" ? "You are signed in for every tenant." : null),
  el("div", { class: "actions" }, el("button", { type: "submit", class: "second" }, "Open")));
  return [el("h1", { tabindex: "-1" }, "Tenants"), named === "*" ? all(signal) : listed(named), form];
}

// Every tenant that there is, as far as one page of the list goes.
function all(signal) {
  const request = requests.listTenants();
  const body = el("div", {}, el("p", { class: "quiet" }, "Loading \u2026"));
  const load = async () => {
    try {
      const { body: { items, next } } = await send(request, signal);
      replace(body, items.length ? list(items.map((it) => it.id)) : el("p", { class: "empty" }, "There is no tenant yet."),
        next && el("p", { class: "quiet" }, "There are more; type the id of the one that you look for."));
    } catch (error) {
      if (!signal.aborted) replace(body, problem(error, { onSignedIn: load }));
    }
  };
  load();
  return [body, curlOf(() => request).element];
}

const listed = (named) => named.length ? list(named) : el("p", { class: "empty" },
  "Your credential names no tenant. Ask whoever runs the identity provider for one, or type the tenant's id if you know it.");

const list = (ids) => el("ul", { class: "plain-list" },
  ids.map((tenant) => el("li", {}, el("a", { href: make({ tenant, view: "keys" }) }, foreign(tenant)))));
