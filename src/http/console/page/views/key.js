// One key: what it is, what can be done to it, and what was.

import { make, visit } from "../address.js";
import { openAmend, openPermissions } from "../actions/amend.js";
import { openConfirm } from "../actions/confirm.js";
import { openEndOverlap } from "../actions/end_overlap.js";
import { openRotate } from "../actions/rotate.js";
import { requests, send, trackingSince } from "../api.js";
import { button, code, el, foreign, replace, say, withFocusKept } from "../elements.js";
import { conflict } from "../parts/changes.js";
import { curlOf } from "../parts/curl.js";
import { eventTable } from "../parts/events.js";
import { problem } from "../parts/problem.js";
import { notUsed, status } from "../parts/status.js";
import { both } from "../times.js";

export function view({ tenant, key: name }, signal) {
  const body = el("div", {}, el("p", { class: "quiet" }, "Loading \u2026"));
  const events = el("section", { "aria-labelledby": "of-key" });
  let key = null;
  // Since when uses are known.
  let tracked = null;
  // The ETags of what is shown, for what is written.
  const state = { details: null, definition: null };

  // The definition first: if the key changes between the two, its older tag is refused, not overwritten.
  async function fetchKey() {
    const definition = await send(requests.getDefinition(tenant, name), signal);
    const details = await send(requests.getKey(tenant, name), signal);
    const isUnused = [details.body, ...(details.body.previousTokens ?? [])].some((it) => !it.lastUsedAt);
    if (isUnused) tracked ??= await trackingSince(tenant, signal);
    return { key: details.body, state: { details: details.etag, definition: definition.etag } };
  }
  async function load() {
    try {
      const found = await fetchKey();
      key = found.key;
      Object.assign(state, found.state);
      withFocusKept(() => replace(body, shown()));
    } catch (error) {
      if (!signal.aborted) replace(body, problem(error, { onSignedIn: load }), el("p", {}, el("a", { href: make({ tenant, view: "keys" }) }, "All keys")));
      return;
    }
    loadEvents();
  }
  async function loadEvents() {
    try {
      const { body: page } = await send(requests.listEvents(tenant, { key: name, limit: 20 }), signal);
      replace(events, el("h2", { id: "of-key" }, "What was done to it"),
        page.items.length ? eventTable(page.items) : el("p", { class: "empty" }, "Nothing is recorded yet."),
        el("p", {}, el("a", { href: make({ tenant, view: "audit" }, { key: name }) }, `The whole audit log of ${name}`)));
    } catch (error) {
      if (!signal.aborted) replace(events, el("h2", { id: "of-key" }, "What was done to it"), problem(error, { onSignedIn: loadEvents }));
    }
  }
  const stale = async (handle) => {
    try {
      const found = await fetchKey();
      return conflict(key, found.key, {
        mine: () => { Object.assign(state, found.state); handle.element.querySelector("form").requestSubmit(); },
        theirs: () => { handle.close(); load(); },
      });
    } catch (error) {
      return problem(error);
    }
  };
  const done = { onDone: load, stale };
  const uncertain = "The change may have been made or not. Load the page again to see.";
  const setEnabled = (enabled) => ({
    stale, uncertain, reload: load,
    request: () => requests.updateKey(tenant, name, { enabled, permissions: key.permissions }, state.definition),
    send,
    done: () => { say(`${name} is ${enabled ? "enabled" : "disabled"}.`); load(); },
  });
  const deletion = {
    stale, reload: load, uncertain: "The key may have been deleted or not. Try it again: if it is gone, you are told so.",
    request: () => requests.deleteKey(tenant, name, state.definition),
    send,
    done: () => { visit(make({ tenant, view: "keys" })); say(`${name} is deleted.`); },
  };
  function shown() {
    const older = key.previousTokens ?? [];
    return [
      el("div", { class: "actions" },
        button("Rotate", () => openRotate(tenant, key, state, done), { class: "first", id: "rotate" }),
        button("Edit", () => openAmend(tenant, key, state, done), { class: "second", id: "edit" }),
        button("Permissions", () => openPermissions(tenant, key, state, done), { class: "second", id: "permissions" }),
        older.length > 0 && button("End the old token", () => openEndOverlap(tenant, name, load), { class: "second", id: "end-old" }),
        key.enabled
          ? button("Disable", () => openConfirm("Disable", key, "Every token of it is refused from then on, until the key is enabled again.", setEnabled(false)), { class: "danger", id: "enabled" })
          : button("Enable", () => openConfirm("Enable", { ...key, lastUsedAt: null, previousTokens: [] }, "Its tokens work again, if it has not expired.", setEnabled(true)), { class: "second", id: "enabled" }),
        button("Delete", () => openConfirm("Delete", key, "Every token of it is refused from then on, for good. Its name is free again.", deletion), { class: "danger", id: "delete" })),
      facts(older),
      el("h2", {}, `Permissions (${key.permissions.length})`),
      key.permissions.includes("*") && el("p", { class: "warning" }, "\u26a0 This key may do everything."),
      el("ul", { class: "chips" }, key.permissions.map((it) => el("li", {}, code(it)))),
    ];
  }
  function facts(older) {
    const row = (label, ...value) => [el("dt", {}, label), el("dd", {}, value)];
    const used = (time, madeAt) => (time ? both(time) : notUsed(madeAt, tracked));
    return el("dl", {},
      row("Status", status(key)),
      older.length ? row("Tokens", `${older.length + 1} are good`) : null,
      row(older.length ? "New token, last used" : "Last used", used(key.lastUsedAt, key.rotatedAt ?? key.createdAt)),
      older.map((it) => row("Old token", it.lastUsedAt && "last used ", used(it.lastUsedAt, key.createdAt), el("br"), "ends ", both(it.expiresAt))),
      row("Expires", key.expiresAt ? both(key.expiresAt) : "never"),
      row("Created", key.createdAt ? both(key.createdAt) : "before neokeys kept it, or by hand"),
      key.rotatedAt ? row("Rotated", both(key.rotatedAt)) : null,
      row("Owner", key.owner ? foreign(key.owner) : el("span", { class: "quiet" }, "nobody named")),
      key.description ? row("Description", foreign(key.description)) : null,
      row("From", key.allowedIps ? el("ul", { class: "chips" }, key.allowedIps.map((it) => el("li", {}, code(it)))) : "anywhere"),
      key.labels ? row("Labels", el("ul", { class: "chips" }, Object.entries(key.labels).map((it) => el("li", {}, code(it.join("=")))))) : null);
  }
  load();
  return [
    el("p", { class: "up" }, el("a", { href: make({ tenant, view: "keys" }) }, "Keys")),
    el("h1", { tabindex: "-1" }, foreign(name)), body, events, curlOf(() => requests.getKey(tenant, name)).element,
  ];
}
