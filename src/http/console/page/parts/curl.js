// "As curl": the request that an action or a view is, for a shell.

import { curl } from "../api.js";
import { button, el, replace, say } from "../elements.js";

// `request` gives the request as it would be sent now, or null where something is missing yet.
export function curlOf(request) {
  const text = el("pre", { tabindex: "0", "aria-label": "The command" });
  const copy = button("Copy the command", async () => {
    await navigator.clipboard.writeText(text.textContent);
    say("The command is copied.");
  }, { class: "second small" });
  const refresh = () => {
    if (!element.open) return;
    const wanted = request(false);
    replace(text, wanted ? [wanted].flat().map(curl).join("\n\n") : "Fill in the form first.");
  };
  const element = el("details", { class: "curl", on: { toggle: refresh } }, el("summary", {}, "As curl"), text, copy);
  return { element, refresh };
}
