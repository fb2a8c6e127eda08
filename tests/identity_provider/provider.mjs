// An OpenID provider whose access tokens are JWTs for one API: node provider.mjs FOLDER PORT KEYS
//
// KEYS are names of signing keys with commas between; the first one signs. A key is kept in FOLDER,
// so that the provider that starts next has it too. Port 0 is a free one.

import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { Provider } from "oidc-provider";

const [folder, port, names] = process.argv.slice(2);
const AUDIENCE = "https://neokeys.test/api/";

function signingKey(name) {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...privateKey.export({ format: "jwk" }), kid: name, use: "sig", alg: "RS256" };
    writeFileSync(path, JSON.stringify(jwk));
  }
  return JSON.parse(readFileSync(path, "utf8"));
}

// What each client may do, and where, in the claims that the service reads.
const CLAIMS = {
  admin: { permissions: ["tenant.apiKey:read", "tenant.apiKey:write"], tenants: ["t1"] },
  reader: { permissions: ["tenant.apiKey:read"], tenants: ["t1", "t2"] },
  stranger: { permissions: ["tenant.apiKey:read"], tenants: ["t3"] },
  scoped: { tenants: ["t1"] },
};

const confidential = Object.keys(CLAIMS).map((client_id) => ({
  client_id,
  client_secret: "secret",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
}));
// A program that people sign in to by the device grant.
const device = {
  client_id: "cli",
  application_type: "native",
  token_endpoint_auth_method: "none",
  grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
  redirect_uris: [],
  response_types: [],
};

const configuration = {
  clients: [...confidential, device],
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        audience: AUDIENCE,
        scope: "tenant.apiKey:read tenant.apiKey:write",
        accessTokenFormat: "jwt",
        accessTokenTTL: 600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_, token) => CLAIMS[token.clientId === "cli" ? "admin" : token.clientId],
  jwks: { keys: names.split(",").map(signingKey) },
};

async function answer(provider, asked) {
  const code = await provider.DeviceCode.findByUserCode(asked.get("user_code").replace("-", ""), { ignoreExpiration: true });
  if (asked.has("deny")) {
    Object.assign(code, { error: "access_denied", errorDescription: "no" });
  } else {
    const grant = new provider.Grant({ accountId: "ada", clientId: code.clientId });
    grant.addOIDCScope("openid offline_access");
    grant.addResourceScope(AUDIENCE, "tenant.apiKey:read tenant.apiKey:write");
    Object.assign(code, {
      accountId: "ada", authTime: Math.floor(Date.now() / 1000), grantId: await grant.save(),
      claims: {}, scope: code.params.scope, resource: AUDIENCE, sessionUid: "answered",
    });
  }
  await code.save();
}

const server = createServer();
server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  server.on("request", async (request, response) => {
    // What a person does in a browser: /answer?user_code=CODE, with &deny=1 for no.
    const url = new URL(request.url, issuer);
    if (url.pathname !== "/answer") return callback(request, response);
    await answer(provider, url.searchParams);
    response.end();
  });
  console.log(issuer);
});
