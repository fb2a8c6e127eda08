// The console as the README shows it: node picture.mjs ORIGIN TOKEN SCHEME COMMITTED
//
// What is drawn is compared with the picture COMMITTED, or put in its place where UPDATE_PICTURES is set.

import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";

import { PICTURES } from "../chromium.mjs";
import { call, throughConsole } from "./console.mjs";

const [origin, token, scheme, committed] = process.argv.slice(2);
// Of 255, on average over the picture in blocks of 8 by 8. Letters that are drawn by another version differ by
// less, and a row that is missing by more.
const MOST = 0.4;
const KEYS = "/api/demo/admin/apiKeyDetails";
const inDays = (days) => new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString().replace(/\.\d+/, "");
const TO_MAKE = [
  { name: "crm-sync", permissions: ["orders:read", "orders:write", "tenant.apiKey:read"], expiresAt: inDays(60), owner: "sales@example.com" },
  { name: "mobile-app", permissions: ["orders:read", "stock:read"], expiresAt: inDays(365), owner: "app@example.com" },
  { name: "nightly-export", permissions: ["orders:read", "tenant.apiKey:read"], expiresAt: inDays(7), owner: "data@example.com" },
  { name: "pos-terminal-12", permissions: ["passes:write"], owner: "stores@example.com" },
  { name: "old-importer", permissions: ["*"], enabled: false, owner: "data@example.com" },
  { name: "status-page", permissions: ["health:read"], expiresAt: inDays(90), owner: "ops@example.com" },
];
const context = { viewport: { width: 1180, height: 560 } };

await throughConsole({ name: "console", origin, scheme, context }, async (ui, page) => {
  for (const key of TO_MAKE) {
    const made = await call(origin, token, "POST", KEYS, key);
    if (!key.permissions.includes("tenant.apiKey:read")) continue;
    await fetch(`${origin}/api/demo/admin/apiKeys`, { headers: { "x-api-key": made.token } });
    if (key.name === "crm-sync") await call(origin, token, "POST", `${KEYS}/crm-sync/rotate`, { overlapSeconds: 86_400 });
  }
  await ui.open("#/demo/keys?inactive=1");
  await ui.signIn();
  await page.getByText("6 keys").waitFor();
  // In the letters of every machine that runs the tests.
  await page.evaluate(() => { document.body.style.fontFamily = "DejaVu Sans"; });
  await ui.isAccessible(scheme);
  const drawn = `${PICTURES}/console-${scheme}.png`;
  await page.screenshot({ path: drawn });
  if (process.env.UPDATE_PICTURES) return copyFile(drawn, committed);
  const files = await Promise.all([drawn, committed].map((it) => readFile(it, "base64")));
  const blank = await page.context().newPage();
  const difference = await blank.evaluate(compare, files);
  assert.ok(difference < MOST, `${committed} is not how the console looks (${difference}): look at ${drawn}, and make it anew with UPDATE_PICTURES=1`);
});

// How much two pictures of one size differ, in the browser, which can read them.
async function compare(files) {
  const BLOCK = 8;
  const [a, b] = await Promise.all(files.map(async (file) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${file}`)).blob());
    const canvas = new OffscreenCanvas(Math.ceil(image.width / BLOCK), Math.ceil(image.height / BLOCK));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return { size: `${image.width} by ${image.height}`, bytes: context.getImageData(0, 0, canvas.width, canvas.height).data };
  }));
  if (a.size !== b.size) return `${a.size}, not ${b.size}`;
  return a.bytes.reduce((sum, it, place) => sum + Math.abs(it - b.bytes[place]), 0) / a.bytes.length;
}
