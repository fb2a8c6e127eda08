// Times for people. "Now" is the service's, as far as its answers tell: ends are judged by its clock.

import { el } from "./elements.js";

export const DAY = 86_400;

let offset = 0;

// Takes the service's clock from the Date header of an answer.
export function observe(date) {
  const told = Date.parse(date ?? "");
  if (!Number.isNaN(told) && Math.abs(told - Date.now()) > 2000) offset = told - Date.now();
  else if (!Number.isNaN(told)) offset = 0;
}

export const now = () => Date.now() + offset;

// Each unit with its size, and with what it begins to be used at.
const UNITS = [["year", 365 * DAY, 700 * DAY], ["month", 30 * DAY, 100 * DAY], ["day", DAY, DAY], ["hour", 3600, 3600], ["minute", 60, 60]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const EXACT = new Intl.DateTimeFormat("en-CA", {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  timeZoneName: "short",
});

export function relative(time) {
  const seconds = (time - now()) / 1000;
  for (const [unit, size, least] of UNITS) {
    if (Math.abs(seconds) >= least) return RELATIVE.format(Math.round(seconds / size), unit);
  }
  return seconds < 0 ? "a moment ago" : "in a moment";
}

// The date, the hour and the zone of the reader.
export const exact = (time) => EXACT.format(time).replace(",", "");

// "4 minutes ago", with the exact time for whoever asks.
export function ago(text) {
  const time = Date.parse(text);
  return el("time", { datetime: text, title: exact(time) }, relative(time),
    el("span", { class: "unseen" }, ` (${exact(time)})`));
}

// Both in sight.
export function both(text) {
  const time = Date.parse(text);
  return el("time", { datetime: text }, relative(time), el("span", { class: "quiet" }, ` ${exact(time)}`));
}

export const inUtc = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;

// A span in words: its largest unit that divides it.
export function span(seconds) {
  for (const [unit, size] of [["day", DAY], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    if (seconds >= size && seconds % size === 0) {
      const count = seconds / size;
      return `${count} ${unit}${count === 1 ? "" : "s"}`;
    }
  }
  return "0 seconds";
}
