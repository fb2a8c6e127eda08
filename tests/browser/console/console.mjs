// The console as a reader has it, and what must hold on every page of it.

import assert from "node:assert/strict";

import axe from "axe-core";

import { journey } from "../chromium.mjs";

// Pixels of 1,280 in a page that is enlarged to 400 % (WCAG 2.2 §1.4.10).
const NARROW = 320;
const SECRET = /nsk_[0-9A-Za-z]{49}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+|[0-9a-f]{64}/;

// Goes through the console in a fresh profile; `options` are the journey's. What the browser's policies
// refuse, and any secret in an address, in storage or in the console, fails it.
export async function throughConsole(options, walk) {
  const said = [];
  await journey(options, async (page, picture) => {
    page.context().on("console", (message) => said.push(message.text()));
    await page.context().addInitScript(() => {
      globalThis.violations = [];
      addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    const ui = new Console(page, options.origin, picture);
    await walk(ui, page);
    await ui.holds();
    assert.ok(!said.some((it) => SECRET.test(it)), "a secret in the browser's console");
  });
}

export class Console {
  constructor(page, origin, picture) {
    this.page = page;
    this.origin = origin;
    this.picture = picture;
    this.addresses = [];
    page.on("framenavigated", (frame) => this.addresses.push(frame.url()));
  }

  // Opens an address below the console, by the sign-in if nobody is signed in.
  async open(hash = "") {
    await this.page.goto(`${this.origin}/console/${hash}`);
  }

  // Signs in at the development issuer. `choose` changes what is ticked there.
  async signIn(choose = async () => {}) {
    const popup = this.page.waitForEvent("popup");
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    const issuer = await popup;
    await issuer.getByRole("button", { name: "Sign in" }).waitFor();
    await choose(issuer);
    await Promise.all([issuer.waitForEvent("close"), issuer.getByRole("button", { name: "Sign in" }).click()]);
  }

  button(name, exact = true) {
    return this.page.getByRole("button", { name, exact });
  }

  dialog() {
    return this.page.getByRole("dialog").last();
  }

  // What can be worked on now: the topmost dialog, or the page.
  async top() {
    return (await this.page.locator("dialog").count()) ? this.dialog() : this.page;
  }

  heading(name) {
    return this.page.getByRole("heading", { name, exact: true, level: 1 });
  }

  // Nothing of what the page's policies forbid was tried, and nothing secret stayed behind.
  async holds() {
    const left = await this.page.evaluate(() => ({
      violations: globalThis.violations,
      stored: JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, history.state]),
      address: location.href,
    }));
    assert.deepEqual(left.violations, []);
    assert.equal(left.stored, '[[],[],"",null]');
    for (const address of [...this.addresses, left.address]) assert.doesNotMatch(address, SECRET);
  }

  // As `hasNoFault`, and nothing secret is shown.
  async isAccessible(name) {
    const shown = await this.page.evaluate(() => [document.body.innerText, ...Array.from(document.querySelectorAll("input, textarea"), (it) => it.value)].join("\n"));
    assert.ok(!SECRET.test(shown), `${name} shows a secret`);
    await this.picture(name);
    await this.hasNoFault(name, () => this.picture(`${name}-narrow`));
  }

  // No violation by axe of what is shown now, in any part of WCAG 2.2 AA, and no scrolling sideways; the contrast
  // in light and dark, and the width of a narrow page too.
  async hasNoFault(name, whenNarrow = async () => {}) {
    // A page has axe once, which its loading costs most of.
    assert.equal(this.page.frames().length, 1, "axe looks into no frame");
    if (!(await this.page.evaluate(() => "axe" in globalThis))) await this.page.evaluate(axe.source);
    const holds = async (runOnly, where) => {
      const told = await this.page.evaluate(async (rules) => (await globalThis.axe.run({ runOnly: rules })).violations
        .map((it) => `${it.id}: ${it.nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), runOnly);
      assert.deepEqual(told, [], `${name}, ${where}`);
    };
    const fits = async () => {
      const wide = await this.page.evaluate(() => [document.documentElement, ...document.querySelectorAll("dialog")]
        .filter((it) => it.scrollWidth > it.clientWidth).map((it) => `${it.localName}: ${it.scrollWidth} of ${it.clientWidth}`));
      assert.deepEqual(wide, [], `${name} scrolls sideways, ${JSON.stringify(this.page.viewportSize())}`);
    };
    await holds(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "as it is");
    await fits();
    const [isDark, size] = [await this.page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), this.page.viewportSize()];
    await this.page.emulateMedia({ colorScheme: isDark ? "light" : "dark" });
    await holds(["color-contrast"], isDark ? "light" : "dark");
    await this.page.emulateMedia({ colorScheme: isDark ? "dark" : "light" });
    await this.page.setViewportSize({ width: NARROW, height: size.height });
    await fits();
    await whenNarrow();
    await this.page.setViewportSize(size);
  }

  focused() {
    return this.page.evaluate(() => {
      const it = document.activeElement;
      return it?.getAttribute("aria-label") ?? it?.labels?.[0]?.textContent ?? it?.textContent ?? "";
    });
  }
}

// Calls the service as somebody else does, meanwhile.
export async function call(origin, token, method, path, body, headers = {}) {
  const answer = await fetch(`${origin}${path}`, {
    method, body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}), ...headers },
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}
