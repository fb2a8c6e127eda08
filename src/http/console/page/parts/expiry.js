// The choice of an expiry: how long, until which day, or never, within the deployment's policy.

import { el, newId, replace } from "../elements.js";
import { deployment } from "../session.js";
import { DAY, exact, inUtc, now, span } from "../times.js";

const LIFETIMES = [[7, "7 days"], [30, "30 days"], [60, "60 days"], [90, "90 days"], [365, "a year"]];
// An expiry in the very last second would be over it by the time that the request takes.
const MARGIN = 10;

// `kept` names a first choice that leaves the expiry as it is. The value is a time in UTC, null for never,
// undefined for "as it is", and "missing" while no day is named that may be chosen.
export function expiryChoice(legend, { kept } = {}) {
  const most = deployment().maxLifetimeSeconds;
  const usual = deployment().defaultLifetimeSeconds;
  const name = newId("expiry");
  const told = el("p", { class: "quiet", role: "status" });
  const day = el("input", { type: "date", "aria-label": "The last day", min: localDay(now()), max: most && localDay(now() + (most - DAY) * 1000) });
  const choices = [];
  const add = (value, label, time, reason) => {
    const radio = el("input", { type: "radio", name, value, disabled: Boolean(reason) });
    radio.addEventListener("change", tell);
    choices.push({ radio, time, row: el("label", { class: "choice" }, radio, el("span", { class: "words" }, label, reason && el("span", { class: "quiet" }, reason))) });
    return radio;
  };
  const beyond = most && `over the ${span(most)} that this deployment allows`;
  if (kept) add("kept", kept, () => undefined);
  for (const [days, label] of LIFETIMES) {
    const seconds = days * DAY;
    add(String(days), label, () => inUtc(now() + Math.min(seconds, most ? most - MARGIN : seconds) * 1000), most && seconds > most && beyond);
  }
  if (most && !LIFETIMES.some(([days]) => days * DAY === most)) {
    add("longest", `${span(most)}, the longest that is allowed`, () => inUtc(now() + (most - MARGIN) * 1000));
  }
  const ofDay = () => {
    const end = endOfDay(day.value);
    const time = end && Date.parse(end);
    return !end || time <= now() || (most && time > now() + most * 1000) ? "missing" : end;
  };
  const byDay = add("day", ["until the end of ", day], ofDay,
    most && most < DAY && beyond);
  add("never", "never", () => null, most && "this deployment demands an expiry");
  day.addEventListener("input", () => { byDay.checked = true; tell(); });

  // The deployment's own lifetime if it is one of these, else a month, else the shortest there is.
  const wanted = kept ? ["kept"] : [usual && String(usual / DAY), "30", "7", "longest"];
  const first = wanted.map((it) => choices.find(({ radio }) => radio.value === it && !radio.disabled)).find(Boolean);
  first.radio.checked = true;

  const value = () => choices.find(({ radio }) => radio.checked).time();
  function tell() {
    const end = value();
    const isTime = typeof end === "string" && end !== "missing";
    replace(told, isTime ? `Expires ${exact(Date.parse(end))}, which is ${end}.` : end === "missing" ? `Choose a day from today${most ? ` to ${day.max}` : ""}.` : "");
  }
  tell();
  const element = el("fieldset", {}, el("legend", {}, legend), choices.map(({ row }) => row), told,
    most ? el("p", { class: "quiet" }, `The setting keys.max_lifetime allows ${span(most)} at most.`) : null);
  return { element, value, focusDay: () => day.focus() };
}

// The day of the reader's calendar, as the field has it.
function localDay(time) {
  const it = new Date(time);
  return `${it.getFullYear()}-${String(it.getMonth() + 1).padStart(2, "0")}-${String(it.getDate()).padStart(2, "0")}`;
}

// The first moment after a day of the reader's calendar.
function endOfDay(text) {
  const [year, month, day] = text.split("-").map(Number);
  return year ? inUtc(new Date(year, month - 1, day + 1).getTime()) : null;
}
