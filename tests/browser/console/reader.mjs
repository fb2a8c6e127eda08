// A reader's hands: a mouse, or a keyboard alone. Both do the same things, named by what is read on the page.

import assert from "node:assert/strict";

const MOST_STEPS = 120;

class Mouse {
  constructor(ui) {
    this.ui = ui;
  }

  async press(name, role = "button") {
    await (await this.ui.top()).getByRole(role, { name, exact: true }).first().click();
  }

  async type(label, text) {
    await (await this.ui.top()).getByLabel(label, { exact: true }).fill(text);
  }

  async choose(label) {
    await (await this.ui.top()).getByLabel(label, { exact: false }).first().click();
  }
}

class Keyboard {
  constructor(ui) {
    this.ui = ui;
  }

  // Goes on from where the focus is, as far as it takes, and never touches the page otherwise.
  async reach(locator, told) {
    await locator.first().waitFor();
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (await locator.first().evaluate((it) => it === document.activeElement)) {
        const outline = await locator.first().evaluate((it) => getComputedStyle(it).outlineStyle);
        assert.notEqual(outline, "none", `the focus on ${told} cannot be seen`);
        return;
      }
      await this.ui.page.keyboard.press("Tab");
    }
    assert.fail(`the keyboard does not reach ${told}; it is at ${await this.ui.focused()}`);
  }

  async press(name, role = "button") {
    await this.reach((await this.ui.top()).getByRole(role, { name, exact: true }), name);
    await this.ui.page.keyboard.press("Enter");
  }

  async type(label, text) {
    await this.reach((await this.ui.top()).getByLabel(label, { exact: true }), label);
    await this.ui.page.keyboard.press("ControlOrMeta+a");
    await this.ui.page.keyboard.type(text);
  }

  async choose(label) {
    const control = (await this.ui.top()).getByLabel(label, { exact: false }).first();
    if ((await control.getAttribute("type")) === "radio") {
      // Of radio buttons, Tab reaches the chosen one, or the first where none is, and arrows the others.
      const name = await control.getAttribute("name");
      const others = (await this.ui.top()).locator(`input[name="${name}"]`);
      const chosen = (await this.ui.top()).locator(`input[name="${name}"]:checked`);
      await this.reach((await chosen.count()) ? chosen : others, label);
      if (!(await chosen.count())) await this.ui.page.keyboard.press("Space");
      for (let step = 0; step < MOST_STEPS && !(await control.isChecked()); step += 1) {
        await this.ui.page.keyboard.press("ArrowDown");
      }
      assert.ok(await control.isChecked(), label);
      return;
    }
    await this.reach(control, label);
    await this.ui.page.keyboard.press("Space");
  }
}

export const reader = (way, ui) => (way === "keyboard" ? new Keyboard(ui) : new Mouse(ui));
