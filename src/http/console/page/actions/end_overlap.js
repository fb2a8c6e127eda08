// The end of a key's older tokens, as they are when it is asked for.

import { requests, send, trackingSince } from "../api.js";
import { el, say } from "../elements.js";
import { conflict } from "../parts/changes.js";
import { openForm, tell } from "../parts/dialog.js";
import { problem } from "../parts/problem.js";
import { notUsed } from "../parts/status.js";
import { ago } from "../times.js";

export async function openEndOverlap(tenant, name, onEnded) {
  const title = `End the old token of ${name}?`;
  const fetchKey = async () => {
    const { body, etag } = await send(requests.getKey(tenant, name));
    return { key: body, etag };
  };
  let seen;
  let tracked = null;
  try {
    seen = await fetchKey();
    if (seen.key.previousTokens?.some((it) => !it.lastUsedAt)) tracked = await trackingSince(tenant);
  } catch (error) {
    tell(title, error);
    return;
  }
  const used = (token) => ["It was ", token.lastUsedAt ? ["last used ", ago(token.lastUsedAt)] : notUsed(seen.key.createdAt, tracked), "."];
  openForm(title, {
    label: `End the old token of ${name}`, kind: "danger",
    fields: [el("p", {}, "Whoever still uses it is refused from then on. The newest token goes on working."),
      (seen.key.previousTokens ?? []).map((token) => el("p", {}, used(token), " It ends by itself ", ago(token.expiresAt), "."))],
    request: () => requests.endOverlap(tenant, name, seen.etag),
    send, reload: onEnded,
    uncertain: "The old token may have ended or not. Try it again: if it was, you are told that the key has changed.",
    stale: async (handle) => {
      try {
        const before = seen.key;
        const now = await fetchKey();
        return conflict(before, now.key, {
          mine: () => { seen = now; handle.element.querySelector("form").requestSubmit(); },
          theirs: () => { handle.close(); onEnded(); },
        });
      } catch (error) {
        return problem(error);
      }
    },
    done: () => {
      say(`The old token of ${name} has ended.`);
      onEnded();
    },
  });
}
