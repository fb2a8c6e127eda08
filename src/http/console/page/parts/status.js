// What state a key is in, and whether it is in use.

import { el } from "../elements.js";
import { ago } from "../times.js";

const SHAPES = { active: "\u25cf", disabled: "\u25a0", expired: "\u25b2" };

// A word and a shape, never colour alone.
export function status(key) {
  const word = key.status;
  return el("span", { class: `state ${word}` }, el("span", { "aria-hidden": "true" }, SHAPES[word] ?? "?"), ` ${word}`);
}

// The latest use of any token of a key.
export function lastUse(key) {
  let latest = null;
  for (const { lastUsedAt } of [key, ...(key.previousTokens ?? [])]) {
    if (lastUsedAt && !(latest > lastUsedAt)) latest = lastUsedAt;
  }
  return latest;
}

// What is said of a key or a token of which no use is known, where uses are since `trackingSince`. It has
// been there since `madeAt` at most, if that is known.
export function notUsed(madeAt, trackingSince) {
  const isKnownFromItsBeginning = madeAt && Date.parse(madeAt) >= Date.parse(trackingSince);
  return el("span", { class: "quiet" }, isKnownFromItsBeginning ? "not used yet" : ["not used since ", ago(trackingSince)]);
}
