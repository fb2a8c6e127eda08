// A headless Chromium that is watched: what it may not do fails the journey.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const PICTURES = join(dirname(fileURLToPath(import.meta.url)), "../../target/browser");

// What Chromium does on its own account, and what it cannot do without a display or a second user.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Whatever a page tries, no name but this machine's is looked up.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

// Goes through one journey in a fresh profile. It fails on an uncaught error of a page, on an error
// in the console that `expects` does not name, and on a request to anywhere but `origin` (and `also`).
// `forgives` are errors that may be there as often as they like, `textSize` is what the reader has set in the
// browser, in pixels, and `context` is of the profile: its size, zone and the like.
export async function journey({ name, origin, also, scheme = "light", expects = [], forgives = [], textSize = 16, context: own = {} }, walk) {
  await mkdir(PICTURES, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...FLAGS, `--blink-settings=defaultFontSize=${textSize}`] });
  const faults = [];
  const expected = [...expects];
  const hosts = [origin, also ?? origin, "data:", "blob:"];
  try {
    const context = await browser.newContext({
      colorScheme: scheme,
      viewport: { width: 1280, height: 1000 },
      permissions: ["clipboard-read", "clipboard-write"],
      ...own,
    });
    context.setDefaultTimeout(60_000);
    context.on("request", (request) => {
      const url = request.url();
      if (!hosts.some((start) => url.startsWith(start))) {
        faults.push(`a request to another host: ${request.method()} ${url}`);
      }
    });
    context.on("weberror", (error) => faults.push(`an error of the page: ${error.error()}`));
    context.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      const text = `${message.text()} (${message.location().url})`;
      const place = expected.findIndex((pattern) => pattern.test(text));
      if (place < 0 && forgives.some((pattern) => pattern.test(text))) return;
      if (place < 0) faults.push(`in the console: ${text}`);
      else expected.splice(place, 1);
    });
    const page = await context.newPage();
    // Of the page as far as it is seen, or of another page or a part.
    const draw = (step, of) => of.screenshot({ path: join(PICTURES, `${name}-${step}.png`) });
    const picture = async (step, of = page) => {
      if (process.env.PICTURES) await draw(step, of);
    };
    try {
      await walk(page, picture);
    } catch (error) {
      for (const [place, open] of context.pages().entries()) await draw(`failed-${place}`, open);
      throw error;
    }
  } finally {
    await browser.close();
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(expected, [], "the console has not said what it should");
}
