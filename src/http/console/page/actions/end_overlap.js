// The end of a key's older tokens.

import { requests, send } from "../api.js";
import { el, say } from "../elements.js";
import { openForm } from "../parts/dialog.js";

export function openEndOverlap(tenant, name, onEnded, stale) {
  openForm(`End the old token of ${name}?`, {
    label: `End the old token of ${name}`, kind: "danger", stale,
    fields: el("p", {}, "Whoever still uses it is refused from then on. The newest token goes on working."),
    request: () => requests.endOverlap(tenant, name),
    send,
    uncertain: "The old token may have ended or not. Asking for it a second time does no harm.",
    done: () => {
      say(`The old token of ${name} has ended.`);
      onEnded();
    },
  });
}
