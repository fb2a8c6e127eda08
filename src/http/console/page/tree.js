// The tree of a log (RFC 6962 §2.1) and its head (C2SP tlog-checkpoint).

const hash = async (prefix, ...parts) => {
  const length = parts.reduce((sum, it) => sum + it.length, 1);
  const bytes = new Uint8Array(length);
  bytes[0] = prefix;
  let at = 1;
  for (const part of parts) { bytes.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
};

export const lineHash = (line) => hash(0, new TextEncoder().encode(line));

// The root over the hashes of all lines, in Base64.
export async function rootOf(hashes) {
  return btoa(String.fromCodePoint(...await root(hashes)));
}

async function root(hashes) {
  if (hashes.length === 0) return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array()));
  if (hashes.length === 1) return hashes[0];
  const left = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return hash(1, await root(hashes.slice(0, left)), await root(hashes.slice(left)));
}

// What a signed head says.
export function sizeAndRoot(checkpoint) {
  const [, size, rootText] = checkpoint.split("\n");
  return { size: Number(size), root: rootText };
}
