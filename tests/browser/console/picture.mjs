// The console as the README shows it: node picture.mjs ORIGIN TOKEN SCHEME

import { call, throughConsole } from "./console.mjs";

const [origin, token, scheme] = process.argv.slice(2);
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
const context = { viewport: { width: 1180, height: 540 } };

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
  await ui.isAccessible(scheme);
});
