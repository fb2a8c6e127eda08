// Deeds that hurt when they are done to the wrong key: it is named in question and button, and typed where it
// is in use.

import { el, field, newId, replace } from "../elements.js";
import { openForm } from "../parts/dialog.js";
import { lastUse } from "../parts/status.js";
import { DAY, now, relative } from "../times.js";

// `verb` is what is done to the key: "Delete", "Disable".
export function openConfirm(verb, key, consequence, { request, send, done, stale, uncertain, reload }) {
  const used = lastUse(key);
  const isInUse = used && now() - Date.parse(used) < 7 * DAY * 1000;
  const typed = el("input", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "data-first": true });
  const fault = el("p", { class: "fault", id: newId("fault"), role: "alert" });
  typed.setAttribute("aria-describedby", fault.id);
  openForm(`${verb} ${key.name}?`, {
    label: `${verb} ${key.name}`, kind: "danger", stale, uncertain, reload, send, done,
    fields: [
      el("p", {}, consequence),
      isInUse && [el("p", { class: "warning" }, `\u26a0 ${key.name} was last used ${relative(Date.parse(used))}.`),
        field(`Type ${key.name} to go on`, typed), fault],
    ],
    request: (demand) => {
      if (demand && isInUse && typed.value !== key.name) {
        replace(fault, `This is not ${key.name}.`);
        typed.focus();
        return null;
      }
      return request();
    },
  });
}
