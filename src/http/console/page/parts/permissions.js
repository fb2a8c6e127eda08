// The choice of permissions: found by a search, grouped by resource, those chosen always in view.

import { button, code, el, field, foreign, newId, replace } from "../elements.js";
import { deployment, holds } from "../session.js";

const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const EVERYTHING = "*";
// More rows than this are found, not looked through.
const MOST_ROWS = 150;

const OWN = {
  "tenant.apiKey:read": "See the tenant's keys",
  "tenant.apiKey:write": "Make, change and delete the tenant's keys",
  "tenant.audit:read": "Read the tenant's audit log",
};

// What may be granted, as the catalogue and the deployment's own scopes have it.
function offered(catalogue, chosen) {
  const mayGrant = (name) => deployment().grants !== "subset" || holds(name);
  const listed = catalogue.map((it) => ({ ...it, group: it.group ?? it.name.split(":")[0] }));
  const own = deployment().ownScopes.map((name) => ({ name, description: OWN[name] ?? "", group: "neokeys", grantable: mayGrant(name) }));
  const names = new Set(listed.map((it) => it.name));
  return [...listed, ...own.filter((it) => !names.has(it.name))]
    .filter((it) => it.grantable && (!it.deprecated || chosen.has(it.name)));
}

export function permissionChoice(catalogue, initial = []) {
  const chosen = new Set(initial);
  const all = offered(catalogue, chosen);
  const picked = el("ul", { class: "chips", "aria-label": "Chosen permissions" });
  const list = el("div", { class: "permissions" });
  const warning = el("div");
  const search = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const mayEverything = deployment().grants !== "subset" || holds(EVERYTHING);
  const element = el("fieldset", { class: "permission-choice" }, el("legend", {}, "Permissions"));

  function set(name, isChosen) {
    if (isChosen) chosen.add(name);
    else chosen.delete(name);
    show();
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function chip(name) {
    return el("li", {}, code(name), button("\u00d7", () => {
      set(name, false);
      (picked.querySelector("button") ?? search).focus();
    }, { "aria-label": `Remove ${name}`, class: "plain" }));
  }
  function row({ name, description, deprecated }) {
    const box = el("input", { type: "checkbox", id: `permission:${name}`, checked: chosen.has(name) });
    box.addEventListener("change", () => set(name, box.checked));
    return el("label", { class: "choice" }, box, el("span", {}, code(name), deprecated && el("span", { class: "tag" }, "deprecated"),
      description && el("span", { class: "quiet" }, " ", foreign(description))));
  }
  function show() {
    const focused = document.activeElement?.id;
    replace(picked, chosen.size ? [...chosen].map(chip) : el("li", { class: "quiet" }, "none yet"));
    replace(warning, chosen.has(EVERYTHING) && el("p", { class: "warning" },
      el("strong", {}, "\u26a0 Everything: "), "with ", el("code", {}, "*"), " the key may do all that there is and all that will be, also make other keys. Choose single permissions if you can."));
    const wanted = search.value.trim().toLowerCase();
    const found = all.filter((it) => `${it.name} ${it.description} ${it.group}`.toLowerCase().includes(wanted));
    const groups = Map.groupBy(found.slice(0, MOST_ROWS), (it) => it.group);
    const typed = search.value.trim();
    const isOther = TOKEN.test(typed) && typed !== EVERYTHING && !all.some((it) => it.name === typed) && !chosen.has(typed)
      && (deployment().grants !== "subset" || holds(typed));
    replace(list,
      isOther && button(`Add ${typed}`, () => { search.value = ""; set(typed, true); search.focus(); }, { class: "second small" }),
      [...groups].map(([group, them]) => {
        const heading = el("h3", { id: newId("group") }, foreign(group));
        return el("div", { role: "group", "aria-labelledby": heading.id }, heading, them.map(row));
      }),
      found.length > MOST_ROWS && el("p", { class: "quiet" }, `${found.length - MOST_ROWS} more: search for them.`),
      found.length === 0 && !isOther && el("p", { class: "quiet" }, "No permission that you may give is like this."));
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  }
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    list.querySelector("button, input")?.click();
  });
  const presets = el("div", { class: "actions", role: "group", "aria-label": "Presets" },
    button("Read only", () => {
      chosen.clear();
      for (const it of all) if (/[:.](read|list|get|view)$/.test(it.name)) chosen.add(it.name);
      set(EVERYTHING, false);
    }, { class: "second small" }),
    mayEverything && button("Everything", () => { chosen.clear(); set(EVERYTHING, true); }, { class: "second small" }));
  const fault = el("p", { class: "fault", id: newId("fault"), role: "alert" });
  element.append(picked, warning, presets, field("Search permissions", search, "One that is not listed can be typed in full."), list, fault);
  if (deployment().grants === "subset") {
    element.append(el("p", { class: "quiet" }, "Only what you hold yourself is offered: this deployment lets nobody give more (auth.grants)."));
  }
  show();
  return {
    element,
    value: () => [...chosen],
    // Says what is missing, if anything is.
    demand() {
      replace(fault, chosen.size ? "" : "Choose at least one permission.");
      if (!chosen.size) search.focus();
      return chosen.size > 0;
    },
  };
}
