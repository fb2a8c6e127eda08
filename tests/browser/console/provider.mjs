// An OpenID provider with one public client, the console: node provider.mjs
//
// Its access tokens are JWTs that end soon, so that they are renewed again and again, each time by another
// refresh token. It says its issuer, and the address at which it is told by `POST` what becomes of it: `/gone`
// and `/back`, and `/elsewhere`, after which its tokens are for another service.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const TOKEN_SECONDS = 8;
let audience = "https://neokeys.test/api/";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const scope = "tenant.apiKey:read tenant.apiKey:write tenant.audit:read";

const configuration = {
  clients: [{
    client_id: "neokeys-console",
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    // Of a native client's loopback address, any port is the client's (RFC 8252 §7.3).
    redirect_uris: ["http://127.0.0.1/console/signed-in.html"],
  }],
  clientBasedCORS: (_, origin) => origin.startsWith("http://127.0.0.1:"),
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://neokeys.test/api/",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        audience, scope, accessTokenFormat: "jwt", accessTokenTTL: TOKEN_SECONDS,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  scopes: ["openid", "offline_access"],
  issueRefreshToken: () => true,
  extraTokenClaims: () => ({ tenants: ["demo"], permissions: scope.split(" ") }),
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid offline_access");
    grant.addResourceScope("https://neokeys.test/api/", scope);
    await grant.save();
    return grant;
  },
  cookies: { keys: ["of a test"] },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "a", use: "sig", alg: "RS256" }] },
};

const FORM = `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,">
<form method="post"><button>Sign in as Ada</button></form>`;

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  server.on("request", async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return callback(request, response);
    const { prompt } = await provider.interactionDetails(request, response);
    // A native client's user has to agree each time, which this one does at once.
    if (prompt.name === "consent") return provider.interactionFinished(request, response, { consent: {} });
    if (request.method === "POST") return provider.interactionFinished(request, response, { login: { accountId: "Ada" } });
    response.setHeader("content-type", "text/html");
    response.end(FORM);
  });
  const port = server.address().port;
  const told = {
    "/gone": () => { server.close(); server.closeAllConnections(); },
    "/back": () => server.listen(port, "127.0.0.1"),
    "/elsewhere": () => { audience = "https://elsewhere.test/"; },
  };
  const control = createServer((request, response) => {
    told[request.url]();
    response.end();
  });
  control.listen(0, "127.0.0.1", () => {
    console.log(`issuer: ${issuer}`);
    console.log(`control: http://127.0.0.1:${control.address().port}`);
  });
});
