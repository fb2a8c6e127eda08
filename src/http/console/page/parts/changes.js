// What became of a key since it was opened, and the choice what holds.

import { button, el, foreign } from "../elements.js";

const WORDS = {
  enabled: "enabled", permissions: "permissions", status: "status", rotatedAt: "rotated", expiresAt: "expires",
  previousTokens: "older tokens", allowedIps: "addresses", description: "description", owner: "owner", labels: "labels",
};

const shown = (value) => {
  if (value === undefined) return "none";
  if (Array.isArray(value)) return value.map((it) => it.expiresAt ? `one until ${it.expiresAt}` : it).join(", ");
  return typeof value === "object" ? Object.entries(value).map((it) => it.join("=")).join(", ") : String(value);
};

// The members that differ, each with its word, what it was and what it is.
export function changes(before, after) {
  return Object.entries(WORDS)
    .map(([member, word]) => [word, shown(before[member]), shown(after[member])])
    .filter(([, was, is]) => was !== is);
}

export function conflict(before, after, { mine, theirs }) {
  const found = changes(before, after);
  return el("div", { class: "problem", role: "alert" },
    el("p", { class: "title" }, `${before.name} has changed since you opened it.`),
    found.length
      ? el("table", {}, el("thead", {}, el("tr", {}, ["Member", "You saw", "It is now"].map((it) => el("th", { scope: "col" }, it)))),
        el("tbody", {}, found.map(([word, was, is]) => el("tr", {}, el("th", { scope: "row" }, word),
          el("td", { "data-label": "You saw" }, foreign(was)), el("td", { "data-label": "It is now" }, foreign(is))))))
      : el("p", {}, "It was changed, and is again as you saw it."),
    el("p", {}, "If you go on, your change is made on the key as it is now."),
    el("div", { class: "actions" }, button("Leave it as it is now", theirs, { class: "first" }), button("Go on with my change", mine, { class: "second" })));
}
