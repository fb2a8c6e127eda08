// Swagger UI as its user sees it.

import assert from "node:assert/strict";

// The documents that the page offers, by their names in its selector.
export const DOCUMENTS = {
  documented: { name: "Documented contract", path: "/openapi/v1.json", operations: 5 },
  sdk: { name: "SDK profile", path: "/openapi/v1.sdk.json", operations: 5 },
  extensions: {
    name: "What other services ask",
    path: "/openapi/extensions-v1.json",
    operations: 2,
  },
};

export class SwaggerUi {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  async open(document) {
    await this.page.goto(`${this.origin}/swagger-ui/`);
    await this.page.locator(".opblock").first().waitFor();
    const selector = this.page.getByLabel("Select a definition");
    assert.deepEqual(
      await selector.locator("option").allInnerTexts(),
      Object.values(DOCUMENTS).map(({ name }) => name),
    );
    if (document !== DOCUMENTS.documented) {
      await selector.selectOption(document.name);
    }
    await this.page.locator(".info .link", { hasText: document.path }).waitFor();
    await this.page.locator(".opblock").nth(document.operations - 1).waitFor();
  }

  // Opens the dialog, does something in the part of one scheme, and closes it.
  async #inDialog(scheme, act) {
    await this.page.locator(".auth-wrapper > button.authorize").click();
    const dialog = this.page.locator(".dialog-ux");
    await act(dialog.locator(".auth-container").filter({ hasText: scheme }), dialog);
    await dialog.locator(".close-modal").click();
    await dialog.waitFor({ state: "detached" });
  }

  // Signs in at the page that pops up; `choose` fills it in and sends it.
  async signIn(choose, look = async () => {}) {
    await this.#inDialog("admin-bearer", async (part) => {
      assert.equal(await part.locator("input[type=text]").inputValue(), "swagger-ui");
      const [popup] = await Promise.all([
        this.page.waitForEvent("popup"),
        part.locator("button.authorize").click(),
      ]);
      await popup.getByRole("button", { name: "Sign in" }).waitFor();
      const closed = popup.waitForEvent("close");
      await choose(popup);
      await closed;
      await part.getByRole("button", { name: "Remove authorization" }).waitFor();
      await look();
    });
  }

  // What the sign-in starts with: the client id, and the scopes that are ticked.
  async readSignIn() {
    let found;
    await this.#inDialog("admin-bearer", async (part) => {
      const ticked = part.locator("input[type=checkbox]:checked");
      found = {
        clientId: await part.locator("input[type=text]").inputValue(),
        scopes: await ticked.evaluateAll((boxes) => boxes.map((box) => box.dataset.value)),
      };
    });
    return found;
  }

  async useApiKey(token) {
    await this.#inDialog("X-API-KEY", async (part) => {
      await part.locator("input").fill(token);
      await part.locator("button.authorize").click();
      await part.getByRole("button", { name: "Remove authorization" }).waitFor();
    });
  }

  async signOut(scheme) {
    await this.#inDialog(scheme, async (part) => {
      await part.getByRole("button", { name: "Remove authorization" }).click();
      await part.locator("button.authorize").waitFor();
    });
  }

  // The part of the page about one operation.
  operation(method, path) {
    const summary = this.page.locator(`[data-path="${path}"]`);
    return this.page.locator(`.opblock-${method}`).filter({ has: summary });
  }

  // "Try it out" of one operation: gives the status and the body that the page shows, and what
  // went over the wire.
  async tryOut(method, path, parameters, body) {
    const block = this.operation(method, path);
    if (!(await block.locator(".opblock-body").isVisible())) {
      // The page draws all that is open anew with every letter that is typed.
      const open = this.page.locator(".opblock.is-open .opblock-summary-control");
      for (const other of await open.all()) await other.click();
      await block.locator(".opblock-summary-control").click();
    }
    for (const [name, value] of Object.entries(parameters)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    if (body !== undefined) {
      await block.locator("textarea.body-param__text").fill(JSON.stringify(body));
    }
    const answered = this.page.waitForResponse((answer) =>
      /\/(api|auth)\/demo/.test(answer.url()),
    );
    await block.locator("button.execute").click();
    const answer = await answered;
    const shown = block.locator(".live-responses-table .response").first();
    const status = shown.locator(".response-col_status");
    await status.filter({ hasText: String(answer.status()) }).waitFor();
    return {
      status: answer.status(),
      body: await shown.locator(".response-col_description").innerText(),
      sent: await answer.request().allHeaders(),
    };
  }
}
