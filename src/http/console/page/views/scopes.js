// The scope catalogue: what keys can be given.

import { requests, send } from "../api.js";
import { code, el, foreign, replace } from "../elements.js";
import { curlOf } from "../parts/curl.js";
import { problem } from "../parts/problem.js";

export function view({ tenant }, signal) {
  const request = requests.listScopes(tenant);
  const body = el("div", {}, el("p", { class: "quiet" }, "Loading \u2026"));
  const load = async () => {
    try {
      const { body: { items } } = await send(request, signal);
      replace(body, items.length ? table(items) : el("p", { class: "empty" },
        "This deployment lists no scopes, so permissions are typed in. Whoever runs it can list them with the setting ", el("code", {}, "scopes"), "."));
    } catch (error) {
      if (!signal.aborted) replace(body, problem(error, { onSignedIn: load }));
    }
  };
  load();
  return [el("h1", { tabindex: "-1" }, "Scopes"), el("p", { class: "quiet" }, "What keys of this tenant can be given, as the deployment lists it."), body, curlOf(() => request).element];
}

function table(items) {
  const row = (it) => el("tr", {},
    el("th", { scope: "row" }, code(it.name), it.deprecated && el("span", { class: "tag" }, "deprecated")),
    el("td", {}, foreign(it.description)), el("td", { "data-label": "Group" }, it.group ? foreign(it.group) : "\u2013"),
    el("td", { "data-label": "You may give it" }, it.grantable ? "yes" : "no"));
  const headings = ["Scope", "Permits", "Group", "You may give it"];
  return el("table", {}, el("thead", {}, el("tr", {}, headings.map((it) => el("th", { scope: "col" }, it)))), el("tbody", {}, items.map(row)));
}
