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

const configuration = {
  clients: Object.keys(CLAIMS).map((client_id) => ({
    client_id,
    client_secret: "secret",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  })),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        audience: AUDIENCE,
        scope: "tenant.apiKey:read tenant.apiKey:write",
        accessTokenFormat: "jwt",
        accessTokenTTL: 600,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (_, token) => CLAIMS[token.clientId],
  jwks: { keys: names.split(",").map(signingKey) },
};

const server = createServer();
server.listen(Number(port), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on("request", new Provider(issuer, configuration).callback());
  console.log(issuer);
});
