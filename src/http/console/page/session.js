// Who is signed in. The credential lives in this module's memory, and ends with the page.

import { claimsOf, renew as renewTokens } from "./code_flow.js";

let settings = {};
let credential = null;
let renewal = null;
const listeners = new Set();

// How long before its end a token is renewed, in milliseconds.
const EARLY = 20_000;

// A sentence about a session that is over, which no second try mends.
export class SessionEnded extends Error {}

export function configure(deployment) {
  settings = deployment;
}

export const deployment = () => settings;

export function onChange(listener) {
  listeners.add(listener);
}

function set(next) {
  credential = next;
  for (const listener of listeners) listener();
}

export function signInWithTokens(tokens) {
  set(credentialOf(tokens));
}

function credentialOf(tokens) {
  const claims = claimsOf(tokens.access_token) ?? {};
  return {
    kind: "bearer",
    secret: tokens.access_token,
    refreshToken: tokens.refresh_token ?? null,
    endsAt: tokens.expires_in ? Date.now() + tokens.expires_in * 1000 : Infinity,
    subject: claims.sub ?? "",
    tenants: tenantsOf(claims[settings.tenantsClaim]),
    scopes: scopesOf(claims),
  };
}

export function signInWithKey(tenant, secret, key) {
  set({ kind: "key", secret, subject: key.name, tenants: [tenant], scopes: key.permissions, endsAt: Infinity });
}

export function signOut() {
  set(null);
}

export const isSignedIn = () => credential !== null;
export const subject = () => credential?.subject ?? "";
// The tenants that the credential names, or "*" for all of them.
export const tenants = () => credential?.tenants ?? [];
export const holds = (scope) => credential?.scopes.some((it) => it === scope || it === "*") ?? false;

// How a reader's own command names the credential.
export const curlHeader = () =>
  credential?.kind === "key" ? '-H "X-API-KEY: $KEY"' : '-H "Authorization: Bearer $TOKEN"';

// The header of a request, of a token that was renewed if it was about to end.
export async function header() {
  if (!credential) throw new SessionEnded("You are not signed in.");
  if (credential.endsAt - Date.now() < EARLY) await renew();
  if (credential.endsAt <= Date.now()) throw new SessionEnded("Your sign-in has ended.");
  return credential.kind === "key" ? ["X-API-KEY", credential.secret] : ["Authorization", `Bearer ${credential.secret}`];
}

// Renews the token, if it can be; one renewal at a time, since each refresh token is good once.
export async function renew() {
  if (!credential?.refreshToken) return false;
  renewal ??= renewTokens(settings, credential.refreshToken).finally(() => {
    renewal = null;
  });
  const of = credential;
  try {
    const tokens = await renewal;
    // Nobody is told: who is signed in is the same.
    if (credential === of) credential = credentialOf({ refresh_token: of.refreshToken, ...tokens });
    return true;
  } catch (error) {
    // An issuer that is gone may come back; a token that it refuses will not be taken again.
    if (error.isRefused && credential === of) of.refreshToken = null;
    return false;
  }
}

function tenantsOf(claim) {
  if (claim === "*") return "*";
  const list = Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : [];
  return list.filter((it) => typeof it === "string" && it !== "" && it !== "*");
}

function scopesOf(claims) {
  const words = (claim) => (Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : []);
  return [claims.permissions, claims.scope, claims.scp].flatMap(words);
}
