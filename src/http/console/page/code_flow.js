// The sign-in at an issuer: authorization code with PKCE (RFC 7636), in a window of its own, so that this
// page and all that is typed in it stay. State, nonce and verifier are in memory alone.

// A sentence about a sign-in that did not come about.
export class SignInError extends Error {
  constructor(sentence, isRefused = false) {
    super(sentence);
    this.isRefused = isRefused;
  }
}

// Signs in, and gives the tokens. `signal` ends the wait for the window.
export async function signIn(settings, signal) {
  if (!globalThis.crypto?.subtle) {
    throw new SignInError("Browsers sign in over https, or on this machine itself. Open the console at an https address, or sign in with an API key.");
  }
  // At once, while the browser knows that somebody clicked.
  const popup = window.open("", "_blank", "popup,width=560,height=820");
  if (!popup) {
    throw new SignInError("The browser did not open the sign-in's window. Allow this page to open windows, and try again.");
  }
  try {
    const about = await discover(settings.issuer);
    const [state, nonce, verifier] = [random(), random(), random()];
    const page = new URL("signed-in.html", document.baseURI).href.replace(/[#?].*/s, "");
    const url = new URL(about.authorization_endpoint);
    const parameters = {
      response_type: "code",
      client_id: settings.clientId,
      redirect_uri: page,
      scope: settings.scopes.join(" "),
      state,
      nonce,
      code_challenge: await challenge(verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const answered = answer(state, signal);
    popup.location.replace(url.href);
    const told = await answered;
    if (told.iss && told.iss !== settings.issuer) throw new SignInError("The answer came from another issuer. Try again.");
    if (told.error) throw new SignInError(`The issuer refused: ${told.error_description ?? told.error}.`, true);
    const tokens = await ask(about, {
      grant_type: "authorization_code",
      client_id: settings.clientId,
      redirect_uri: page,
      code: told.code,
      code_verifier: verifier,
    });
    demandOwn(tokens, settings, nonce);
    return tokens;
  } catch (error) {
    popup.close();
    throw error;
  }
}

// New tokens for a refresh token.
export async function renew(settings, refreshToken) {
  const about = await discover(settings.issuer);
  return ask(about, { grant_type: "refresh_token", client_id: settings.clientId, refresh_token: refreshToken });
}

// The issuer's document, which must be about that issuer (OpenID Connect Discovery 1.0 §4.3).
async function discover(issuer) {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const about = await fetchJson(address, {}, issuer);
  if (about.issuer !== issuer) throw new SignInError(`The document at ${address} is about another issuer. Tell whoever runs neokeys (setting console.issuer).`);
  return about;
}

async function ask(about, form) {
  return fetchJson(about.token_endpoint, { method: "POST", body: new URLSearchParams(form) }, about.issuer);
}

async function fetchJson(address, request, issuer) {
  let answer;
  try {
    answer = await fetch(address, { ...request, credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" });
  } catch {
    throw new SignInError(`The issuer ${issuer} does not answer. Try again later.`);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new SignInError(`The issuer refused: ${body.error_description ?? body.error ?? answer.status}`, answer.status < 500);
  }
  return body;
}

// The answer to the sign-in with this state, which the window's last page hands over.
function answer(state, signal) {
  const channel = new BroadcastChannel("neokeys sign-in");
  return new Promise((resolve, reject) => {
    channel.onmessage = ({ data }) => {
      if (data?.state === state) resolve(data);
    };
    signal?.addEventListener("abort", () => reject(new SignInError("You are not signed in: the sign-in was cancelled.")));
  }).finally(() => channel.close());
}

// Whether the ID token is for this sign-in (OpenID Connect Core 1.0 §3.1.3.7). It came from the issuer
// itself, over its own connection, which stands for its signature.
function demandOwn(tokens, settings, nonce) {
  if (!tokens.access_token) throw new SignInError("The issuer gave no access token.");
  if (!settings.scopes.includes("openid")) return;
  const claims = claimsOf(tokens.id_token);
  const isFor = [claims?.aud].flat().includes(settings.clientId);
  if (claims?.nonce !== nonce || claims.iss !== settings.issuer || !isFor) {
    throw new SignInError("The ID token is not for this sign-in. Try again.");
  }
}

// The claims of a token that is a JWT. The service judges them; the page only shows what they name.
export function claimsOf(token) {
  try {
    return JSON.parse(new TextDecoder().decode(bytesOf(token.split(".")[1])));
  } catch {
    return null;
  }
}

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.codePointAt(0));

const toText = (bytes) => btoa(String.fromCodePoint(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const random = () => toText(crypto.getRandomValues(new Uint8Array(32)));

const challenge = async (verifier) => toText(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
