// The one sight of a token. It is shown now and never again, so no way out is taken by mistake.

import { button, el, field, replace } from "../elements.js";
import { openDialog } from "./dialog.js";

export function showToken(name, token, { done } = {}) {
  const input = el("input", { type: "text", readonly: true, class: "token", autocomplete: "off", spellcheck: "false" });
  input.value = token;
  input.addEventListener("focus", () => input.select());
  const told = el("p", { role: "status", class: "quiet" });
  const question = el("div");
  const leave = (handle, goOn) => {
    input.value = "";
    handle.close();
    done?.();
    goOn?.();
  };
  const ask = (handle, goOn) => {
    replace(question, el("div", { class: "problem", role: "alert" },
      el("p", { class: "title" }, "Have you stored the token?"),
      el("p", {}, "It cannot be shown again. Without it, the key has to be rotated."),
      el("div", { class: "actions" },
        button("Back to the token", () => { replace(question); input.focus(); }, { class: "first" }),
        button("Leave without the token", () => leave(handle, goOn), { class: "danger" }))));
    question.querySelector("button").focus();
  };
  const label = `Copy the token of ${name}`;
  const copy = button(label, async () => {
    replace(told);
    try {
      await navigator.clipboard.writeText(input.value);
      replace(told, `The token of ${name} is copied.`);
    } catch {
      input.focus();
      replace(told, "The browser does not let this page copy. The token is selected: copy it yourself.");
    }
  }, { class: "first", "data-first": true });
  openDialog(`The token of ${name}`, (handle) => [
    el("p", {}, "Store it now: it is shown here and never again."),
    field(`Token of ${name}`, input),
    el("div", { class: "actions" }, copy, button("I have stored the token", () => leave(handle), { class: "second" })),
    told,
    question,
  ], { ask });
}
