// The audit log of a tenant: its events by filters, all of it as a file, and its head.

import { make, note } from "../address.js";
import { fetchAnswer, read, requests, send } from "../api.js";
import { button, el, field, replace, say } from "../elements.js";
import { curlOf } from "../parts/curl.js";
import { eventTable } from "../parts/events.js";
import { problem } from "../parts/problem.js";
import { inUtc } from "../times.js";
import { lineHash, rootOf, sizeAndRoot } from "../tree.js";

const FILTERS = ["from", "to", "key", "actor", "action", "outcome"];
const ACTIONS = ["Create", "Update", "Delete", "Enable", "Disable", "Rotate"];

export function view({ tenant, chosen }, signal) {
  const option = (value, label) => el("option", { value, selected: (chosen.get("outcome") ?? "") === value }, label);
  const text = (name, type = "text") => el("input", { type, name, value: chosen.get(name) ?? "", autocomplete: "off", spellcheck: "false" });
  const controls = {
    from: text("from", "datetime-local"), to: text("to", "datetime-local"), key: text("key"), actor: text("actor"),
    action: el("input", { type: "text", name: "action", value: chosen.get("action") ?? "", list: "actions", autocomplete: "off" }),
    outcome: el("select", { name: "outcome" }, option("", "all"), option("success", "done"), option("failure", "refused")),
  };
  const list = el("div");
  let cursor = "";
  const filters = () => {
    const values = Object.fromEntries(FILTERS.map((name) => [name, controls[name].value.trim()]));
    for (const name of ["from", "to"]) if (values[name]) values[name] = inUtc(new Date(values[name]).getTime());
    return { ...values, limit: 100, cursor };
  };
  async function load() {
    replace(list, el("p", { class: "quiet" }, "Loading \u2026"));
    try {
      const { body } = await send(requests.listEvents(tenant, filters()), signal);
      const isFiltered = FILTERS.some((name) => controls[name].value);
      const older = body.next && button("Older", () => { cursor = body.next; load(); }, { class: "second", id: "older" });
      const newest = cursor && button("Newest", () => { cursor = ""; load(); }, { class: "second", id: "newest" });
      replace(list, body.items.length ? eventTable(body.items)
        : el("p", { class: "empty" }, body.next ? "None on this page; there may be older ones." : isFiltered ? "No event is like this. Take a filter away." : "Nothing is recorded yet. The first change of a key will be here."),
      (older || newest) && el("div", { class: "actions" }, newest, older));
    } catch (error) {
      if (!signal.aborted) replace(list, problem(error, { onSignedIn: load }));
    }
  }
  const form = el("form", { class: "filters", on: { submit: (event) => {
    event.preventDefault();
    cursor = "";
    note({ tenant, view: "audit" }, Object.fromEntries(FILTERS.map((name) => [name, controls[name].value])));
    load();
  } } },
  field("From", controls.from), field("Until", controls.to), field("Key", controls.key), field("Who", controls.actor),
  field("What", controls.action), field("Outcome", controls.outcome),
  el("datalist", { id: "actions" }, ACTIONS.map((it) => el("option", { value: it }))),
  el("div", { class: "actions" }, el("button", { type: "submit", class: "first" }, "Filter"),
    el("a", { class: "button second", href: make({ tenant, view: "audit" }) }, "All events")));
  load();
  return [
    el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, "Audit log"), exportButton(tenant, signal)),
    form, list, head(tenant, signal), curlOf(() => requests.listEvents(tenant, filters())).element,
  ];
}

function exportButton(tenant, signal) {
  const told = el("div");
  return el("div", {}, button("Export", async () => {
    try {
      const answer = await fetchAnswer(requests.exportLog(tenant), signal);
      const address = URL.createObjectURL(await read(answer.blob()));
      el("a", { href: address, download: `${tenant}-audit.jsonl` }).click();
      URL.revokeObjectURL(address);
      replace(told);
      say("The audit log is exported.");
    } catch (error) {
      if (!signal.aborted) replace(told, problem(error));
    }
  }, { class: "second" }), told);
}

// The signed head, which shows a later change of the past to whoever keeps it. It is shown once all lines
// that the service exports have been found to lead to it.
function head(tenant, signal) {
  const told = el("div");
  const fetchHead = async () => {
    replace(told, el("p", { class: "quiet", role: "status" }, "Comparing every line with the head \u2026"));
    try {
      const { body: checkpoint } = await send(requests.getCheckpoint(tenant), signal);
      const { size, root } = sizeAndRoot(checkpoint);
      const lines = (await read((await fetchAnswer(requests.exportLog(tenant), signal)).text())).split("\n").filter(Boolean).slice(0, size);
      const hashes = [];
      for (const line of lines) hashes.push(await lineHash(line));
      if (lines.length !== size || await rootOf(hashes) !== root) {
        replace(told, el("div", { class: "problem", role: "alert" }, el("p", { class: "title" }, "The lines do not lead to the head."),
          el("p", {}, "Somebody may have changed the log. Run ", el("code", {}, "neokeys audit verify"), " where it is kept.")));
        return;
      }
      const text = el("textarea", { readonly: true, rows: "6", spellcheck: "false" });
      text.value = checkpoint;
      replace(told, el("p", { role: "status" }, `\u2713 All ${size} lines lead to this head. `, el("span", { class: "quiet" }, "Its signature is checked by neokeys audit verify.")),
        field("Head of the log", text), button("Copy the head of the log", async () => {
          await navigator.clipboard.writeText(checkpoint);
          say("The head of the log is copied.");
        }, { class: "second" }));
    } catch (error) {
      if (!signal.aborted) replace(told, problem(error, { onSignedIn: fetchHead }));
    }
  };
  return el("section", {}, el("h2", {}, "Head"),
    el("p", {}, "Keep the head elsewhere, and anybody can prove later that nothing before it was changed."),
    button("Verify and show the head", fetchHead, { class: "second" }), told);
}
