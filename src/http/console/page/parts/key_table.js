// Keys in a table: a row each, and headings that put them in order.

import { make } from "../address.js";
import { button, code, el, foreign, replace } from "../elements.js";
import { direction } from "../sorted_keys.js";
import { ago } from "../times.js";
import { lastUse, notUsed, status } from "./status.js";

const COLUMNS = [
  ["status", "Status"], ["name", "Name"], ["permissions", "Permissions"], ["lastUse", "Last use"], ["expiresAt", "Expires"], ["owner", "Owner"],
];

// `onSort` gets the order that a heading stands for, and `onEnd` the key whose older tokens are to end.
export function keyTable(tenant, { onSort, onEnd }) {
  let sort = "name";
  const headings = COLUMNS.map(([name, label]) => {
    const arrow = el("span", { "aria-hidden": "true" });
    const press = () => onSort(sort === name ? `-${name}` : name);
    return { name, arrow, cell: el("th", { scope: "col", "data-column": name }, button([label, arrow], press, { class: "plain", id: `sort-${name}` })) };
  });
  const body = el("tbody");
  const element = el("table", { class: "keys" }, el("thead", {}, el("tr", {}, headings.map((it) => it.cell))), body);

  function show(keys, by, trackingSince) {
    sort = by;
    const [column, isDown] = direction(sort);
    for (const { name, arrow, cell } of headings) {
      if (name === column) cell.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
      replace(arrow, name === column && (isDown ? " \u2193" : " \u2191"));
    }
    replace(body, keys.map((key) => row(key, trackingSince)));
  }
  function row(key, trackingSince) {
    const used = lastUse(key);
    return el("tr", {},
      el("td", {}, status(key)),
      el("th", { scope: "row" }, el("a", { href: make({ tenant, view: "keys", key: key.name }) }, foreign(key.name)), overlap(key, trackingSince)),
      el("td", { "data-label": "Permissions" }, permissions(key)),
      el("td", { "data-label": "Last use" }, used ? ago(used) : notUsed(key.createdAt, trackingSince)),
      el("td", { "data-label": "Expires" }, key.expiresAt ? ago(key.expiresAt) : "never"),
      el("td", { "data-label": "Owner" }, key.owner ? foreign(key.owner) : el("span", { class: "quiet" }, "nobody named")));
  }
  function overlap(key, trackingSince) {
    const older = key.previousTokens ?? [];
    if (!older.length) return null;
    const used = (it, madeAt) => (it ? ["last used ", ago(it)] : notUsed(madeAt, trackingSince));
    return el("div", { class: "overlap" },
      el("span", {}, `${older.length + 1} tokens are good. New: `, used(key.lastUsedAt, key.rotatedAt), "."),
      older.map((it) => el("span", {}, " Old: ", used(it.lastUsedAt, key.createdAt), ", ends ", ago(it.expiresAt), ".")), " ",
      button("End the old one", () => onEnd(key), { class: "second small", id: `end-${key.name}`, "aria-label": `End the old token of ${key.name}` }));
  }
  return { element, show };
}

// The number of permissions, with what they are for whoever opens it.
function permissions({ permissions: them }) {
  const list = el("ul");
  const open = () => replace(list, them.map((it) => el("li", {}, code(it))));
  return el("details", { class: "count", on: { toggle: open } },
    el("summary", {}, el("span", {}, `${them.length} permission${them.length === 1 ? "" : "s"}`), " ",
      them.includes("*") && el("strong", {}, "\u26a0 everything")), list);
}
