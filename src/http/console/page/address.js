// The addresses of the views: `#/acme/keys/crm-sync?find=x`. Nothing secret is ever part of one.

// The view that an address names: its tenant, its name, the key, and what is chosen in it.
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  let parts;
  try {
    parts = path.split("/").map(decodeURIComponent);
  } catch {
    parts = [""];
  }
  const [tenant, view, key] = parts;
  return { tenant: tenant || null, view: view || null, key: key || null, chosen: new URLSearchParams(query) };
}

export function make({ tenant, view, key }, chosen = {}) {
  const parts = [tenant, view, key].filter(Boolean).map(encodeURIComponent);
  const pairs = Object.entries(chosen).filter(([, value]) => value !== "" && value !== null && value !== false);
  const query = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return `#/${parts.join("/")}${query && `?${query}`}`;
}

// Notes what is chosen in a view, without leaving it.
export function note(place, chosen) {
  history.replaceState(null, "", make(place, chosen));
  here = location.hash;
}

const guards = [];
let here = location.hash;
let open = () => {};

// Opens the view of every address that the reader goes to, the present one first.
export function follow(opening) {
  open = opening;
  addEventListener("hashchange", () => {
    if (location.hash === here) return;
    if (!guards.length) return go();
    const wanted = location.hash;
    history.pushState(null, "", here || "#/");
    guards.at(-1).ask(() => {
      location.hash = wanted;
    });
  });
  addEventListener("beforeunload", (event) => {
    if (guards.some((it) => it.isTyped)) event.preventDefault();
  });
  go();
}

function go() {
  here = location.hash;
  open(parse(here));
}

// Goes to an address. The present one is opened anew.
export function visit(hash) {
  if (location.hash === hash) go();
  else location.hash = hash;
}

// Keeps the reader from leaving: `ask` gets the way on, and calls it once the reader has said so. Where
// something `isTyped`, the browser asks too before the page goes. Gives what lets the reader go again.
export function keepHere(ask, { isTyped }) {
  const guard = { ask, isTyped };
  guards.push(guard);
  here = location.hash;
  return () => guards.splice(guards.indexOf(guard), 1);
}
