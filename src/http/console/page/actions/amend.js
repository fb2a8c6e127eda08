// Changes of what a key is: its details, and its permissions.

import { requests, send } from "../api.js";
import { el, field, newId, replace, say } from "../elements.js";
import { openForm } from "../parts/dialog.js";
import { expiryChoice } from "../parts/expiry.js";
import { permissionChoice } from "../parts/permissions.js";
import { scopes } from "./create.js";

const LABEL = /^[A-Za-z0-9_./-]{1,63}$/;

export function openAmend(tenant, key, state, { onDone, stale }) {
  const end = expiryChoice("Expires", { kept: key.expiresAt ? "as before" : "never, as before" });
  const description = el("textarea", { rows: "2", maxlength: "1024", "data-first": true });
  description.value = key.description ?? "";
  const owner = el("input", { type: "text", maxlength: "256", autocomplete: "off", value: key.owner ?? "" });
  const networks = el("textarea", { rows: "3", spellcheck: "false" });
  networks.value = (key.allowedIps ?? []).join("\n");
  const labels = el("textarea", { rows: "3", spellcheck: "false" });
  labels.value = Object.entries(key.labels ?? {}).map((it) => it.join("=")).join("\n");
  const fault = el("p", { class: "fault", id: newId("fault"), role: "alert" });
  labels.setAttribute("aria-describedby", fault.id);

  // Only what was changed is sent, so that what others change meanwhile stays.
  const request = (demand) => {
    const body = {};
    const text = (member, control) => {
      const value = control.value.trim() || null;
      if (value !== (key[member] ?? null)) body[member] = value;
    };
    text("description", description);
    text("owner", owner);
    const wanted = networks.value.split(/[\s,]+/).filter(Boolean);
    if (wanted.join() !== (key.allowedIps ?? []).join()) body.allowedIps = wanted.length ? wanted : null;
    const pairs = labels.value.split("\n").map((it) => it.trim()).filter(Boolean).map((it) => it.split(/=(.*)/s).slice(0, 2));
    if (pairs.some(([name, value]) => !LABEL.test(name) || !LABEL.test(value ?? ""))) {
      if (demand) { replace(fault, "A label is name=value, each of 1 to 63 of A-Z a-z 0-9 _ . / -"); labels.focus(); }
      return null;
    }
    replace(fault);
    const changed = changedLabels(key.labels ?? {}, Object.fromEntries(pairs));
    if (changed) body.labels = changed;
    const expiresAt = end.value();
    if (expiresAt === "missing") { if (demand) end.focusDay(); return null; }
    if (expiresAt !== undefined) body.expiresAt = expiresAt;
    return requests.amendKey(tenant, key.name, body, state.details);
  };
  openForm(`Edit ${key.name}`, {
    label: "Save", isWide: true, request, send, stale, reload: onDone,
    fields: [field("Description", description), field("Owner", owner), end.element,
      field("Only from these addresses and networks", networks, "One a line. Empty: from anywhere."),
      field("Labels", labels, "name=value, one a line."), fault],
    uncertain: "The change may have been made or not. Save it again: the same change a second time does no harm.",
    done: () => { say(`${key.name} is changed.`); onDone(); },
  });
}

function changedLabels(before, after) {
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  const gone = Object.keys(before).filter((name) => !(name in after)).map((name) => [name, null]);
  return changed.length + gone.length ? Object.fromEntries([...changed, ...gone]) : null;
}

export async function openPermissions(tenant, key, state, { onDone, stale }) {
  const permissions = permissionChoice(await scopes(tenant), key.permissions);
  openForm(`Permissions of ${key.name}`, {
    label: "Save", isWide: true, send, stale, reload: onDone,
    fields: permissions.element,
    request: (demand) => {
      if (demand && !permissions.demand()) return null;
      return requests.updateKey(tenant, key.name, { enabled: key.enabled, permissions: permissions.value() }, state.definition);
    },
    uncertain: "The change may have been made or not. Save it again: the same change a second time does no harm.",
    done: () => { say(`${key.name} is changed.`); onDone(); },
  });
}
