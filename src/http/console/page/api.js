// The service's operations, as its documents have them, and each as a command line.

import { SessionEnded, curlHeader, header, renew } from "./session.js";
import { observe } from "./times.js";

// A refusal of the service (RFC 9457).
export class Problem extends Error {
  constructor(status, body, requestId) {
    super(body.title ?? `The answer was ${status}`);
    this.status = status;
    this.kind = String(body.type ?? "").split("/").pop();
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? {};
    this.requestId = body.requestId ?? requestId;
  }
}

// No answer came: whether a change was made, nobody here knows.
export class NoAnswer extends Error {}

const base = () => new URL("../", document.baseURI.replace(/[#?].*/s, "")).href;
const path = (tenant, ...parts) => `api/${[tenant, ...parts].map(encodeURIComponent).join("/")}`;
const details = (tenant, ...parts) => path(tenant, "admin", "apiKeyDetails", ...parts);
const definition = (tenant, name) => path(tenant, "admin", "apiKeys", name);
const withQuery = (address, pairs) => {
  const query = new URLSearchParams(Object.entries(pairs).filter(([, value]) => value)).toString();
  return query ? `${address}?${query}` : address;
};

// Requests as data, so that what is sent and what is shown as a command are the same.
export const requests = {
  listKeys: (tenant, cursor, limit = 1000) => ({ method: "GET", path: withQuery(details(tenant), { limit, cursor }) }),
  getKey: (tenant, name) => ({ method: "GET", path: details(tenant, name) }),
  getDefinition: (tenant, name) => ({ method: "GET", path: definition(tenant, name) }),
  createKey: (tenant, body) => ({ method: "POST", path: details(tenant), body }),
  amendKey: (tenant, name, body, ifMatch) =>
    ({ method: "PATCH", path: details(tenant, name), body, ifMatch, mediaType: "application/merge-patch+json" }),
  rotateKey: (tenant, name, body, ifMatch) => ({ method: "POST", path: details(tenant, name, "rotate"), body, ifMatch }),
  endOverlap: (tenant, name, ifMatch) => ({ method: "DELETE", path: details(tenant, name, "previousTokens"), ifMatch }),
  updateKey: (tenant, name, body, ifMatch) => ({ method: "PUT", path: definition(tenant, name), body, ifMatch }),
  deleteKey: (tenant, name, ifMatch) => ({ method: "DELETE", path: definition(tenant, name), ifMatch }),
  listTenants: () => ({ method: "GET", path: withQuery("api/tenants", { limit: 1000 }) }),
  listScopes: (tenant) => ({ method: "GET", path: path(tenant, "admin", "scopes") }),
  listEvents: (tenant, filters) => ({ method: "GET", path: withQuery(path(tenant, "admin", "audit", "events"), filters) }),
  exportLog: (tenant) => ({ method: "GET", path: path(tenant, "admin", "audit", "export") }),
  getCheckpoint: (tenant) => ({ method: "GET", path: path(tenant, "admin", "audit", "checkpoint") }),
  getOwnKey: (tenant) => ({ method: "GET", path: path(tenant, "apiKey") }),
};

// Sends a request: its body as JSON and its ETag.
export async function send(request, signal) {
  const answer = await fetchAnswer(request, signal);
  const etag = answer.headers.get("ETag");
  const mediaType = answer.headers.get("Content-Type") ?? "";
  if (mediaType.includes("html")) throw new NoAnswer("Something else answered in the service's place, such as a proxy's page.");
  const body = answer.status === 204 ? null : mediaType.includes("json") ? await read(answer.json()) : await read(answer.text());
  return { body, etag };
}

// Sends a request and gives the answer, of which nothing but its head has been read.
export async function fetchAnswer(request, signal) {
  let answer = await once(request, await header(), signal);
  // Nothing was done; a token that was renewed meanwhile or now may be taken.
  if (answer.status === 401 && await renew()) answer = await once(request, await header(), signal);
  if (answer.status !== 401) return demandSuccess(answer);
  const problem = await problemOf(answer);
  throw new SessionEnded(problem.detail.includes("expired") ? problem.detail : "Your sign-in has ended.");
}

// Since when uses are known, which is said with a list alone.
export async function trackingSince(tenant, signal) {
  return (await send(requests.listKeys(tenant, "", 1), signal)).body.trackingSince;
}

// A key of its own, before anybody is signed in with it.
export async function getOwnKey(tenant, secret) {
  const answer = await once(requests.getOwnKey(tenant), ["X-API-KEY", secret]);
  return (await demandSuccess(answer)).json();
}

async function once(request, [name, value], signal) {
  const headers = { [name]: value, Accept: "application/json" };
  if (request.ifMatch) headers["If-Match"] = request.ifMatch;
  if (request.body) headers["Content-Type"] = request.mediaType ?? "application/json";
  const sent = {
    method: request.method, headers, signal, credentials: "omit", cache: "no-store", redirect: "error",
    body: request.body && JSON.stringify(request.body),
  };
  const answer = await read(fetch(base() + request.path, sent));
  observe(answer.headers.get("Date"));
  return answer;
}

// What is read of an answer, such as its text.
export async function read(part) {
  try {
    return await part;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NoAnswer("The service did not answer.", { cause: error });
  }
}

async function demandSuccess(answer) {
  if (answer.ok) return answer;
  throw await problemOf(answer);
}

async function problemOf(answer) {
  const body = await answer.json().catch(() => ({}));
  return new Problem(answer.status, body, answer.headers.get("X-Request-Id"));
}

// The request as a command for a shell, with the credential in a variable.
export function curl(request) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl -sS ${request.method === "GET" ? "" : `-X ${request.method} `}${quoted(base() + request.path)}`, curlHeader()];
  if (request.ifMatch) lines.push(`-H ${quoted(`If-Match: ${request.ifMatch}`)}`);
  if (request.body) {
    lines.push(`-H ${quoted(`Content-Type: ${request.mediaType ?? "application/json"}`)}`);
    lines.push(`-d ${quoted(JSON.stringify(request.body))}`);
  }
  return lines.join(" \\\n  ");
}
