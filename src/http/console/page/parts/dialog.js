// Dialogs: one question each. The focus begins at what is asked first, and goes back to the opener.

import { append, button, el, newId, replace } from "../elements.js";
import { keepHere } from "../address.js";
import { NoAnswer } from "../api.js";
import { curlOf } from "./curl.js";
import { problem } from "./problem.js";

// Opens a dialog. `content` makes what is in it, and gets its handle. `ask` is called in place of closing
// it when the reader goes for another way out (Escape, a click outside, back).
export function openDialog(title, content, { ask, isWide = false } = {}) {
  const opener = document.activeElement;
  const heading = el("h2", { id: newId("dialog"), tabindex: "-1" }, title);
  const element = el("dialog", { "aria-labelledby": heading.id, closedby: "none", class: isWide ? "wide" : null });
  let letGo = null;
  const handle = {
    element,
    close() {
      if (!element.isConnected) return;
      letGo?.();
      element.close();
      element.remove();
      restoreFocus(opener);
    },
  };
  const leave = () => (ask ? ask(handle) : handle.close());
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  });
  element.addEventListener("cancel", (event) => event.preventDefault());
  // A press outside that ends outside: whoever selects text and lets go out there means no leaving.
  let isPressedOutside = false;
  element.addEventListener("pointerdown", (event) => {
    isPressedOutside = event.target === element;
  });
  element.addEventListener("click", (event) => {
    if (event.target === element && isPressedOutside) leave();
  });
  append(element, [el("div", { class: "inside" }, heading, content(handle))]);
  document.body.append(element);
  element.showModal();
  (element.querySelector("[data-first]") ?? heading).focus();
  letGo = keepHere(ask ? (goOn) => ask(handle, goOn) : handle.close, { isTyped: Boolean(ask) });
  return handle;
}

function restoreFocus(opener) {
  const again = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  (again || document.querySelector("h1"))?.focus();
}

// A form in a dialog with one action, whose request is shown as a command too. `request` gives what will be
// sent, or null with the faults shown; `send` does it, and what it gives goes to `done` after the dialog.
// `uncertain` is what to do where no answer came, `stale` makes what is shown of a 412, and `explain` what is
// added to another refusal; `reload` shows what is there, after an answer that did not come.
export function openForm(title, { label, kind = "first", fields, request, send, done, uncertain, stale, explain, reload, isWide }) {
  const told = el("div");
  const command = curlOf(request);
  let isSending = false;
  let isUncertain = false;
  const act = el("button", { type: "submit", class: kind }, label);
  const ask = (handle, goOn) => {
    if (!isSending) {
      handle.close();
      if (isUncertain && !goOn) reload?.();
      goOn?.();
      return;
    }
    replace(told, el("div", { class: "problem", role: "alert" },
      el("p", { class: "title" }, "The answer is still on its way."),
      el("p", {}, "What you asked for may be done already. If you leave, you are still shown what comes of it."),
      el("div", { class: "actions" }, button("Wait here", () => replace(told), { class: "first" }),
        button("Leave", () => { handle.close(); goOn?.(); }, { class: "second" }))));
    told.querySelector("button").focus();
  };
  // What was said of the last try is not true of what is typed now.
  const changed = ({ currentTarget }) => {
    for (const fault of currentTarget.querySelectorAll(".fault")) replace(fault);
    command.refresh();
  };
  const handle = openDialog(title, () => el("form", { novalidate: true, on: { input: changed, change: changed, submit: async (event) => {
    event.preventDefault();
    if (isSending) return;
    const wanted = request(true);
    if (!wanted) return;
    isSending = true;
    act.setAttribute("aria-disabled", "true");
    replace(told, el("p", { class: "quiet", role: "status" }, "Sending …"));
    try {
      const result = await send(wanted);
      isSending = false;
      handle.close();
      done?.(result);
    } catch (error) {
      isSending = false;
      act.removeAttribute("aria-disabled");
      isUncertain ||= error instanceof NoAnswer;
      const more = await explain?.(error);
      if (!handle.element.isConnected) {
        if (isUncertain) reload?.();
        return tell(title, error, { uncertain, more });
      }
      const conflict = error.status === 412 && stale ? await stale(handle) : null;
      replace(told, conflict ?? problem(error, { uncertain, more, onSignedIn: () => { replace(told); act.focus(); } }));
      told.querySelector("button")?.focus();
    }
  } } }, fields, told, el("div", { class: "actions" }, act, button("Cancel", () => ask(handle), { class: "second" })), command.element),
  { ask, isWide });
  return handle;
}

// What went wrong, in a dialog of its own: for whoever left before the answer came, or got to no form.
export function tell(title, error, hints) {
  openDialog(title, (handle) => [
    problem(error, hints),
    el("div", { class: "actions" }, button("Close", () => handle.close(), { class: "first", "data-first": true })),
  ]);
}
