// The keys of a tenant: found, filtered and put in order in the page, a hundred rows at a time.

import { make, note } from "../address.js";
import { requests, send } from "../api.js";
import { button, code, el, field, foreign, replace, withFocusKept } from "../elements.js";
import { openCreate } from "../actions/create.js";
import { openEndOverlap } from "../actions/end_overlap.js";
import { curlOf } from "../parts/curl.js";
import { problem } from "../parts/problem.js";
import { lastUse, status } from "../parts/status.js";
import { ago } from "../times.js";

const ROWS = 100;
const COLUMNS = [
  ["status", "Status"], ["name", "Name"], ["permissions", "Permissions"], ["lastUse", "Last use"], ["expiresAt", "Ends"], ["owner", "Owner"],
];
// Times that are not there come last, in either direction.
const VALUES = {
  status: (it) => it.key.status, name: (it) => it.key.name, permissions: (it) => it.key.permissions.length,
  lastUse: (it) => it.lastUse ?? "", expiresAt: (it) => it.key.expiresAt ?? "", owner: (it) => it.key.owner ?? "",
};

export function view(place, signal) {
  const { tenant, chosen } = place;
  const choice = {
    find: chosen.get("find") ?? "", sort: chosen.get("sort") ?? "name",
    inactive: chosen.get("inactive") ?? "", page: Math.max(1, Number(chosen.get("page")) || 1),
  };
  let all = [];
  let isWhole = false;
  // Since when uses are known.
  let tracked = null;
  const table = el("div");
  const told = el("div");
  const count = el("p", { class: "quiet", role: "status", id: "count" });
  const find = el("input", { type: "search", id: "find", value: choice.find, autocomplete: "off", spellcheck: "false" });
  const inactive = el("button", { type: "button", class: "second small", id: "inactive", "aria-pressed": "false", hidden: true });
  const pages = el("div", { class: "actions", id: "pages" });

  const change = (next, keepsPage = false) => {
    Object.assign(choice, next, keepsPage ? {} : { page: 1 });
    note(place, { find: choice.find, sort: choice.sort === "name" ? "" : choice.sort, inactive: choice.inactive, page: choice.page === 1 ? "" : choice.page });
    show();
  };
  find.addEventListener("input", () => change({ find: find.value }));
  inactive.addEventListener("click", () => change({ inactive: choice.inactive ? "" : "1" }));
  const create = () => openCreate(tenant, all.map((it) => it.key), load);

  function show() {
    const wanted = choice.find.trim().toLowerCase();
    const found = wanted ? all.filter((it) => it.text.includes(wanted)) : all;
    const hidden = found.filter((it) => it.key.status !== "active").length;
    const listed = choice.inactive ? [...found] : found.filter((it) => it.key.status === "active");
    sort(listed, choice.sort);
    const last = Math.max(1, Math.ceil(listed.length / ROWS));
    const page = Math.min(choice.page, last);
    const from = (page - 1) * ROWS;
    const rows = listed.slice(from, from + ROWS);
    withFocusKept(() => {
      replace(inactive, `${choice.inactive ? "Hide" : "Show"} inactive (${hidden})`);
      inactive.setAttribute("aria-pressed", String(Boolean(choice.inactive)));
      inactive.hidden = hidden === 0 && !choice.inactive;
      replace(count, !isWhole ? loading()
        : rows.length < listed.length ? `${from + 1}\u2013${from + rows.length} of ${listed.length} keys` : `${listed.length} key${listed.length === 1 ? "" : "s"}`);
      replace(table, rows.length ? tableOf(rows) : isWhole && empty(wanted, hidden));
      replace(pages, last > 1 && [
        button("Previous", () => change({ page: page - 1 }, true), { class: "second small", id: "previous", disabled: page === 1 }),
        button("Next", () => change({ page: page + 1 }, true), { class: "second small", id: "next", disabled: page === last })]);
    });
  }
  const loading = () => `${all.length} keys, and more are loading \u2026`;
  function empty(wanted, hidden) {
    if (wanted) return el("p", { class: "empty" }, hidden ? "No active key is like this; inactive ones are." : "No key is like this.");
    if (hidden) return el("p", { class: "empty" }, "No key is active. Show the inactive ones, or make a new one.");
    return el("div", { class: "empty" }, el("p", {}, "This tenant has no keys yet."),
      el("p", {}, "A key lets a program call your services. Give it a name by which you will know that program, and only the permissions that it needs."),
      button("Create the first key", create, { class: "first" }));
  }
  function tableOf(rows) {
    const [by, isDown] = direction(choice.sort);
    const heading = ([name, label]) => el("th", { scope: "col", "aria-sort": by === name ? (isDown ? "descending" : "ascending") : null },
      button([label, el("span", { "aria-hidden": "true" }, by === name ? (isDown ? " \u2193" : " \u2191") : "")],
        () => change({ sort: by === name && !isDown ? `-${name}` : name }), { class: "plain", id: `sort-${name}` }));
    return el("table", { class: "keys" }, el("thead", {}, el("tr", {}, COLUMNS.map(heading))), el("tbody", {}, rows.map(row)));
  }
  function row({ key, lastUse: used }) {
    return el("tr", {},
      el("td", {}, status(key)),
      el("th", { scope: "row" }, el("a", { href: make({ tenant, view: "keys", key: key.name }) }, foreign(key.name)), overlap(key)),
      el("td", { "data-label": "Permissions" }, permissions(key)),
      el("td", { "data-label": "Last use" }, used ? ago(used) : unused()),
      el("td", { "data-label": "Ends" }, key.expiresAt ? ago(key.expiresAt) : "never"),
      el("td", { "data-label": "Owner" }, key.owner ? foreign(key.owner) : el("span", { class: "quiet" }, "nobody named")));
  }
  const unused = () => el("span", { class: "quiet" }, "none since ", ago(tracked));
  function overlap(key) {
    const older = key.previousTokens ?? [];
    if (!older.length) return null;
    const used = (it) => (it ? ["last used ", ago(it)] : "not used yet");
    return el("div", { class: "overlap" },
      el("span", {}, `${older.length + 1} tokens are good. New: `, used(key.lastUsedAt), "."),
      older.map((it) => el("span", {}, " Old: ", used(it.lastUsedAt), ", ends ", ago(it.expiresAt), ".")), " ",
      button("End the old one", () => openEndOverlap(tenant, key.name, load), { class: "second small", id: `end-${key.name}`, "aria-label": `End the old token of ${key.name}` }));
  }

  async function load() {
    all = [];
    isWhole = false;
    try {
      let cursor = "";
      do {
        const { body } = await send(requests.listKeys(tenant, cursor), signal);
        for (const key of body.items) all.push(found(key));
        cursor = body.next ?? "";
        tracked = body.trackingSince;
        isWhole = !cursor;
        // What is in sight is shown with the first keys, and once more with the last.
        if (isWhole || all.length === body.items.length) show();
        else replace(count, loading());
      } while (cursor);
      replace(told);
    } catch (error) {
      if (signal.aborted) return;
      replace(told, problem(error, { uncertain: "Load the page's list again.", onSignedIn: load }),
        button("Try again", load, { class: "second" }));
    }
  }
  load();
  return [
    el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, "Keys"), button("Create a key", create, { class: "first", id: "create" })),
    el("div", { class: "tools" }, field("Find", find), inactive, count),
    told, table, pages, curlOf(() => requests.listKeys(tenant, "")).element,
  ];
}

function found(key) {
  const texts = [key.name, key.owner, key.description, key.status, ...key.permissions, ...Object.entries(key.labels ?? {}).map((it) => it.join("="))];
  return { key, text: texts.filter(Boolean).join("\n").toLowerCase(), lastUse: lastUse(key) };
}

// The number of permissions, with what they are for whoever opens it.
function permissions({ permissions: them }) {
  const list = el("ul");
  const open = () => replace(list, them.map((it) => el("li", {}, code(it))));
  return el("details", { class: "count", on: { toggle: open } },
    el("summary", {}, `${them.length} permission${them.length === 1 ? "" : "s"}`, them.includes("*") && el("strong", {}, " \u26a0 everything")), list);
}

const direction = (sort) => (sort.startsWith("-") ? [sort.slice(1), true] : [sort, false]);

function sort(list, by) {
  const [name, isDown] = direction(by);
  const value = VALUES[name] ?? VALUES.name;
  list.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === y) return a.key.name < b.key.name ? -1 : 1;
    if (x === "" || y === "") return x === "" ? 1 : -1;
    return (x < y ? -1 : 1) * (isDown ? -1 : 1);
  });
}
