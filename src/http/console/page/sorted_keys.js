// Keys in the order of a column, and those in which a text is found. Each order is made once, so that a page of it is a slice.

import { lastUse } from "./parts/status.js";

// Times and owners that are not there come last, in either direction.
const ABSENT = "";
const VALUES = {
  status: (key) => key.status, name: (key) => key.name, permissions: (key) => key.permissions.length,
  lastUse: (key) => lastUse(key) ?? ABSENT, expiresAt: (key) => key.expiresAt ?? ABSENT, owner: (key) => key.owner ?? ABSENT,
};

const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// A column's name, with "-" before it where the order is the other way round.
export const direction = (sort) => (sort.startsWith("-") ? [sort.slice(1), true] : [sort, false]);

// An order that there is: this one, or that of names.
export const orderOf = (sort) => (Object.hasOwn(VALUES, direction(sort)[0]) ? sort : "name");

// All keys, which may grow, by any column. `wanted` chooses among them and keeps their order.
export class SortedKeys {
  #all = [];
  #orders = new Map();

  get size() {
    return this.#all.length;
  }

  add(keys) {
    for (const key of keys) this.#all.push({ key, text: textOf(key) });
    // Two sorted runs, which are merged and not sorted anew.
    this.#all.sort((a, b) => ascending(a.key.name, b.key.name));
    this.#orders.clear();
  }

  names() {
    return this.#all.map((it) => it.key.name);
  }

  // The keys in which a text is found, in the order of a column; those that are equal in it by their names.
  find(text, sort) {
    const order = this.#by(sort);
    return (text ? order.filter((it) => it.text.includes(text)) : order).map((it) => it.key);
  }

  #by(sort) {
    if (!this.#orders.has(sort)) this.#orders.set(sort, inOrder(this.#all, sort));
    return this.#orders.get(sort);
  }
}

function inOrder(byName, sort) {
  const [column, isDown] = direction(sort);
  const groups = Map.groupBy(byName, (it) => VALUES[column](it.key));
  const values = [...groups.keys()].filter((it) => it !== ABSENT).sort(ascending);
  if (isDown) values.reverse();
  return [...values, ABSENT].flatMap((it) => groups.get(it) ?? []);
}

// What a key is found by.
function textOf(key) {
  const texts = [key.name, key.owner, key.description, key.status, ...key.permissions, ...Object.entries(key.labels ?? {}).map((it) => it.join("="))];
  return texts.filter(Boolean).join("\n").toLowerCase();
}
