// The status of a key: a word and a shape, never colour alone.

import { el } from "../elements.js";

const SHAPES = { active: "\u25cf", disabled: "\u25a0", expired: "\u25b2" };

export function status(key) {
  const word = key.status;
  return el("span", { class: `state ${word}` }, el("span", { "aria-hidden": "true" }, SHAPES[word] ?? "?"), ` ${word}`);
}

// The latest use of any token of a key.
export function lastUse(key) {
  const uses = [key.lastUsedAt, ...(key.previousTokens ?? []).map((it) => it.lastUsedAt)].filter(Boolean);
  return uses.sort().at(-1) ?? null;
}
