// The keys of a tenant: found, filtered and put in order in the page, a hundred rows at a time.

import { note } from "../address.js";
import { requests, send } from "../api.js";
import { button, el, field, replace, withFocusKept } from "../elements.js";
import { openCreate } from "../actions/create.js";
import { openEndOverlap } from "../actions/end_overlap.js";
import { curlOf } from "../parts/curl.js";
import { keyTable } from "../parts/key_table.js";
import { problem } from "../parts/problem.js";
import { SortedKeys, orderOf } from "../sorted_keys.js";

const ROWS = 100;

export function view(place, signal) {
  const { tenant, chosen } = place;
  const choice = {
    find: chosen.get("find") ?? "", sort: orderOf(chosen.get("sort") ?? "name"),
    inactive: chosen.get("inactive") ?? "", page: Math.max(1, Math.floor(Number(chosen.get("page"))) || 1),
  };
  let all = new SortedKeys();
  let isWhole = false;
  // Since when uses are known.
  let trackingSince = null;
  const told = el("div");
  const nothing = el("div");
  const count = el("p", { class: "quiet", role: "status", id: "count" });
  const find = el("input", { type: "search", id: "find", value: choice.find, autocomplete: "off", spellcheck: "false" });
  const inactive = el("button", { type: "button", class: "second small", id: "inactive", "aria-pressed": "false", hidden: true });
  const table = keyTable(tenant, { onSort: (sort) => change({ sort }), onEnd: (key) => openEndOverlap(tenant, key.name, load) });
  // The page in sight, which is not the one that is asked for while its keys are on their way.
  let page = 1;
  const turn = (label, by) => button(label, ({ currentTarget }) => {
    if (!currentTarget.hasAttribute("aria-disabled")) change({ page: page += by });
  }, { class: "second small", id: label.toLowerCase() });
  const [previous, next] = [turn("Previous", -1), turn("Next", 1)];
  const pages = el("div", { class: "actions", id: "pages", hidden: true }, previous, next);
  table.element.hidden = true;

  // In a task of its own, which is not the one that lays out what was pressed; what is typed or pressed faster
  // than that is shown together.
  let scheduled = 0;
  function change(wanted) {
    Object.assign(choice, { page: 1 }, wanted);
    clearTimeout(scheduled);
    scheduled = setTimeout(() => {
      if (signal.aborted) return;
      note(place, { find: choice.find, sort: choice.sort === "name" ? "" : choice.sort, inactive: choice.inactive, page: choice.page === 1 ? "" : choice.page });
      show();
    });
  }
  find.addEventListener("input", () => change({ find: find.value }));
  inactive.addEventListener("click", () => change({ inactive: choice.inactive ? "" : "1" }));
  const create = () => openCreate(tenant, all.names(), load);

  function show() {
    const wanted = choice.find.trim().toLowerCase();
    const found = all.find(wanted, choice.sort);
    const active = found.filter((it) => it.status === "active");
    const hidden = found.length - active.length;
    const listed = choice.inactive ? found : active;
    const last = Math.max(1, Math.ceil(listed.length / ROWS));
    page = Math.max(1, Math.min(choice.page, last));
    const from = (page - 1) * ROWS;
    const rows = listed.slice(from, from + ROWS);
    withFocusKept(() => {
      replace(inactive, `${choice.inactive ? "Hide" : "Show"} inactive (${hidden})`);
      inactive.setAttribute("aria-pressed", String(Boolean(choice.inactive)));
      inactive.hidden = hidden === 0 && !choice.inactive;
      replace(count, !isWhole ? loading()
        : rows.length < listed.length ? `${from + 1}\u2013${from + rows.length} of ${listed.length} keys` : `${listed.length} key${listed.length === 1 ? "" : "s"}`);
      table.show(rows, choice.sort, trackingSince);
      table.element.hidden = rows.length === 0;
      replace(nothing, rows.length === 0 && isWhole && empty(wanted, hidden));
      disable(previous, page === 1);
      disable(next, page === last);
      pages.hidden = last === 1;
    });
  }
  const loading = () => (all.size ? `${all.size} keys, and more are loading \u2026` : "Loading \u2026");
  function empty(wanted, hidden) {
    if (wanted) return el("p", { class: "empty" }, hidden ? "No active key is like this; inactive ones are." : "No key is like this.");
    if (hidden) return el("p", { class: "empty" }, "No key is active. Show the inactive ones, or make a new one.");
    return el("div", { class: "empty" }, el("p", {}, "This tenant has no keys yet."),
      el("p", {}, "A key lets a program call your services. Give it a name by which you will know that program, and only the permissions that it needs."),
      button("Create the first key", create, { class: "first" }));
  }

  async function load() {
    const loaded = new SortedKeys();
    all = loaded;
    isWhole = false;
    replace(count, loading());
    try {
      let cursor = "";
      do {
        const { body } = await send(requests.listKeys(tenant, cursor), signal);
        // The list is loaded anew meanwhile.
        if (all !== loaded) return;
        all.add(body.items);
        cursor = body.next ?? "";
        trackingSince = body.trackingSince;
        isWhole = !cursor;
        // What is in sight is shown with the first keys, and once more with the last.
        if (isWhole || all.size === body.items.length) show();
        else replace(count, loading());
      } while (cursor);
      replace(told);
    } catch (error) {
      if (signal.aborted || all !== loaded) return;
      replace(count);
      replace(told, problem(error, { uncertain: "Load the page's list again.", onSignedIn: load }),
        button("Try again", load, { class: "second" }));
    }
  }
  load();
  return [
    el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, "Keys"), button("Create a key", create, { class: "first", id: "create" })),
    el("div", { class: "tools" }, field("Find", find), inactive, count),
    told, table.element, nothing, pages, curlOf(() => requests.listKeys(tenant, "")).element,
  ];
}

// Not by `disabled`, which would take the focus away.
function disable(control, isDisabled) {
  if (isDisabled) control.setAttribute("aria-disabled", "true");
  else control.removeAttribute("aria-disabled");
}
