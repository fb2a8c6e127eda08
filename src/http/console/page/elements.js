// Elements of the page, made one by one: no text ever becomes markup.

// Makes an element. `properties` are attributes, but for `on` (listeners by event); a value of false,
// null or undefined leaves the attribute out. Children are nodes and texts, nested as one likes.
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

// A button. While what it does is under way, a second press does nothing.
export function button(label, listener, properties = {}) {
  const press = async (event) => {
    if (element.hasAttribute("aria-busy")) return;
    const deed = listener(event);
    if (!deed?.then) return;
    element.setAttribute("aria-busy", "true");
    try {
      await deed;
    } finally {
      element.removeAttribute("aria-busy");
    }
  };
  const element = el("button", { type: "button", on: { click: press }, ...properties }, label);
  return element;
}

// Characters that show nothing, or turn the direction of what stands beside them.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

// A text of somebody else's: in a direction of its own, and with nothing unseen in it.
export function foreign(text, name = "bdi") {
  const shown = String(text).replace(
    UNSEEN,
    (it) => `\u2039U+${it.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u203a`,
  );
  return el(name, { dir: "auto" }, shown);
}

export const code = (text) => foreign(text, "code");

let ids = 0;
export const newId = (stem) => `${stem}-${(ids += 1)}`;

// A labelled field. `control` gets an id, its label and, where there is one, its hint.
export function field(label, control, hint) {
  control.id ||= newId("field");
  const told = hint && el("p", { class: "quiet", id: `${control.id}-hint` }, hint);
  if (told) control.setAttribute("aria-describedby", told.id);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, told);
}

// How long a sentence about what was done stays in sight, in milliseconds.
const IN_SIGHT = 10_000;
let fading = 0;

// Says something once to whoever does not see the page, and shows it for a while to whoever does.
export function say(sentence) {
  const status = document.getElementById("status");
  replace(status, sentence);
  clearTimeout(fading);
  fading = setTimeout(() => replace(status), IN_SIGHT);
}

// What has the focus keeps it over a change of the page, by its id.
export function withFocusKept(change) {
  const id = document.activeElement?.id;
  change();
  if (id && document.activeElement?.id !== id) document.getElementById(id)?.focus();
}
