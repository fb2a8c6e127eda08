// A new key. Nothing is made before "Create".

import { make } from "../address.js";
import { NoAnswer, requests, send } from "../api.js";
import { el, field, newId, replace, say } from "../elements.js";
import { openForm } from "../parts/dialog.js";
import { expiryChoice } from "../parts/expiry.js";
import { permissionChoice } from "../parts/permissions.js";
import { showToken } from "../parts/token.js";
import { now } from "../times.js";

// How far the clocks of the reader and the service may be apart, in milliseconds.
const CLOCKS = 3000;
const NAME = /^[A-Za-z0-9._-]{1,128}$/;

export async function openCreate(tenant, names, onMade) {
  const catalogue = await scopes(tenant);
  const name = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: "128", "data-first": true });
  const fault = el("p", { class: "fault", id: newId("fault"), role: "alert" });
  const permissions = permissionChoice(catalogue);
  const end = expiryChoice("Expires");
  const description = el("textarea", { rows: "2", maxlength: "1024" });
  const owner = el("input", { type: "text", maxlength: "256", autocomplete: "off" });
  const networks = el("textarea", { rows: "2", spellcheck: "false" });
  const taken = new Set(names);
  let firstSent = Infinity;

  const faultOfName = () => {
    if (!NAME.test(name.value) || [".", ".."].includes(name.value)) return "A name is 1 to 128 of A-Z a-z 0-9 - _ .";
    return taken.has(name.value) ? "There is a key of this name." : "";
  };
  // What would be sent. With `demand`, what is missing is said, and null given.
  const request = (demand) => {
    const expiresAt = end.value();
    if (demand) {
      replace(fault, faultOfName());
      if (faultOfName()) { name.focus(); return null; }
      if (!permissions.demand()) return null;
      if (expiresAt === "missing") { end.focusDay(); return null; }
    }
    const body = { name: name.value, permissions: permissions.value() };
    if (expiresAt !== "missing") body.expiresAt = expiresAt;
    if (description.value.trim()) body.description = description.value.trim();
    if (owner.value.trim()) body.owner = owner.value.trim();
    const allowedIps = networks.value.split(/[\s,]+/).filter(Boolean);
    if (allowedIps.length) body.allowedIps = allowedIps;
    return requests.createKey(tenant, body);
  };
  name.setAttribute("aria-describedby", fault.id);
  openForm("Create a key", {
    label: "Create", isWide: true, request, reload: onMade,
    fields: [field("Name", name), fault, permissions.element, end.element,
      el("details", {}, el("summary", {}, "For people, and where from"),
        field("Description", description), field("Owner", owner, "Who answers for it, such as a team's address."),
        field("Only from these addresses and networks", networks, "One a line, such as 203.0.113.0/24. Empty: from anywhere."))],
    send: async (wanted) => {
      firstSent = Math.min(firstSent, now());
      return (await send(wanted)).body;
    },
    explain: async (error) => error.kind === "name-taken" && await isMadeMeanwhile() && el("p", {},
      "It was made while this was under way. If it is yours, the answer was lost and its token was shown to nobody: rotate it for a token, or delete it."),
    uncertain: ["The key may have been made or not, and its token was not shown to anybody. ",
      el("a", { href: make({ tenant, view: "keys", key: "" }), on: { click: (event) => { event.preventDefault(); look(); } } }, "Look whether it is there"),
      ": if it is, rotate it for a token, or delete it."],
    done: (made) => {
      say(`The key ${made.name} is made.`);
      showToken(made.name, made.token, { done: onMade });
    },
  });
  // A browser whose connection breaks may send a request once more by itself; the refusal is of the second then.
  async function isMadeMeanwhile() {
    try {
      const { body } = await send(requests.getKey(tenant, name.value));
      return Date.parse(body.createdAt) >= firstSent - CLOCKS;
    } catch {
      return false;
    }
  }
  async function look() {
    try {
      await send(requests.getKey(tenant, name.value));
      replace(fault, `The key ${name.value} is there: it was made. Cancel this, and rotate or delete it.`);
    } catch (error) {
      replace(fault, error.status === 404 ? `There is no key ${name.value}: it was not made. Create it again.`
        : error instanceof NoAnswer ? "The service still does not answer." : error.message);
    }
    name.focus();
  }
}

// The catalogue, or none where it cannot be had: permissions can be typed then.
export async function scopes(tenant) {
  try {
    return (await send(requests.listScopes(tenant))).body.items;
  } catch {
    return [];
  }
}
