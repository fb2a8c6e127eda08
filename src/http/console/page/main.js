// The page: who is signed in, and the view of the address.

import { follow, make, parse, visit } from "./address.js";
import { button, el, foreign, replace, say } from "./elements.js";
import { problem, setSignIn } from "./parts/problem.js";
import { signInAgain } from "./parts/sign_in_form.js";
import { configure, isSignedIn, onChange, signOut, subject } from "./session.js";
import { signInView } from "./views/sign_in.js";

// The views behind the sign-in, loaded when they are first asked for.
const VIEWS = {
  tenants: () => import("./views/tenants.js"),
  keys: () => import("./views/keys.js"),
  key: () => import("./views/key.js"),
  audit: () => import("./views/audit.js"),
  scopes: () => import("./views/scopes.js"),
};
const view = document.getElementById("view");
const top = document.getElementById("top");
let leaving = new AbortController();
let isFirst = true;

function nameOf({ tenant, view: name, key }) {
  if (!tenant) return "tenants";
  if (name === "keys" && key) return "key";
  return Object.hasOwn(VIEWS, name) && name !== "key" && name !== "tenants" ? name : "keys";
}

async function open(place) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  showTop(place);
  if (!isSignedIn()) {
    show(signInView(() => open(parse(location.hash)), place.tenant ?? ""));
    return;
  }
  const name = nameOf(place);
  try {
    const module = await VIEWS[name]();
    if (signal.aborted) return;
    show(module.view(place, signal));
  } catch (error) {
    if (!signal.aborted) show([el("h1", { tabindex: "-1" }, "This view did not load"), problem(error)]);
  }
}

function show(content) {
  replace(view, content);
  const heading = view.querySelector("h1");
  document.title = `${heading?.textContent ?? ""} \u00b7 neokeys`;
  // Not on the first sight, where the browser begins at the top of the page.
  if (!isFirst) heading?.focus();
  isFirst = false;
}

function showTop(place) {
  const { tenant } = place;
  const name = nameOf(place);
  const link = (label, views, target) =>
    el("a", { href: make(target), "aria-current": views.includes(name) ? "page" : null }, label);
  replace(top,
    el("a", { href: "#/", class: "brand" }, "neokeys"),
    isSignedIn() && tenant && el("nav", { "aria-label": "Tenant" }, el("span", { class: "tenant" }, foreign(tenant)),
      link("Keys", ["keys", "key"], { tenant, view: "keys" }),
      link("Audit", ["audit"], { tenant, view: "audit" }),
      link("Scopes", ["scopes"], { tenant, view: "scopes" })),
    isSignedIn() && el("div", { class: "who" }, el("span", { class: "quiet" }, foreign(subject())), button("Sign out", () => {
      signOut();
      say("You are signed out.");
      visit(location.hash);
    }, { class: "second small" })));
}

// A page that the browser kept, and brings back, would still be signed in.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
onChange(() => showTop(parse(location.hash)));
setSignIn(signInAgain);
try {
  const answer = await fetch("settings.json");
  configure(await answer.json());
  follow(open);
} catch (error) {
  show([el("h1", { tabindex: "-1" }, "The console did not start"), el("p", {}, "The service does not answer. Load the page again.")]);
}
