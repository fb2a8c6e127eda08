// An API key that better-auth makes: its token on the first line, and the rows of its table on the second.

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { apiKey } from "better-auth/plugins";

const tables = { user: [], session: [], account: [], verification: [], apikey: [] };
const { api } = betterAuth({
  baseURL: "http://127.0.0.1:1",
  secret: "a secret of this test alone, 0123456789",
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  plugins: [apiKey()],
  telemetry: { enabled: false },
  logger: { disabled: true },
});
const person = { email: "ada@example.com", password: "a long password", name: "Ada" };
const { user } = await api.signUpEmail({ body: person });
const { key } = await api.createApiKey({
  body: {
    name: "crm", userId: user.id, permissions: { orders: ["read"] },
    expiresIn: 30 * 86400, remaining: 100,
  },
});
console.log(key);
console.log(JSON.stringify(tables.apikey));
