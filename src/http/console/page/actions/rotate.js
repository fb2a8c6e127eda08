// A new token for a key, and how long the old one goes on.

import { requests, send } from "../api.js";
import { el, newId, replace, say } from "../elements.js";
import { openForm } from "../parts/dialog.js";
import { expiryChoice } from "../parts/expiry.js";
import { showToken } from "../parts/token.js";
import { deployment } from "../session.js";
import { DAY, span } from "../times.js";

export function openRotate(tenant, key, state, { onDone, stale }) {
  const most = deployment().maxOverlapSeconds;
  const name = newId("overlap");
  const fault = el("p", { class: "fault", role: "alert" });
  const hours = el("input", { type: "number", min: "1", max: most && String(Math.floor(most / 3600)), step: "1", "aria-label": "Hours", value: "48" });
  const choices = [];
  const choice = (value, label, seconds, reason) => {
    const radio = el("input", { type: "radio", name, value, disabled: Boolean(reason), "data-first": choices.length === 0 });
    choices.push({ radio, seconds });
    return el("label", { class: "choice" }, radio, el("span", { class: "words" }, label, reason && el("span", { class: "quiet" }, ` ${reason}`)));
  };
  const beyond = (seconds) => most !== null && seconds > most && `over the ${span(most)} that this deployment allows (keys.max_overlap)`;
  const overlaps = el("fieldset", {}, el("legend", {}, "The old token ends"),
    choice("now", "now: it leaked", () => 0),
    choice("day", "in 24 hours: routine", () => DAY, beyond(DAY)),
    choice("hours", ["in ", hours, " hours"], () => Math.round(Number(hours.value) * 3600), beyond(3600)),
    fault);
  hours.addEventListener("input", () => { choices[2].radio.checked = true; });
  const usual = deployment().defaultLifetimeSeconds;
  const kept = usual ? `in ${span(usual)}, as this deployment has it` : key.expiresAt ? "as before" : "never, as before";
  const end = expiryChoice("The key itself expires", key.status === "expired" ? {} : { kept });

  openForm(`Rotate ${key.name}`, {
    label: `Rotate ${key.name}`, isWide: true, stale, reload: onDone,
    fields: [el("p", {}, "The key keeps its name and permissions, and gets a new token."), overlaps, end.element],
    request: (demand) => {
      const wanted = choices.find(({ radio }) => radio.checked);
      const seconds = wanted?.seconds();
      const expiresAt = end.value();
      if (!wanted) {
        if (demand) { replace(fault, "Choose when the old token ends."); choices[0].radio.focus(); }
        return null;
      }
      if (demand && !(seconds >= 0 && (most === null || seconds <= most))) {
        replace(fault, `Name hours from 1${most === null ? "" : ` to ${Math.floor(most / 3600)}`}.`);
        hours.focus();
        return null;
      }
      if (demand && expiresAt === "missing") { end.focusDay(); return null; }
      replace(fault);
      const body = { overlapSeconds: seconds };
      if (expiresAt !== undefined && expiresAt !== "missing") body.expiresAt = expiresAt;
      return requests.rotateKey(tenant, key.name, body, state.details);
    },
    send: async (wanted) => (await send(wanted)).body,
    uncertain: "The key may have been rotated or not. Try it again: if it was, you are told that it has changed, and nothing happens a second time.",
    done: (rotated) => {
      say(`${key.name} is rotated.`);
      showToken(rotated.name, rotated.token, { done: onDone });
    },
  });
}
