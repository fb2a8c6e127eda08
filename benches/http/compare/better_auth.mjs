// A service that checks a key by better-auth's apiKey plugin: better_auth.mjs KEY_FILE
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";

import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";

const tables = { user: [], session: [], account: [], verification: [], apikey: [] };
const auth = betterAuth({
  secret: "a secret for a benchmark on loopback, of some length",
  baseURL: "http://127.0.0.1",
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  logger: { disabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});

const { user } = await auth.api.signUpEmail({
  body: { email: "bench@example.com", name: "bench", password: "a password for a benchmark" },
});
const created = await auth.api.createApiKey({
  body: {
    name: "key-000003",
    userId: user.id,
    permissions: { "tenant.apiKey": ["read"], passes: ["write"] },
  },
});
writeFileSync(process.argv[2], created.key);

const server = createServer(async (request, response) => {
  const { valid, key } = await auth.api.verifyApiKey({
    body: { key: request.headers["x-api-key"] ?? "", permissions: { "tenant.apiKey": ["read"] } },
  });
  if (!valid) {
    response.writeHead(401).end();
    return;
  }
  const permissions = Object.entries(key.permissions).flatMap(([of, may]) =>
    may.map((what) => `${of}:${what}`),
  );
  const body = JSON.stringify({ name: key.name, enabled: key.enabled, permissions });
  const headers = { "Content-Type": "application/json", "Content-Length": body.length };
  response.writeHead(200, headers).end(body);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`better-auth on http://127.0.0.1:${server.address().port}`);
});
