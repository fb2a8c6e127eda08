// Events of the audit log, as OCSF has them, in a table.

import { el, foreign } from "../elements.js";
import { ago, inUtc } from "../times.js";

export function eventTable(items) {
  const headings = ["When", "What", "Key", "Who", "From", "Outcome"];
  return el("table", { class: "events" }, el("thead", {}, el("tr", {}, headings.map((it) => el("th", { scope: "col", "data-column": it }, it)))), el("tbody", {}, items.map(row)));
}

function row(event) {
  const user = event.actor?.user ?? {};
  const data = Object.entries(event.entity?.data ?? {}).filter(([, value]) => [value].flat().length > 0);
  return el("tr", {},
    el("td", {}, ago(inUtc(event.time))),
    el("td", {}, event.activity_name, data.length > 0 && el("div", { class: "quiet" }, data.map(([name, value]) =>
      el("div", {}, `${name}: `, foreign(typeof value === "object" ? [value].flat().map((it) => typeof it === "object" ? JSON.stringify(it) : it).join(", ") : value))))),
    el("td", { "data-label": "Key" }, foreign(event.entity?.name ?? "")),
    el("td", { "data-label": "Who" }, foreign(user.name ?? "not known"), user.type && el("span", { class: "quiet" }, ` ${user.type}`)),
    el("td", { "data-label": "From" }, foreign(event.src_endpoint?.ip ?? "\u2013")),
    el("td", { "data-label": "Outcome" }, event.status_id === 1 ? "\u2713 done" : "\u2717 refused"));
}
